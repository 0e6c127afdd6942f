"""Masks of data sets in COCO's format."""

from __future__ import annotations

import numpy as np
import pytest

from model.data.datasets.mask_sets import open_mask_set
from model.data.errors import SkippedRow
from molmo_act.errors import InputError
from molmo_act.outputs.masks import Masks
from molmo_act.outputs.rle import encode
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


def rows_of(folder, **changes) -> list[tuple[str, str]]:
    """For each row what it asks, and why it cannot be used: of itself, or by a mask."""
    write(folder / "instances.json", {**COCO, **changes})
    found = []
    for row in open_mask_set(folder).rows():
        try:
            if row.fault is not None:
                raise row.fault
            found.append((row.asked["text"], f"{len([row.mask(name) for name in row.masks])} masks"))
        except SkippedRow as reason:
            found.append((row.asked.get("text", row.where), str(reason)))
    return found


BOXES, DOTS, CROWD = COCO["annotations"]
PICTURE = COCO["images"][0]


def test_annotations_of_one_id_are_all_read_and_copies_once(tmp_path):
    assert rows_of(tmp_path, annotations=[BOXES, {**DOTS, "id": 1}, BOXES]) == [("mug", "2 masks")]


@pytest.mark.parametrize(
    ("listed", "other"), [("images", {"file_name": "b.jpg"}), ("categories", {"name": "cup"})]
)
def test_ids_that_name_two_things_are_refused(tmp_path, listed, other):
    changed = {listed: [*COCO[listed], {**COCO[listed][0], **other}]}
    with pytest.raises(InputError, match="have one id"):
        rows_of(tmp_path, **changed)
    same = {listed: [*COCO[listed], COCO[listed][0]]}
    assert rows_of(tmp_path, **same)[0] == ("mug", "2 masks")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"segmentation": None}, "annotation has no segmentation"),
        ({"segmentation": {"size": [8, 6], "counts": encode(DOT.T.copy())}}, "another size (8 x 6)"),
        ({"segmentation": [[1, None, 4, 1, 4, 3]]}, "cannot be read"),
        ({"image_id": 77}, "not listed"),
        ({"image_id": [5]}, "no id"),
        ({"category_id": None}, "annotation has no category_id"),
    ],
)
def test_an_annotation_that_cannot_be_used_costs_its_row_only(tmp_path, change, reason):
    found = dict(rows_of(tmp_path, annotations=[{**CROWD, "iscrowd": 0}, {**BOXES, **change}]))
    assert found.pop("person") == "1 masks"
    [(_, why)] = found.items()
    assert reason in why


@pytest.mark.parametrize(
    ("picture", "reason"),
    [
        ({"id": 5, "file_name": "a.jpg"}, "image has no height"),
        ({"id": 5, "width": 8, "height": 6}, "image has no file_name"),
        ({**PICTURE, "width": 8.0, "height": 6.0}, "2 masks"),
        ({**PICTURE, "width": "wide"}, "no size in whole pixels"),
        ({**PICTURE, "width": 10**9, "height": 10**9}, "impossible size"),
        ({**PICTURE, "file_name": "../a.jpg"}, "outside of its folder"),
        ({**PICTURE, "file_name": "a\0.jpg"}, "no path"),
        ({"file_name": "a.jpg"}, "not listed"),
    ],
)
def test_an_image_that_cannot_be_used_costs_its_rows_only(tmp_path, picture, reason):
    found = rows_of(tmp_path, images=[picture, COCO["images"][1]])
    assert any(reason in why for _, why in found), found
    assert ("person", "mask is of a crowd") in found
