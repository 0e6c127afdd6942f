"""Images with masks in several layouts, each written here as its owners describe it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from model.data.datasets.mask_sets import EXPRESSIONS, MASKS, open_mask_set, to_mask
from model.data.errors import SkippedRow
from molmo_act.errors import InputError
from molmo_act.outputs.masks import Masks
from molmo_act.outputs.rle import encode

SIZE = (8, 6)
BOX = np.zeros((6, 8), bool)
BOX[1:3, 1:4] = True
DOT = np.zeros((6, 8), bool)
DOT[5, 7] = True


def shown(row) -> tuple[str, str, list[np.ndarray]]:
    return row.asked["image"], row.asked["text"], [row.mask(name) for name in row.masks]


def write(path: Path, values: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(values))


COCO = {
    "images": [
        {"id": 5, "file_name": "a.jpg", "width": 8, "height": 6},
        {"id": 9, "file_name": "in/b.jpg", "width": 8, "height": 6},
    ],
    "categories": [{"id": 1, "name": "mug"}, {"id": 2, "name": "person"}],
    "annotations": [
        {"id": 1, "image_id": 5, "category_id": 1, "segmentation": [[1, 1, 4, 1, 4, 3, 1, 3]], "iscrowd": 0},
        {"id": 2, "image_id": 5, "category_id": 1, "iscrowd": 0,
         "segmentation": {"size": [6, 8], "counts": encode(DOT)}},
        {"id": 3, "image_id": 9, "category_id": 2, "iscrowd": 1,
         "segmentation": {"size": [6, 8], "counts": [47, 1]}},
    ],
}  # fmt: skip


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


def videos(ids: str) -> dict:
    first, second = {"anno_id": ([3], [3, 4]), "obj_id": (["1"], ["1", "2"])}[ids]
    expressions = {"0": {"exp": "the box", ids: first}, "1": {"exp": "both", ids: second}}
    return {"videos": {"v1": {"frames": ["00000", "00001"], "expressions": expressions}}}


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


@pytest.mark.parametrize(
    "wrong", [5, {"size": [6, 8]}, {"counts": [1, 2]}, {"counts": "413"}, [["a"]], [[1]]]
)
def test_segmentations_that_cannot_be_read(wrong):
    with pytest.raises(SkippedRow, match="cannot be read"):
        to_mask(wrong, SIZE)
