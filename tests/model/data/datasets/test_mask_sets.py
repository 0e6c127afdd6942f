"""Which set of masks a folder holds, and what is none."""

from __future__ import annotations

import pytest

from model.data.datasets.mask_sets import EXPRESSIONS, MASKS, open_mask_set
from molmo_act.errors import InputError
from tests.support.mask_sets import COCO, videos, write


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({}, "lists masks in none"),
        ({"a.json": COCO, "b.json": COCO}, "a.json, b.json; expected one"),
        ({"a.json": {"images": []}}, "not in COCO's format"),
        ({"a.json": {**COCO, "images": []}}, "not in COCO's format"),
        ({EXPRESSIONS: videos("anno_id")}, "neither mask_dict.json nor Annotations"),
        ({EXPRESSIONS: videos("anno_id"), "mask_dict.json": {}}, "not as MeViS"),
        ({EXPRESSIONS: {"videos": []}, "mask_dict.json": {}}, "not as MeViS"),
        ({MASKS: {"image": "a.png", "masks": []}}, "Line 1 of"),
        ({MASKS: {"image": "../a.png", "text": "a", "masks": []}}, "outside of its folder"),
    ],
)
def test_what_is_no_set_of_masks(tmp_path, files, says):
    for name, values in files.items():
        write(tmp_path / name, values)
    with pytest.raises(InputError, match=says):
        list(open_mask_set(tmp_path).rows())
