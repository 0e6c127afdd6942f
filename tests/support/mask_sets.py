"""Small sets of masks: a box and a dot in images of 8 × 6 pixels."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

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


def videos(ids: str) -> dict:
    first, second = {"anno_id": ([3], [3, 4]), "obj_id": (["1"], ["1", "2"])}[ids]
    expressions = {"0": {"exp": "the box", ids: first}, "1": {"exp": "both", ids: second}}
    return {"videos": {"v1": {"frames": ["00000", "00001"], "expressions": expressions}}}
