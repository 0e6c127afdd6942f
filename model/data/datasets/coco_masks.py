"""Masks of a data set in COCO's format."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from model.data.datasets.mask_set import MaskRow, MaskSet, field, read_json, words
from model.data.datasets.segmentations import size_of, to_mask
from model.data.errors import SkippedRow
from molmo_act.errors import InputError


class CocoMasks(MaskSet):
    """A data set in COCO's format: polygons, or run lengths, compressed or not.

    A row asks for the objects of one category in one image, by its name. Images with a crowd of the category,
    whose objects have no masks of their own, are left out, and so are those with an annotation that cannot be
    used. Annotations are told apart by their places in the list: in merged files two may have one id.

    Args:
        path: The JSON file.

    Raises:
        InputError: It is of another format, or lists no images, or two images or categories have one id.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        data = read_json(path)
        try:
            self._images = _by_id(data["images"], "file_name")
            self._categories = _by_id(data["categories"], "name")
            self._annotations = list(data["annotations"])
            if not self._images:
                raise ValueError("it lists no images")
        except (KeyError, TypeError, AttributeError, ValueError) as exc:
            raise InputError(f"{path} is not in COCO's format ({type(exc).__name__}: {exc}).") from exc
        self._asked: dict[tuple[Any, str], list[str]] = {}
        self._faults: dict[str, SkippedRow] = {}
        for number, one in _numbered(self._annotations):
            try:
                self._asked.setdefault(self._question(one), []).append(str(number))
            except SkippedRow as fault:
                self._faults[f"annotation {number}, counted from 0"] = fault

    def __len__(self) -> int:
        return len(self._asked) + len(self._faults)

    def rows(self) -> Iterator[MaskRow]:
        """See `MaskSet.rows`."""
        for where, fault in self._faults.items():
            yield self.broken(where, fault)
        for (image, category), keys in self._asked.items():
            where = f"{category!r} in image {image!r}, annotation {', '.join(keys)}, counted from 0"
            try:
                name = words(field(self._images[image], "file_name", "image"), "file_name of an image")
                asked = {"image": name, "text": category, "label": category}
                yield MaskRow(asked, self.file(name), tuple(keys), self._mask, where)
            except SkippedRow as fault:
                yield self.broken(where, fault)

    def _question(self, annotation: Any) -> tuple[Any, str]:
        """The image and the name of the category that an annotation belongs to."""
        image = field(annotation, "image_id", "annotation")
        category = field(annotation, "category_id", "annotation")
        try:
            if image not in self._images or category not in self._categories:
                raise SkippedRow("annotation names an image or a category that is not listed")
        except TypeError:
            raise SkippedRow("annotation has an image_id or category_id that is no id") from None
        return image, words(field(self._categories[category], "name", "category"), "name of a category")

    def _mask(self, name: str) -> np.ndarray:
        one = self._annotations[int(name)]
        if one.get("iscrowd"):
            raise SkippedRow("mask is of a crowd")
        image = self._images[one["image_id"]]
        size = size_of({"size": [field(image, "height", "image"), field(image, "width", "image")]})
        return to_mask(field(one, "segmentation", "annotation"), size)


def _numbered(annotations: Sequence[Any]) -> Iterator[tuple[int, Any]]:
    """Annotations with their places, without what was merged twice: the same in all, their id included."""
    seen: dict[Any, list[Any]] = {}
    for number, one in enumerate(annotations):
        said = one.get("id") if isinstance(one, Mapping) else None
        if isinstance(said, (int, float, str)):
            others = seen.setdefault(said, [])
            if one in others:
                continue
            others.append(one)
        yield number, one


def _by_id(listed: Any, named_by: str) -> dict[Any, Mapping[str, Any]]:
    """Finds what is listed by id, where it has one; two of one id that are not the same are an error."""
    found: dict[Any, Mapping[str, Any]] = {}
    for one in listed:
        if not isinstance(one, Mapping) or not isinstance(one.get("id"), (int, float, str)):
            continue  # annotations of it are left out
        other = found.setdefault(one["id"], one)
        if other.get(named_by) != one.get(named_by):
            raise ValueError(
                f"{other.get(named_by)!r} and {one.get(named_by)!r} have one id, {one['id']!r}; expected ids "
                "that differ, so that annotations name one of them"
            )
    return found
