"""The page of packed sequences shows what is in the tensors."""

from __future__ import annotations

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from model.train.visualize import GUESSED, RIGHT, main
from tests.model.train.small_run import save_tiny, tiny_recipe
from tests.support.tiny_molmo1 import DATA


@pytest.fixture(scope="module")
def text(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    recipe = tiny_recipe(save_tiny(folder / "tiny"))
    changes = [f"{key}={getattr(recipe, key)}" for key in ("model", "data", "tokens", "crops", "side_most")]
    with pytest.MonkeyPatch.context() as patch:
        out = folder / "page.html"
        patch.setattr(
            "sys.argv",
            ["visualize", "sft", str(folder / "run"), *changes, "--sequences", "2", "--out", str(out)],
        )
        assert main() == 0
    return out.read_text()


def test_every_sequence_and_tree_is_shown(text):
    heads = re.findall(r"Sequence \d: (\d+) examples, (\d+) of 700 tokens", text)
    assert len(heads) == 2
    assert all(500 < int(tokens) <= 700 for _, tokens in heads)
    trees = sum(int(count) for count, _ in heads)
    assert text.count("<div class=tree>") == trees
    assert text.count("<img ") == trees + 2  # and the masks
    assert "&lt;|im_start|&gt;user\nPoint to" in text
    assert "<b>&lt;points coords=&#34;</b>" in text
    assert "<td>0.200<td>" in text


def test_right_patches_and_guesses_are_drawn(text):
    pictures = [
        np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB"))
        for data in re.findall(r'<div class=tree><img src="data:image/png;base64,([^"]+)">', text)
    ]
    assert any((picture == RIGHT).all(-1).any() for picture in pictures)
    assert any((picture == GUESSED).all(-1).any() for picture in pictures)
    assert all(picture.shape[0] % 224 == picture.shape[1] % 224 == 0 for picture in pictures)


def test_frames_of_videomolmo_are_shown(monkeypatch, tmp_path):
    changes = [f"model={DATA / 'tiny'}", "data=1 clips", "tokens=900", "crops=40", "max_crops=2", "frames=3"]
    monkeypatch.setattr(
        "sys.argv", ["visualize", "videomolmo", str(tmp_path / "run"), *changes, "--sequences", "1"]
    )
    assert main() == 0
    text = (tmp_path / "run" / "page.html").read_text()
    assert " User: Point to" in text
    assert "<b>" in text
    [data] = re.findall(r'<div class=tree><img src="data:image/png;base64,([^"]+)">', text)
    assert np.ptp(np.asarray(Image.open(io.BytesIO(base64.b64decode(data))))) == 255


def test_a_wrong_change_is_an_error(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr("sys.argv", ["visualize", "sft", str(tmp_path), "colour=red"])
    assert main() == 2
    assert "There is no key 'colour'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("out", "told"), [("taken/page.html", "is a file. Give a folder"), (".", "is a folder")]
)
def test_a_place_that_cannot_be_written_is_refused_before_the_work(monkeypatch, capsys, tmp_path, out, told):
    (tmp_path / "taken").touch()
    monkeypatch.setattr("sys.argv", ["visualize", "sft", str(tmp_path), "--out", str(tmp_path / out)])
    assert main() == 2
    assert told in capsys.readouterr().err
