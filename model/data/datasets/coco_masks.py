"""Masks of a data set in COCO's format."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from model.data.datasets.mask_set import MaskRow, MaskSet, read_json
from model.data.datasets.segmentations import to_mask
from model.data.errors import SkippedRow
from molmo_act.errors import InputError


class CocoMasks(MaskSet):
    """A data set in COCO's format: polygons, or run lengths, compressed or not.

    A row asks for the objects of one category in one image, by its name. Images with a crowd of the category,
    whose objects have no masks of their own, are left out.

    Args:
        path: The JSON file.

    Raises:
        InputError: It is of another format.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        try:
            data = read_json(path)
            self._images = {image["id"]: image for image in data["images"]}
            names = {category["id"]: str(category["name"]) for category in data["categories"]}
            self._annotations = {str(one["id"]): one for one in data["annotations"]}
            self._asked: dict[tuple[Any, str], list[str]] = {}
            for key, one in self._annotations.items():
                asked = one["image_id"], names[one["category_id"]]
                self._asked.setdefault(asked, []).append(key)
            missing = {image for image, _ in self._asked} - self._images.keys()
            if missing:
                raise KeyError(f"image {next(iter(missing))}")
        except (KeyError, TypeError, AttributeError) as exc:
            raise InputError(f"{path} is not in COCO's format ({type(exc).__name__}: {exc}).") from exc

    def __len__(self) -> int:
        return len(self._asked)

    def rows(self) -> Iterator[MaskRow]:
        """See `MaskSet.rows`."""
        for (image, category), keys in self._asked.items():
            asked = {"image": self._images[image]["file_name"], "text": category, "label": category}
            yield MaskRow(asked, self.file(asked["image"]), tuple(keys), self._mask)

    def _mask(self, name: str) -> np.ndarray:
        one = self._annotations[name]
        if one.get("iscrowd"):
            raise SkippedRow("mask is of a crowd")
        image = self._images[one["image_id"]]
        return to_mask(one["segmentation"], (image["width"], image["height"]))
