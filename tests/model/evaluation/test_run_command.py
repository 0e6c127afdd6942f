"""`run`: what cannot be is refused before a model is loaded; killed runs go on to the same scores."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from model.evaluation.__main__ import main
from model.evaluation.demo import make_standin
from model.evaluation.registry import BENCHMARKS
from model.evaluation.run_files import read_run
from molmo_act.model_options import ModelOptions


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    make_standin(BENCHMARKS["screenspot-v2"], folder, 6)
    return folder


@pytest.fixture
def no_model(monkeypatch):
    def load(self):
        raise AssertionError("a model was loaded")

    monkeypatch.setattr(ModelOptions, "load", load)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run"], "No benchmark was given; expected some of pointbench"),
        (
            ["run", "screenspt", "--data", "."],
            "'screenspt' was given; expected benchmarks out of pointbench",
        ),
        (["run", "screenspot-v2"], "--data is missing"),
        (
            ["run", "screenspot-v2", "--data", "nowhere"],
            "--data nowhere is no folder. Get ScreenSpot-v2 by: hf",
        ),
        (["run", "screenspot-v2", "--data", "tests"], "no file screenspot_*_v2.json. Get ScreenSpot-v2 by"),
        (["run", "screenspot-v2", "--data", "{data}", "--prompt", "no slot"], "prompt is 'no slot'"),
        (["run", "screenspot-v2", "--data", "{data}", "--min-score", "nan"], "expected a number from 0 to 1"),
        (
            ["run", "screenspot-v2", "--data", "{data}", "--shard", "2/2"],
            "expected I/N with I from 0 to N - 1",
        ),
        (["run", "screenspot-v2", "--data", "{data}", "--limit", "0"], "expected a whole number from 1"),
        (["run", "--demo", "--check"], "expected one of them"),
        (["report", "nowhere"], "nowhere holds no run"),
    ],
)
def test_what_cannot_be_is_refused_before_a_model_is_loaded(arguments, said, data, capsys, no_model):
    try:
        status = main([word.format(data=data) for word in arguments])
    except SystemExit as end:
        status = end.code
    assert status == 2
    assert said in capsys.readouterr().err


def test_check_loads_no_model(data, capsys, no_model):
    assert main(["run", "screenspot-v2", "--data", str(data), "--check"]) == 0
    assert "screenspot-v2: 6 of 6 rows can be asked" in capsys.readouterr().out
    assert main(["run", "all", "--data", str(data / "ScreenSpot-v2"), "--check"]) == 2


def lines(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines(keepends=True) if path.exists() else []


@pytest.mark.slow
def test_killing_and_going_on_gives_the_same_scores(data, tmp_path):
    words = [sys.executable, "-m", "model.evaluation", "run", "screenspot-v2", "--data", str(data)]
    words += ["--prompt", "point", "--batch", "1", "--out"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen([*words, str(tmp_path / "killed")], env=environment)
    path = tmp_path / "killed" / "screenspot-v2.jsonl"
    give_up = time.monotonic() + 300
    while len(lines(path)) < 3 and time.monotonic() < give_up:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    before = lines(path)
    assert 3 <= len(before) < 7, "it was to be killed in the middle"
    with path.open("ab") as file:
        file.write(b'{"index": 5, "scores": {"corr')
    assert main([*words[3:], str(tmp_path / "killed"), "--resume"]) == 0
    assert main([*words[3:], str(tmp_path / "whole")]) == 0
    assert lines(path)[: len(before)] == before
    killed, whole = (read_run(tmp_path / name, "screenspot-v2")[1] for name in ("killed", "whole"))
    assert [(one.index, one.scores, one.prediction) for one in killed] == [
        (one.index, one.scores, one.prediction) for one in whole
    ]
    assert len(whole) == 6
    assert json.loads(before[0])["model"]["name"] == "nano"
