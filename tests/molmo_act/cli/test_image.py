"""point and count: what they print, write and return; the model behind them is a fake."""

from __future__ import annotations

import json

import pytest

from molmo_act.cli import main as cli
from molmo_act.io.image import load_image
from tests.support.blob_model import RGB


def test_json_is_one_object_and_nothing_else(model, picture, capsys) -> None:
    assert cli.main(["point", picture, "red", "--json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out) == {
        "model": "blobs",
        "source": picture,
        "query": "red",
        "image_size": [[60, 40]],
        "points": [
            {"x": 12.5, "y": 12.5, "object_id": 1, "score": 0.875, "image_index": 0, "timestamp": None},
            {"x": 45.0, "y": 25.0, "object_id": 2, "score": 0.875, "image_index": 0, "timestamp": None},
        ],
        "absent": 0.0625,
        "truncated": False,
        "damaged": False,
        "ended_by_order": False,
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
    assert load_image(out).shape == (40, 60, 3)  # it says so in the image too
    assert cli.main(["point", picture, "green", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["points"] == []


def test_every_option_arrives(model, picture) -> None:
    model_words = ["--model", "nano", "--device", "cpu", "--dtype", "bfloat16", "--quantization", "int8"]
    point_words = ["--max-crops", "7", "--max-points", "1", "--min-score", "0.25", "--timeout", "2.5"]
    assert cli.main(["point", picture, "red", *model_words, *point_words]) == 0
    assert model.loaded_with == ("nano", "cpu", "bfloat16", "int8")
    assert model.asked == {"max_points": 1, "min_score": 0.25, "max_crops": 7, "timeout": 2.5}
    assert cli.main(["count", picture, "red", *point_words]) == 0
    assert model.asked == {"max_points": 1, "min_score": 0.25, "max_crops": 7, "timeout": 2.5}
    assert cli.main(["point", picture, "red"]) == 0
    assert model.loaded_with == (None, None, None, None)
    assert model.asked == {"max_points": None, "min_score": 0.0, "timeout": None}
    assert cli.main(["point", picture, "red", "--exactly", "1", "--prompt", "Click {}"]) == 0
    assert (model.asked["exactly"], model.asked["prompt"]) == (1, "Click {}")
    assert cli.main(["count", picture, "red", "--prompt", "raw"]) == 0
    assert model.asked["prompt"] == "raw"


def test_images_are_written_and_named_on_stderr(model, picture, tmp_path, capsys) -> None:
    out, heat = str(tmp_path / "out.png"), str(tmp_path / "heat.jpg")
    assert cli.main(["point", picture, "red", "--json", "--out", out, "--heatmap", heat]) == 0
    captured = capsys.readouterr()
    json.loads(captured.out)
    assert f"wrote {out}\n" in captured.err
    assert f"wrote {heat}\n" in captured.err
    drawn = load_image(out)
    assert (drawn[25, 45] != RGB["red"]).any()  # a marker in the middle of the square
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
        "source": picture,
        "query": "red",
        "image_size": [[60, 40]],
        "truncated": False,
        "damaged": False,
        "count": 2,
    }


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["point", "missing.png", "red"], "does not exist"),  # no such image
        (["point", "https://example.org/a.png", "red"], "download it first"),  # a URL
        (["count", "empty.png", "red"], "empty (0 bytes)"),  # an empty file
        (
            ["point", "squares.png", ""],
            "The query is empty; expected words",
        ),
        (
            ["point", "squares.png", "<POINT_0>"],
            "The query holds a control token. Leave it out.",
        ),  # an error of two lines
        (["point", "-", "-", "red"], "Standard input (-) was given twice"),
        (["point", "squares.png", "red", "--start", "1"], "--start is for videos"),
        (["point", "clips", "red", "--max-crops", "2"], "--max-crops says how an image is cut"),
        (["point", "clips", "red", "--out", "a.png"], "use molmo-act track --out"),
        (["point", "squares.png", "other.png", "red", "--out", "a.png"], "expected a folder"),
        (["point", "squares.png", "clips/squares.png", "red", "--out", "a"], "have one name"),
        (["point", "squares.png", "red", "--out", "a.xyz"], "ends in .png"),  # a suffix that is no image
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
    (tmp_path / "clips").mkdir()
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
def test_an_unknown_image_suffix_is_refused_before_the_model_is_loaded(model, picture, suffix) -> None:
    assert cli.main(["point", picture, "red", "--out", suffix]) == 2
    assert not hasattr(model, "loaded_with")


@pytest.mark.parametrize("words", [["point", "", "red"], ["count", " "], ["bench", "\u200b"]])
def test_a_query_that_no_model_reads_is_refused_before_the_model_is_loaded(model, picture, words) -> None:
    assert cli.main([words[0], picture, words[1]]) == 2
    assert not hasattr(model, "loaded_with")


def test_a_video(model, tmp_path, capsys) -> None:
    clip = str(tmp_path)  # a folder of images is a video
    words = ["--start", "1", "--end", "2", "--fps", "25", "--max-frames", "8", "--timeout", "3"]
    assert cli.main(["point", clip, "red", *words]) == 0
    assert model.asked == {
        "video": clip,
        **{"start": 1, "end": 2, "fps": 25, "max_frames": 8},
        **{"max_points": None, "min_score": 0.0, "timeout": 3},
    }
    assert capsys.readouterr().out == (
        '2 points for "red" in 2 frames of 60×40 pixels; the answer was cut short, so there may be more\n'
        "   #      time        x        y  score\n"
        "   1     0.00s      1.5      2.5  0.50\n"
        "   1     0.50s      3.5      2.5  0.25\n"
    )
    assert cli.main(["count", clip, "red"]) == 0  # one object on two frames
    assert model.asked == {"video": clip, "max_points": None, "min_score": 0.0, "timeout": None}
    out, err = capsys.readouterr()
    assert (out, err) == ("1\n", f"molmo-act: {clip}: the answer was cut short, so there may be more\n")
    assert cli.main(["count", clip, "red", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["truncated"] is True
