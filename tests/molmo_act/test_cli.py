"""What a command prints, writes and returns; the model behind it is not judged here."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from importlib.metadata import EntryPoint

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

import molmo_act
from molmo_act import cli
from molmo_act.errors import CheckpointError, MissingExtraError, PlatformError, QueryError
from molmo_act.images import load_image
from molmo_act.points import Points

COLOURS = {"red": (255, 0, 0), "blue": (0, 0, 255)}


class BlobModel:
    """Points at the middles of the patches of a named colour, as found in the pixels."""

    name = "blobs"
    asked: dict[str, object]

    def point(
        self, image: np.ndarray, query: str, *, max_points=None, min_score=0.0, max_crops=None
    ) -> Points:
        print("a library prints to stdout")
        self.asked = {"max_points": max_points, "min_score": min_score, "max_crops": max_crops}
        if not query:
            raise QueryError("The query is empty; expected words.\nSay what to look for.")
        labels, number = ndimage.label((image == COLOURS.get(query, (1, 2, 3))).all(axis=2))
        middles = ndimage.center_of_mass(labels > 0, labels, range(1, number + 1))[:max_points]
        height, width = image.shape[:2]
        return Points(
            xy=[(x + 0.5, y + 0.5) for y, x in middles],
            score=[0.875] * len(middles),
            image_size=[(width, height)],
            query=query,
            absent=0.0625 if number else 0.96875,
            text=f"{number} of them",
            heatmaps=[(labels > 0).astype(np.float32)] if number else None,
            timing_ms={"preprocess": 1.0, "prefill": 20.5, "decode": 3.25},
        )

    def count(self, image: np.ndarray, query: str) -> int:
        return len(self.point(image, query))


@pytest.fixture
def model(monkeypatch) -> BlobModel:
    loaded = BlobModel()

    def load(name_or_path=None, *, device=None, dtype=None, quantization=None) -> BlobModel:
        loaded.loaded_with = (name_or_path, device, dtype, quantization)
        return loaded

    monkeypatch.setattr(molmo_act, "load", load, raising=False)
    return loaded


@pytest.fixture
def picture(tmp_path) -> str:
    """A white picture of 60 × 40 with two red squares."""
    image = Image.new("RGB", (60, 40), "white")
    image.paste(COLOURS["red"], (10, 10, 15, 15))
    image.paste(COLOURS["red"], (40, 20, 50, 30))
    image.save(tmp_path / "squares.png")
    return str(tmp_path / "squares.png")


def test_json_is_one_object_and_nothing_else(model, picture, capsys) -> None:
    assert cli.main(["point", picture, "red", "--json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out) == {
        "model": "blobs",
        "query": "red",
        "image_size": [60, 40],
        "points": [
            {"x": 12.5, "y": 12.5, "object_id": 1, "score": 0.875, "image_index": 0},
            {"x": 45.0, "y": 25.0, "object_id": 2, "score": 0.875, "image_index": 0},
        ],
        "absent": 0.0625,
        "text": "2 of them",
        "timing_ms": {"preprocess": 1.0, "prefill": 20.5, "decode": 3.25},
    }
    assert out.count("\n") == 1
    assert "a library prints to stdout" in err


def test_a_person_gets_a_table(model, picture, capsys) -> None:
    assert cli.main(["point", picture, "red"]) == 0
    assert capsys.readouterr().out == (
        '2 points for "red" in 60×40 pixels\n'
        "   #        x        y  score\n"
        "   1     12.5     12.5  0.88\n"
        "   2     45.0     25.0  0.88\n"
    )


def test_nothing_found_is_exit_code_1(model, picture, tmp_path, capsys) -> None:
    out = str(tmp_path / "out.png")
    assert cli.main(["point", picture, "green", "--out", out]) == 1
    assert capsys.readouterr().out == 'nothing found for "green" in 60×40 pixels (absent 0.97)\n'
    assert load_image(out).shape == (40, 60, 3)  # it says so in the picture too
    assert cli.main(["point", picture, "green", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["points"] == []


def test_every_option_arrives(model, picture) -> None:
    model_words = ["--model", "nano", "--device", "cpu", "--dtype", "bfloat16", "--quantization", "int8"]
    point_words = ["--max-crops", "7", "--max-points", "1", "--min-score", "0.25"]
    assert cli.main(["point", picture, "red", *model_words, *point_words]) == 0
    assert model.loaded_with == ("nano", "cpu", "bfloat16", "int8")
    assert model.asked == {"max_points": 1, "min_score": 0.25, "max_crops": 7}
    assert cli.main(["point", picture, "red"]) == 0
    assert model.loaded_with == (None, None, None, None)
    assert model.asked == {"max_points": None, "min_score": 0.0, "max_crops": None}


def test_pictures_are_written_and_named_on_stderr(model, picture, tmp_path, capsys) -> None:
    out, heat = str(tmp_path / "out.png"), str(tmp_path / "heat.jpg")
    assert cli.main(["point", picture, "red", "--json", "--out", out, "--heatmap", heat]) == 0
    captured = capsys.readouterr()
    json.loads(captured.out)
    assert f"wrote {out}\n" in captured.err
    assert f"wrote {heat}\n" in captured.err
    drawn = load_image(out)
    assert (drawn[25, 45] != COLOURS["red"]).any()  # a marker in the middle of the square
    light = load_image(heat).astype(int).sum(axis=2)
    assert light[25, 45] > light[25, 30]


def test_count(model, picture, capsys) -> None:
    assert cli.main(["count", picture, "red"]) == 0
    assert capsys.readouterr().out == "2\n"
    assert cli.main(["count", picture, "blue"]) == 1
    assert capsys.readouterr().out == "0\n"
    assert cli.main(["count", picture, "red", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "model": "blobs",
        "query": "red",
        "image_size": [60, 40],
        "count": 2,
    }


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["point", "missing.png", "red"], "does not exist"),  # no such picture
        (["point", "https://example.org/a.png", "red"], "download it first"),  # a URL
        (["point", ".", "red"], "is a folder"),  # a folder
        (["count", "empty.png", "red"], "empty (0 bytes)"),  # an empty file
        (
            ["point", "squares.png", ""],
            "The query is empty; expected words. Say what",
        ),  # an error of two lines
        (["point", "squares.png", "red", "--out", "a.xyz"], "ends in .png"),  # a suffix that is no picture
        (["point", "squares.png", "red", "--out", "nowhere/a.png"], "does not exist"),  # no such folder
        (["point", "squares.png", "red", "--out", "squares.png"], "is the image itself"),  # would overwrite
        (["point", "squares.png", "red", "--heatmap", "./squares.png"], "is the image itself"),  # also
        (
            ["point", "squares.png", "red", "--out", "a.png", "--heatmap", "./a.png"],
            "give two names",
        ),  # one for two
        (["point", "squares.png", "green", "--heatmap", "a.png"], "no heat map"),  # nothing to show
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(
    model, picture, tmp_path, monkeypatch, capsys, words, message
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty.png").touch()
    before = (tmp_path / "squares.png").read_bytes()
    assert cli.main(words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    last = err.removeprefix("a library prints to stdout\n")
    assert last.startswith("molmo-act: error: ")
    assert last.count("\n") == 1
    assert message in last
    assert (tmp_path / "squares.png").read_bytes() == before


@pytest.mark.parametrize("suffix", ["a.xyz", "a"])
def test_an_unknown_picture_suffix_is_refused_before_the_model_is_loaded(model, picture, suffix) -> None:
    assert cli.main(["point", picture, "red", "--out", suffix]) == 2
    assert not hasattr(model, "loaded_with")


@pytest.mark.parametrize(
    "words",
    [
        [],  # nothing
        ["dance"],  # no such command
        ["point"],  # no image
        ["point", "a.png"],  # no query
        ["point", "a.png", "red", "blue"],  # too much
        ["point", "a.png", "red", "--max-crops", "0"],  # too few
        ["point", "a.png", "red", "--max-points", "-1"],  # negative
        ["point", "a.png", "red", "--max-points", "1.5"],  # no whole number
        ["point", "a.png", "red", "--min-score", "1.5"],  # no probability
        ["point", "a.png", "red", "--min-score", "nan"],  # no number
        ["point", "a.png", "red", "--min-score", "much"],  # no number
        ["point", "a.png", "red", "--dtype", "int3"],  # no such precision
    ],
)
def test_wrong_words_are_exit_code_2(words, capsys) -> None:
    assert cli.main(words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "error: " in err.splitlines()[-1]


@pytest.mark.parametrize(
    "error",
    [
        CheckpointError("checkpoint nowhere is missing"),  # no checkpoint
        MissingExtraError("bitsandbytes", "quant", "int8"),  # an optional package
        PlatformError("there is no device cuda:7"),  # no device
    ],
)
def test_errors_of_loading_are_one_line_and_exit_code_2(error, picture, monkeypatch, capsys) -> None:
    def load(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(molmo_act, "load", load, raising=False)
    assert cli.main(["point", picture, "red"]) == 2
    assert capsys.readouterr().err == f"molmo-act: error: {error}\n"


def test_a_fault_of_the_program_is_not_taken_for_nothing_found(picture, monkeypatch, capsys) -> None:
    def load(*_: object, **__: object) -> None:
        raise RuntimeError("a fault")

    monkeypatch.setattr(molmo_act, "load", load, raising=False)
    assert cli.main(["point", picture, "red"]) == 70
    assert "RuntimeError: a fault" in capsys.readouterr().err


def test_a_query_that_does_not_fit_the_terminal_is_printed_escaped(model, picture) -> None:
    code = (
        "import sys, molmo_act; from molmo_act import cli; from molmo_act.points import Points\n"
        "class Model:\n"
        "    name = 'none'\n"
        "    def point(self, image, query, **_):\n"
        "        return Points(xy=[], score=[], image_size=[(60, 40)], query=query)\n"
        "molmo_act.load = lambda *_, **__: Model()\n"
        "sys.exit(cli.main(sys.argv[1:]))"
    )
    environment = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", code, "point", picture, "紅"],
        env=environment,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert b'"\\u7d05"' in done.stdout


def test_who_stops_reading_is_no_fault(picture) -> None:
    code = (
        "import sys, molmo_act; from molmo_act import cli\n"
        "class Model:\n"
        "    name = 'seven'\n"
        "    def count(self, image, query):\n"
        "        sys.stdin.read()\n"
        "        return 7\n"
        "molmo_act.load = lambda *_, **__: Model()\n"
        "sys.exit(cli.main(sys.argv[1:]))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, "count", picture, "red"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as running:
        assert running.stdin
        assert running.stdout
        assert running.stderr
        running.stdout.close()  # before it is allowed to answer
        running.stdin.close()
        assert running.stderr.read() == b""
    assert running.returncode == 141


def test_the_version(capsys) -> None:
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out == f"molmo-act {molmo_act.__version__}\n"
    assert molmo_act.__version__[0].isdigit()


def test_an_interrupt_leaves_no_traceback(picture, monkeypatch, capsys) -> None:
    def load(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(molmo_act, "load", load, raising=False)
    assert cli.main(["point", picture, "red"]) == 130
    assert capsys.readouterr() == ("", "")


def register_wave(commands: argparse._SubParsersAction) -> None:
    parser = commands.add_parser("wave", help="wave to the query")
    parser.add_argument("query")
    parser.set_defaults(run=lambda arguments: len(arguments.query))


def register_broken(commands: argparse._SubParsersAction) -> None:
    raise ImportError("a part is missing")


def test_other_packages_add_commands(monkeypatch, capsys) -> None:
    loaded = []

    class Entry:
        def __init__(self, name: str, register) -> None:
            self.name, self.register = name, register

        def load(self):
            loaded.append(self.name)
            return self.register

    entries = [Entry("wave", register_wave), Entry("broken", register_broken)]
    asked = []
    monkeypatch.setattr(cli, "entry_points", lambda group: asked.append(group) or entries)
    assert cli.main(["wave", "abc"]) == 3  # its own exit code
    assert asked == ["molmo_act.commands"]
    assert cli.main(["--help"]) == 0  # one broken package takes no other command away
    assert "wave to the query" in capsys.readouterr().out
    assert cli.main(["broken"]) == 70  # it shows when it is asked for
    assert "a part is missing" in capsys.readouterr().err
    loaded.clear()
    assert cli.main(["point"]) == 2
    assert loaded == []  # what is not meant is not imported


def test_the_entry_point_is_read_as_packages_declare_it() -> None:
    entry = EntryPoint("click", "gui_agent.command:register", cli.COMMAND_GROUP)
    commands = argparse.ArgumentParser().add_subparsers()
    cli._add_foreign(commands, entry, wanted=True)
    assert "click" in commands.choices


def test_python_dash_m_runs_it() -> None:
    done = subprocess.run([sys.executable, "-m", "molmo_act"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("usage: molmo-act")
