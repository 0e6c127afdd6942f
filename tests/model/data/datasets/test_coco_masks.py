"""Masks of data sets in COCO's format."""

from __future__ import annotations

import numpy as np
import pytest

from model.data.datasets.mask_sets import open_mask_set
from model.data.errors import SkippedRow
from molmo_act.outputs.masks import Masks
from tests.support.mask_sets import BOX, COCO, DOT, shown, write


def test_a_data_set_in_cocos_format(tmp_path):
    write(tmp_path / "instances.json", COCO)
    masks = open_mask_set(tmp_path)
    mugs, people = masks.rows()
    assert (len(masks), masks.name) == (2, "instances.json")
    image, text, (box, dot) = shown(mugs)
    assert (image, text) == ("a.jpg", "mug")
    assert (box == BOX).all()
    assert (dot == DOT).all()
    assert people.path == tmp_path / "in" / "b.jpg"
    with pytest.raises(SkippedRow, match="crowd"):
        people.mask(people.masks[0])


def test_what_masks_give_is_read(tmp_path):
    given = Masks.of_arrays(np.stack([BOX, DOT]), object_id=[1, 2], query=["mug", "cup"])
    write(tmp_path / "coco.json", given.to_coco())
    mug, cup = open_mask_set(tmp_path).rows()
    assert (shown(mug)[2][0] == BOX).all()
    assert (shown(cup)[2][0] == DOT).all()
