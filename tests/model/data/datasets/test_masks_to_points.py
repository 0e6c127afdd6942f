"""Own images with masks become a source of points that lie on them."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from model.data.datasets.custom import FILE
from model.data.datasets.masks_to_points import MASKS, convert, main
from model.data.registry import open_source
from model.data.schema import ImageSample
from molmo_act.errors import InputError
from molmo_act.segmentation.grabcut import GrabCut

LINES = [
    {"image": "a.png", "text": "the red mugs", "label": "mug", "masks": ["1.png", "2.png"]},
    {"image": "a.png", "text": "a fork", "masks": []},
    {"image": "a.png", "text": "a plate", "masks": ["empty.png"]},
    {"image": "a.png", "text": "a spoon", "masks": ["gone.png"]},
    {"image": "a.png", "text": "a knife", "masks": ["small.png"]},
    {"image": "gone.png", "text": "a cup", "masks": ["1.png"]},
]
OBJECTS = ((slice(10, 50), slice(10, 40)), (slice(10, 50), slice(60, 90)))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    home = tmp_path / "mugs"
    home.mkdir()
    pixels = np.full((60, 100, 3), 255, np.uint8)
    for number, place in enumerate(OBJECTS, 1):
        pixels[place] = (200, 0, 0)
        mask = np.zeros((60, 100), np.uint8)
        mask[place] = 255
        Image.fromarray(mask).save(home / f"{number}.png")
    Image.fromarray(pixels).save(home / "a.png")
    Image.new("L", (100, 60)).save(home / "empty.png")
    Image.new("L", (10, 10), 255).save(home / "small.png")
    (home / MASKS).write_text("\n".join(map(json.dumps, LINES)))
    return home


def test_points_lie_on_their_masks_and_what_is_left_out_is_counted(folder: Path) -> None:
    assert convert(folder, GrabCut()) == {
        "written": 2,
        "left out: mask is empty": 1,
        "left out: mask is missing": 1,
        "left out: mask has another size than its image": 1,
        "left out: image is missing": 1,
    }
    sample = open_source("mugs", folder.parent).read(0, np.random.default_rng(0))
    assert isinstance(sample, ImageSample)
    mugs, fork = sample.queries
    assert (mugs.text, mugs.label, fork.kind) == ("the red mugs", "mug", "absent")
    for target, (rows, columns) in zip(mugs.targets, OBJECTS, strict=True):
        x, y = target.point
        assert columns.start <= x < columns.stop
        assert rows.start <= y < rows.stop


def test_the_segmenter_decides(folder: Path) -> None:
    """One that finds a mug from its left half only."""
    asked: Counter[bool] = Counter()

    def segment(frames, xy):
        [[x, _]] = xy
        found = np.zeros((1, 1, 60, 100), bool)
        left = bool(x % 50 < 25)
        asked[left] += 1
        if left:
            found[0, 0][OBJECTS[int(x > 50)]] = True
        return found

    convert(folder, segment)
    assert asked[False]
    points = json.loads((folder / FILE).read_text().splitlines()[0])["points"]
    assert all(x % 50 < 25 for x, _ in points)


@pytest.mark.parametrize(
    "line", ["no JSON", '{"image": "a.png", "masks": []}', '{"image": "a.png", "text": "a"}']
)
def test_a_line_that_cannot_be_used_is_named_and_nothing_written(folder: Path, line: str) -> None:
    with (folder / MASKS).open("a") as file:
        file.write(f"\n{line}")
    with pytest.raises(InputError, match="Line 7 of"):
        convert(folder, GrabCut())
    assert not (folder / FILE).exists()


def test_the_command(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["points_from_masks", str(folder)])
    assert main() == 0
    assert "written: 2" in capsys.readouterr().out
    monkeypatch.setattr("sys.argv", ["points_from_masks", str(folder.parent)])
    assert main() == 2
    assert "masks.jsonl cannot be read" in capsys.readouterr().err
