"""``molmo-act plan``: what it prints, its exit codes, and what it refuses."""

from __future__ import annotations

import json

import pytest

from molmo_act.cli.main import main
from molmo_act.cli.plan import BOARDS, Quantity
from molmo_act.doctor.board import SYSTEM_GB
from molmo_act.pointing.load import NANO
from tests.support.without_packages import run_without

RATES = ("--bandwidth", "100GB/s", "--compute", "10TFLOPS")


@pytest.fixture(autouse=True)
def small_measurements(monkeypatch) -> None:
    monkeypatch.setattr("molmo_act.doctor.machine.SIDE", 256)
    monkeypatch.setattr("molmo_act.doctor.machine.BYTES", 2**20)


def test_nano_fits_anywhere(capsys) -> None:
    assert main(["plan", "nano", "--memory", "2GB", *RATES]) == 0
    out = capsys.readouterr().out
    assert out.startswith("9.3 M weights: vision tower")
    assert out.count(" yes ") == 8


def test_a_folder_and_its_configuration_are_one_thing(capsys) -> None:
    said = []
    for source in (NANO, NANO / "config.json"):
        main(["plan", str(source), "--board", "orin-nano-8gb"])
        said.append(capsys.readouterr().out)
    assert said[0] == said[1]


def test_it_fits_nowhere(capsys) -> None:
    assert main(["plan", str(NANO / "config.json"), "--memory", "100 MB", *RATES, "--json"]) == 1
    plan = json.loads(capsys.readouterr().out)
    assert [row["max_crops"] for row in plan["rows"]] == [0] * 8
    assert plan["memory_mb"] == 100


def test_a_board_has_its_memory_and_its_bandwidth(capsys) -> None:
    assert "agx-orin-64gb" in BOARDS
    assert main(["plan", "nano", "--board", "orin-nano-8gb", "--json"]) == 0
    plan = json.loads(capsys.readouterr().out)
    assert plan["memory_mb"] == 1000 * (8 - SYSTEM_GB)
    assert (plan["bytes_per_s"], plan["flops_per_s"]) == (68e9, None)
    assert all(0 < row["point_ms"] < row["frame_ms"] for row in plan["rows"])  # by its bandwidth alone
    assert plan["measured"] is None  # this machine is not that board


def test_rates_that_are_given_stand_beside_those_of_this_machine(capsys) -> None:
    assert main(["plan", "nano", "--memory", "2GB", *RATES]) == 0
    out = capsys.readouterr().out
    assert "bandwidth 100.0 GB/s; compute 10000.0 GFLOPS" in out
    assert "measured here, " in out


def test_a_photo_takes_more_than_a_small_image(capsys) -> None:
    peaks = []
    for size in ("64x64", "6000x4000"):
        main(["plan", "nano", "--board", "orin-nano-8gb", "--image", size, "--json"])
        peaks.append(json.loads(capsys.readouterr().out)["rows"][0]["peak_mb"])
    assert peaks[1] - peaks[0] > 1000


def test_it_needs_no_torch(tmp_path) -> None:
    done = run_without("torch,transformers", ["plan", "nano", "--board", "orin-nx-16gb"], tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(" yes ") == 8
    done = run_without("torch,transformers", ["plan", "somebody/something", "--memory", "1GB"], tmp_path)
    assert done.returncode == 2
    assert "needs 'transformers', not installed here. Give the config.json itself." in done.stderr


def test_without_torch_this_machine_is_measured_by_numpy(tmp_path) -> None:
    done = run_without("torch,transformers", ["plan", "nano", "--json"], tmp_path)
    assert json.loads(done.stdout)["measured"]["device"] == "cpu", done.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--memory", "much"], "'much' was given; expected a number above 0 with its unit, such as 16GB"),
        (["--memory", "0GB"], "such as 16GB"),
        (["--memory", "16GB/s"], "such as 16GB"),
        (["--memory", "16"], "'16' was given; expected a number above 0 with its unit, such as 16GB"),
        (["--memory", "1.5"], "'1.5' was given"),
        (["--memory", "-1GB"], "'-1GB' was given"),
        (["--memory", ""], "'' was given"),
        (["--bandwidth", "nan"], "'nan' was given"),
        (["--bandwidth", "102 apples"], "such as 16GB/s"),
        (["--board", "toaster"], "invalid choice: 'toaster'"),
        (["--crops", "0"], "expected a whole number"),
        (["--image", "1920"], "'1920' was given; expected pixels such as 1920x1080"),
        (["--image", "0x9"], "'0x9' was given"),
    ],
)
def test_options_that_are_none(capsys, words, message) -> None:
    assert main(["plan", "nano", *words]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "number"),
    [("16GB", 16e9), ("16 G", 16e9), ("1.5gib", 1.5 * 2**30), ("7b", 7), ("2 KiB", 2048), ("5T", 5e12)],
)
def test_a_number_with_its_unit(text, number) -> None:
    assert Quantity("B")(text) == number


def test_an_empty_name(capsys) -> None:
    assert main(["plan", "", "--memory", "1GB", *RATES]) == 2
    assert "The checkpoint is ''; expected a path" in capsys.readouterr().err


def test_the_hub_is_asked_once(capsys, monkeypatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    assert main(["plan", "somebody/something", "--memory", "1GB", *RATES]) == 2
    assert "the cache has no checkpoint of that name" in capsys.readouterr().err


def test_a_name_that_is_too_long(capsys) -> None:
    assert main(["plan", "n" * 300, "--memory", "1GB", *RATES]) == 2
    assert "File name too long" in capsys.readouterr().err


def test_no_configuration(capsys, tmp_path) -> None:
    (tmp_path / "config.json").write_text("{}")
    assert main(["plan", str(tmp_path), "--memory", "1GB", *RATES]) == 2
    assert "model type None; expected 'molmo_point' or 'molmo2' or 'molmo'" in capsys.readouterr().err
    (tmp_path / "config.json").write_text((NANO / "config.json").read_text())
    (tmp_path / "preprocessor_config.json").write_text('{"overlap_margins": "wide"}')
    assert main(["plan", str(tmp_path), "--memory", "1GB", *RATES]) == 2
    assert "overlap_margins 'wide'; expected two numbers" in capsys.readouterr().err
