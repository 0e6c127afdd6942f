"""Masks as a data set in COCO's format."""

from __future__ import annotations

import json

import numpy as np
import pytest

from molmo_act.errors import InputError
from molmo_act.outputs.masks import Masks

BOX = np.zeros((5, 7), bool)
BOX[1:3, 2:6] = True
PARTS = [
    Masks.of_arrays(BOX[None], object_id=[4], query=["mug"], score=[0.5]),
    Masks.of_arrays(np.stack([BOX, ~BOX]), object_id=[4, 9], query=["mug", None]),
]


def test_it_is_a_data_set():
    found = json.loads(json.dumps(Masks.join(PARTS).to_coco(), allow_nan=False))
    assert found["images"][1] == {"id": 2, "file_name": "00001.png", "width": 7, "height": 5}
    assert found["categories"] == [{"id": 1, "name": "mug"}, {"id": 2, "name": "object"}]
    first, second, third = found["annotations"]
    assert first["segmentation"] == {"size": [5, 7], "counts": Masks.join(PARTS).counts[0]}
    assert (first["area"], first["bbox"], first["score"], first["iscrowd"]) == (8, [2, 1, 4, 2], 0.5, 0)
    assert [
        (one["id"], one["image_id"], one["category_id"], one["track_id"]) for one in found["annotations"]
    ] == [
        (1, 1, 1, 4),
        (2, 2, 1, 4),
        (3, 2, 2, 9),
    ]
    assert (second["score"], third["area"]) == (None, 27)


def test_images_have_the_names_that_are_given():
    found = Masks.join(PARTS).to_coco(["a.jpg", "b.jpg"])
    assert [image["file_name"] for image in found["images"]] == ["a.jpg", "b.jpg"]
    with pytest.raises(InputError, match="file_names has 1"):
        Masks.join(PARTS).to_coco(["a.jpg"])
