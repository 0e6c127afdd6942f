"""Masks of videos with referring expressions."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from model.data.datasets.mask_sets import EXPRESSIONS, open_mask_set
from model.data.errors import SkippedRow
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
    with pytest.raises(SkippedRow, match="mask is missing"):
        last.mask(last.masks[0])
