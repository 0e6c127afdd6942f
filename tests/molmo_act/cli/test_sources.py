"""Several images and standard input: an image that cannot be read costs no other its answer."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest

from molmo_act.cli import main as cli
from molmo_act.io.image import load_image
from molmo_act.io.video_writer import video_writer


def test_several_images_have_an_answer_each(model, picture, other, capsys) -> None:
    assert cli.main(["point", picture, other, "red", "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["source"], len(line["points"])) for line in lines] == [(picture, 2), (other, 0)]
    assert cli.main(["point", other, picture, "red"]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f'{other}: nothing found for "red" in 30×20 pixels')
    assert f'{picture}: 2 points for "red"' in out
    assert cli.main(["count", picture, other, "red"]) == 0
    assert capsys.readouterr().out == f"2 {picture}\n0 {other}\n"
    assert cli.main(["count", other, other, "red"]) == 1


def test_an_image_that_cannot_be_read_costs_no_other_its_answer(model, picture, other, tmp_path, capsys):
    (tmp_path / "broken.png").write_bytes(b"no image")
    broken = str(tmp_path / "broken.png")
    assert cli.main(["count", broken, picture, other, "red"]) == 2
    out, err = capsys.readouterr()
    assert out == f"2 {picture}\n0 {other}\n"
    assert f"molmo-act: error: {broken}: " in err
    del model.loaded_with
    assert cli.main(["count", broken, broken, "red"]) == 2
    assert not hasattr(model, "loaded_with")  # nothing to ask about


def test_an_image_on_standard_input(model, picture, monkeypatch, tmp_path, capsys) -> None:
    def pipe(data: bytes) -> None:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))

    pipe(Path(picture).read_bytes())
    assert cli.main(["point", "-", "red", "--json", "--out", str(tmp_path / "out.png")]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["source"], found["image_size"]) == ("standard input", [[60, 40]])
    assert load_image(str(tmp_path / "out.png")).shape == (40, 60, 3)
    pipe(b"")
    assert cli.main(["point", "-", "red"]) == 2
    monkeypatch.setattr("sys.stdin", None)
    assert cli.main(["point", "-", "red"]) == 2
    assert "Standard input is closed" in capsys.readouterr().err


def test_what_a_video_cannot_be_asked_is_refused_before_a_model_is_loaded(model, tmp_path, capsys) -> None:
    clip = tmp_path / "clip.mp4"
    with video_writer(clip) as writer:
        for second in (0.0, 0.5):
            writer.write(np.zeros((40, 60, 3), np.uint8), second)
    for options, words in (
        (["--start", "100"], "The video ends at "),
        (["--max-crops", "4"], "--max-crops says how an image is cut"),
    ):
        assert cli.main(["point", str(clip), "red", *options]) == 2
        assert words in capsys.readouterr().err
    assert not hasattr(model, "loaded_with")
    assert cli.main(["point", str(clip), "red", "--start", "0.2"]) == 0


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--max-crops", "1025"], "max_crops is 1025; expected"),
        (["--prompt", "no place"], "prompt is 'no place'; expected"),
        (["--exactly", "2", "--max-points", "1"], "exactly"),
        (["--start", "5", "--end", "2"], "start is 5.0 and end is 2.0; expected"),
    ],
)
def test_options_that_no_model_takes_are_refused_before_one_is_loaded(
    model, picture, tmp_path, capsys, options, words
) -> None:
    source = str(tmp_path) if "--start" in options else picture
    assert cli.main(["point", source, "red", *options]) == 2
    assert words in capsys.readouterr().err
    assert not hasattr(model, "loaded_with")
