"""Masks that are images of your own."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from model.data.datasets.mask_sets import MASKS, open_mask_set
from model.data.errors import SkippedRow
from molmo_act.errors import InputError
from tests.support.mask_sets import BOX, DOT, shown


def test_a_line_names_an_image_and_an_image_for_each_mask(tmp_path):
    for name, mask in (("box", BOX), ("dot", DOT)):
        Image.fromarray(mask.astype(np.uint8) * 200).save(tmp_path / f"{name}.png")
    lines = [
        {"image": "a.jpg", "text": "both", "label": "mug", "masks": ["box.png", "dot.png"]},
        {"image": "a.jpg", "text": "nothing", "masks": []},
        {"image": "a.jpg", "text": "gone", "masks": ["gone.png"]},
    ]
    (tmp_path / MASKS).write_text("\n".join(map(json.dumps, lines)))
    masks = open_mask_set(tmp_path)
    both, nothing, gone = masks.rows()
    image, text, (box, dot) = shown(both)
    assert (len(masks), image, text, both.asked["label"]) == (3, "a.jpg", "both", "mug")
    assert (box == BOX).all()
    assert (dot == DOT).all()
    assert nothing.masks == ()
    with pytest.raises(SkippedRow, match="mask is missing"):
        gone.mask("gone.png")
    with pytest.raises(SkippedRow, match="image is missing"):
        both.image()


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('"masks": "m.png"', "masks is 'm.png'; expected a list"),
        ('"masks": [5]', "name of a mask is 5"),
        ('"masks": ["../m.png"]', "outside of its folder"),
        ('"masks": [], "text": 5', "text is 5"),
        ('"masks": [], "text": " "', "text is ' '"),
        ('"masks": [], "label": ""', "label is ''"),
        ('"masks": [], "image": null', "image is None"),
    ],
)
def test_lines_that_cannot_be_used_are_named_by_their_number(tmp_path, line, says):
    (tmp_path / MASKS).write_text('\n\n{"image": "a.jpg", "text": "a mug", ' + line + "}\n")
    with pytest.raises(InputError, match="Line 3 of") as caught:
        open_mask_set(tmp_path)
    assert says in str(caught.value)


def test_what_editors_put_into_a_file_is_read(tmp_path):
    line = '{"image": "a.jpg", "text": "the red\u2028mug", "masks": []}\r\n'
    (tmp_path / MASKS).write_bytes(line.encode("utf-8-sig"))
    [row] = open_mask_set(tmp_path).rows()
    assert row.asked["text"] == "the red\u2028mug"
