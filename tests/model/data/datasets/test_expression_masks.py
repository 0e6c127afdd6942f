"""Masks of videos with referring expressions."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from model.data.datasets.mask_sets import EXPRESSIONS, open_mask_set
from molmo_act.outputs.rle import encode
from tests.support.mask_sets import BOX, DOT, shown, videos, write


def expected(found) -> None:
    """On the first frame there are both, on the second one only the dot."""
    assert [(image, text, len(masks)) for image, text, masks in found] == [
        ("JPEGImages/v1/00000.jpg", "the box", 1),
        ("JPEGImages/v1/00000.jpg", "both", 2),
        ("JPEGImages/v1/00001.jpg", "the box", 0),
        ("JPEGImages/v1/00001.jpg", "both", 1),
    ]
    assert (found[0][2][0] == BOX).all()
    assert (found[3][2][0] == DOT).all()


def test_mevis(tmp_path):
    write(tmp_path / EXPRESSIONS, videos("anno_id"))
    run = {name: {"size": [6, 8], "counts": encode(mask)} for name, mask in (("box", BOX), ("dot", DOT))}
    nothing = {"size": [6, 8], "counts": [48]}
    write(
        tmp_path / "mask_dict.json",
        {"3": [run["box"], nothing], "4": [run["dot"], run["dot"]], "5": [None, None]},
    )
    masks = open_mask_set(tmp_path)
    assert len(masks) == 4
    expected([shown(row) for row in masks.rows()])
    assert [row.asked["frame"] for row in masks.rows()] == [0, 0, 1, 1]
    first = ["JPEGImages/v1/00000.jpg"]
    assert [row.asked["before"] for row in masks.rows()] == [[], [], first, first]


def test_videos_whose_masks_are_images(tmp_path):
    write(tmp_path / EXPRESSIONS, videos("obj_id"))
    (tmp_path / "Annotations" / "v1").mkdir(parents=True)
    for frame, numbers in enumerate((BOX + 2 * DOT, 2 * DOT)):
        image = Image.fromarray(numbers.astype(np.uint8), "P")
        image.putpalette([0, 0, 0, 200, 0, 0, 0, 200, 0])
        image.save(tmp_path / "Annotations" / "v1" / f"{frame:05}.png")
    expected([shown(row) for row in open_mask_set(tmp_path).rows()])
    (tmp_path / "Annotations" / "v1" / "00001.png").unlink()
    *_, last = open_mask_set(tmp_path).rows()
    assert str(last.fault) == "mask is missing"


def faults(folder) -> list[str | None]:
    return [row.fault and str(row.fault) for row in open_mask_set(folder).rows()]


@pytest.mark.parametrize(
    ("runs", "reason"),
    [
        ([{"size": [6, 8], "counts": "zzz"}, None], "cannot be read"),
        ([{"counts": "zzz"}, None], "no size"),
        ([5, None], "no size"),
        ([], "no masks of an anno_id"),
        (5, "no masks of an anno_id"),
    ],
)
def test_run_lengths_that_cannot_be_read_cost_their_rows_only(tmp_path, runs, reason):
    write(tmp_path / EXPRESSIONS, videos("anno_id"))
    good = {"size": [6, 8], "counts": encode(DOT)}
    write(tmp_path / "mask_dict.json", {"3": [good, good], "4": runs})
    first, second, *_ = faults(tmp_path)
    assert first is None
    assert second is not None
    assert reason in second


def test_an_anno_id_that_looks_like_a_path_costs_its_rows_only(tmp_path):
    listed = videos("anno_id")
    listed["videos"]["v1"]["expressions"]["1"]["anno_id"] = ["a/4"]
    write(tmp_path / EXPRESSIONS, listed)
    good = [{"size": [6, 8], "counts": encode(DOT)}] * 2
    write(tmp_path / "mask_dict.json", {"3": good, "a/4": good})
    assert [fault is None for fault in faults(tmp_path)] == [True, False] * 2


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"obj_id": "a"}, "obj_id is 'a'"),
        ({"obj_id": "0"}, "obj_id is '0'"),  # the background
        ({"obj_id": "-1"}, "obj_id is '-1'"),
        ({"obj_id": []}, "names no objects"),
        ({"obj_id": None}, "expression has no obj_id"),
        ({"exp": ""}, "exp"),
        ({"exp": 5}, "exp"),
    ],
)
def test_expressions_that_cannot_be_used_cost_their_rows_only(tmp_path, change, reason):
    listed = videos("obj_id")
    listed["videos"]["v1"]["expressions"]["1"].update(change)
    listed["videos"]["v2"] = {"frames": 5}
    write(tmp_path / EXPRESSIONS, listed)
    paint(tmp_path, BOX.astype(np.uint8), BOX.astype(np.uint8))
    *both, damaged = open_mask_set(tmp_path).rows()
    assert [row.fault is None for row in both] == [True, False] * 2
    assert reason in str(both[1].fault)
    assert both[1].where == "video 'v1', frame 0, expression '1'"
    assert "no list of frames" in str(damaged.fault)


@pytest.mark.parametrize(
    ("pixels", "reason"),
    [
        (np.stack([BOX * 128, BOX * 0, BOX * 0], 2).astype(np.uint8), "colours"),
        (np.stack([BOX] * 3, 2).astype(np.uint8), None),  # grey, stored as colours
        (BOX.astype(np.uint16), None),
        (BOX.astype(np.int32), None),
        (BOX.astype(np.uint8) * 255, "black and white"),
        (BOX, "black and white"),
        (np.zeros((6, 8), np.uint8), None),
    ],
    ids=["rgb", "grey rgb", "16 bits", "32 bits", "white", "1 bit", "nothing"],
)
def test_images_that_hold_no_numbers_of_objects_are_refused(tmp_path, pixels, reason):
    write(tmp_path / EXPRESSIONS, videos("obj_id"))
    paint(tmp_path, pixels, pixels)
    first, *_ = open_mask_set(tmp_path).rows()
    if reason is not None:
        assert reason in str(first.fault)
        return
    assert first.fault is None
    assert [(first.mask(name) == BOX).all() for name in first.masks] == [True] * bool(pixels.any())


def paint(folder, *frames: np.ndarray) -> None:
    (folder / "Annotations" / "v1").mkdir(parents=True)
    for number, pixels in enumerate(frames):
        kind = "TIFF" if pixels.dtype == np.int32 else "PNG"
        Image.fromarray(pixels).save(folder / "Annotations" / "v1" / f"{number:05}.png", format=kind)
