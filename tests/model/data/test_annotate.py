"""Points from masks: what is written, left out, and gone on with after an interruption."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from model.data.annotate import UNFINISHED, Settings, annotate, main
from model.data.datasets.custom import FILE
from model.data.datasets.mask_sets import EXPRESSIONS, MASKS, open_mask_set
from model.data.registry import open_source
from model.data.schema import ImageSample
from molmo_act.errors import InputError
from molmo_act.segmentation.grabcut import GrabCut
from tests.support.mask_sets import videos, write
from tests.support.tiny_sam2 import tiny_propagator

LINES = [
    {"image": "a.png", "text": "the red mugs", "label": "mug", "masks": ["1.png", "2.png"]},
    {"image": "a.png", "text": "a fork", "masks": []},
    {"image": "a.png", "text": "a plate", "masks": ["empty.png"]},
    {"image": "a.png", "text": "a spoon", "masks": ["gone.png"]},
    {"image": "a.png", "text": "a knife", "masks": ["small.png"]},
    {"image": "gone.png", "text": "a cup", "masks": ["1.png"]},
    {"image": "a.png", "text": "one mug", "masks": ["2.png"]},
]
OBJECTS = ((slice(10, 50), slice(10, 40)), (slice(10, 50), slice(60, 90)))
SETTINGS = Settings(MASKS, "grabcut")


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


def run(folder: Path, segmenter=None, settings: Settings = SETTINGS) -> Counter[str]:
    return annotate(folder, open_mask_set(folder), segmenter or GrabCut(), settings)


def test_points_lie_on_their_masks_and_what_is_left_out_is_counted(folder):
    assert run(folder) == {
        "written": 3,
        "left out: mask is empty": 1,
        "left out: mask is missing": 1,
        "left out: mask has another size (10 x 10) than its image": 1,
        "left out: image is missing": 1,
    }
    sample = open_source("mugs", folder.parent).read(0, np.random.default_rng(0))
    assert isinstance(sample, ImageSample)
    mugs, fork, one = sample.queries
    assert (mugs.text, mugs.label, fork.kind) == ("the red mugs", "mug", "absent")
    for target, (rows, columns) in zip(mugs.targets, OBJECTS, strict=True):
        x, y = target.point
        assert columns.start < x < columns.stop - 1  # never on the boundary
        assert rows.start < y < rows.stop - 1
    assert one.targets[0].point == mugs.targets[1].point


class Segmenter:
    """Finds a mug from points in its left half only; counts what it is asked."""

    def __init__(self, fails_at: int | None = None) -> None:
        self.asked, self.fails_at = 0, fails_at
        self.sides: Counter[bool] = Counter()

    def __call__(self, frames, xy):
        if self.asked == self.fails_at:
            raise KeyboardInterrupt
        self.asked += 1
        found = np.zeros((len(xy), 1, 60, 100), bool)
        for masks, (x, _) in zip(found, xy, strict=True):
            self.sides[bool(x % 50 < 25)] += 1
            if x % 50 < 25:
                masks[0][OBJECTS[int(x > 50)]] = True
        return found


def test_the_segmenter_decides_and_is_asked_once_for_each_mask(folder):
    segmenter = Segmenter()
    run(folder, segmenter)
    assert segmenter.asked == 2  # "one mug" has a mask that is known
    assert segmenter.sides[False]
    assert segmenter.sides.total() == 10
    points = json.loads((folder / FILE).read_text().splitlines()[0])["points"]
    assert all(x % 50 < 25 for x, _ in points)


def test_an_interrupted_run_goes_on_and_ends_as_one_that_was_not(folder):
    run(folder, Segmenter())
    whole = (folder / FILE).read_bytes()
    (folder / FILE).unlink()
    lines = [LINES[6], *LINES[:6]]
    (folder / MASKS).write_text("\n".join(map(json.dumps, lines)))
    with pytest.raises(KeyboardInterrupt):
        run(folder, Segmenter(fails_at=1))
    assert not (folder / FILE).exists()
    with (folder / UNFINISHED).open("a") as file:
        file.write('{"image": "a.p')  # killed while it wrote
    segmenter = Segmenter()
    run(folder, segmenter)
    assert segmenter.asked == 2
    first, *others = (folder / FILE).read_bytes().splitlines()
    assert [*others, first] == whole.splitlines()
    assert not (folder / UNFINISHED).exists()


def test_a_run_with_other_settings_does_not_go_on(folder):
    with pytest.raises(KeyboardInterrupt):
        run(folder, Segmenter(fails_at=0))
    with pytest.raises(InputError, match="other settings"):
        run(folder, settings=Settings(MASKS, "grabcut", seed=1))
    assert run(folder)["written"] == 3


def test_a_run_does_not_go_on_with_other_masks(folder):
    with pytest.raises(KeyboardInterrupt):
        run(folder, Segmenter(fails_at=1))
    begun = (folder / UNFINISHED).read_bytes()
    (folder / MASKS).write_text("\n".join(map(json.dumps, [LINES[6], *LINES])))
    with pytest.raises(InputError, match=r"changed since .* was begun.* Delete points.unfinished.jsonl"):
        run(folder, Segmenter())
    assert (folder / UNFINISHED).read_bytes() == begun
    (folder / MASKS).write_text("\n".join(map(json.dumps, LINES)))
    assert run(folder, Segmenter())["written"] == 3


@pytest.mark.parametrize("content", [b"garbage\n", b"[1]\n", b"\xff\xfe\n"])
def test_a_file_of_that_name_that_is_no_run_stays(folder, content):
    (folder / UNFINISHED).write_bytes(content)
    with pytest.raises(InputError, match="no unfinished run"):
        run(folder)
    assert (folder / UNFINISHED).read_bytes() == content


def test_what_masks_are_listed_in_is_more_than_one_file_in_mevis(tmp_path):
    write(tmp_path / EXPRESSIONS, videos("anno_id"))
    write(tmp_path / "mask_dict.json", {"3": [None, None], "4": [None, None]})
    before = open_mask_set(tmp_path).checksum()
    assert open_mask_set(tmp_path).checksum() == before
    write(tmp_path / "mask_dict.json", {"3": [None, None], "4": [None, None], "5": []})
    assert open_mask_set(tmp_path).checksum() != before


def test_points_that_are_there_stay(folder):
    (folder / FILE).write_text("by hand")
    with pytest.raises(InputError, match=r"there already.*--again"):
        run(folder)
    assert ((folder / FILE).read_text(), (folder / UNFINISHED).exists()) == ("by hand", False)
    (folder / MASKS).write_text(json.dumps(LINES[2]))
    with pytest.raises(InputError, match=r"No row of .*mask is empty: 1"):
        annotate(folder, open_mask_set(folder), GrabCut(), SETTINGS, again=True)
    assert ((folder / FILE).read_text(), (folder / UNFINISHED).exists()) == ("by hand", False)
    (folder / MASKS).write_text(json.dumps(LINES[1]))
    annotate(folder, open_mask_set(folder), GrabCut(), SETTINGS, again=True)
    assert json.loads((folder / FILE).read_text())["points"] == []


def test_a_second_run_in_a_folder_is_refused(folder):
    class Second:
        def __call__(self, frames, xy):
            with pytest.raises(InputError, match="Another run annotates"):
                run(folder)
            return Segmenter()(frames, xy)

    assert run(folder, Second())["written"] == 3
    (folder / FILE).unlink()
    assert run(folder)["written"] == 3  # nothing is held any more


def test_a_run_without_any_row_leaves_nothing(folder):
    (folder / MASKS).write_text(json.dumps(LINES[3]))
    before = sorted(folder.iterdir())
    with pytest.raises(InputError, match=r"No row of .*mask is missing: 1.*Nothing was written"):
        run(folder)
    assert sorted(folder.iterdir()) == before


def test_rows_that_are_left_out_are_named_a_few_times(folder, capsys):
    (folder / MASKS).write_text("\n".join(map(json.dumps, [*LINES, *[LINES[3]] * 5])))
    assert run(folder)["left out: mask is missing"] == 6
    said = [line for line in capsys.readouterr().err.splitlines() if "mask is missing" in line]
    assert said == [
        "left out: masks.jsonl, line 4: mask is missing",
        "left out: masks.jsonl, line 8: mask is missing",
        "left out: masks.jsonl, line 9: mask is missing; further ones are only counted",
    ]


def test_the_command(folder, tmp_path, monkeypatch, capsys):
    def call(*words: str) -> int:
        monkeypatch.setattr("sys.argv", ["annotate", *words])
        return main()

    assert call(str(folder), "--segmenter", "grabcut") == 0
    assert "written: 3" in capsys.readouterr().out
    from molmo_act.segmentation.sam2 import Sam2Propagator

    tiny_propagator(Sam2Propagator).model.save_pretrained(tmp_path / "tiny")
    assert call(str(folder), "--checkpoint", str(tmp_path / "tiny")) == 2
    assert "give --again to replace it" in capsys.readouterr().err
    assert call(str(folder), "--checkpoint", str(tmp_path / "tiny"), "--again") == 0
    assert call(str(folder)[:-1]) == 2
    assert "expected one of masks.jsonl" in capsys.readouterr().err
    (folder / FILE).unlink()
    before = sorted(folder.iterdir())
    for wrong in (["--candidates", "0"], ["--seed", "-1"], ["--masks", "../masks.jsonl"]):
        assert call(str(folder), "--segmenter", "grabcut", *wrong) == 2
        assert "expected" in capsys.readouterr().err
    assert sorted(folder.iterdir()) == before
