"""Masks of your own images: each is an image, named in masks.jsonl."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from model.data.datasets.custom import read_lines
from model.data.datasets.mask_images import read_mask_image
from model.data.datasets.mask_set import MaskRow, MaskSet, field, words
from model.data.errors import SkippedRow
from molmo_act.errors import InputError

EXAMPLE = '{"image": "a.jpg", "text": "the red mug", "masks": ["a_mug.png"]}'


class LinesOfMasks(MaskSet):
    """Your own images: every line of masks.jsonl names an image, and an image for each mask.

    A mask is an image of the same size as the one it belongs to; its pixels that are neither black nor
    transparent belong to one object, see `model.data.datasets.mask_images.read_mask_image`.

    Args:
        path: The file.

    Raises:
        InputError: A line cannot be used, or there is none.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._rows = [self._row(number, line) for number, line in read_lines(path, EXAMPLE)]

    def __len__(self) -> int:
        return len(self._rows)

    def rows(self) -> Iterator[MaskRow]:
        """See `MaskSet.rows`."""
        yield from self._rows

    def _row(self, number: int, line: str) -> MaskRow:
        try:
            row = json.loads(line)
            masks = field(row, "masks", "line")
            if not isinstance(masks, list):
                raise SkippedRow(f"masks is {masks!r}; expected a list, [] where nothing is to be seen")
            asked = {key: words(row[key], key) for key in ("image", "text", "label") if key in row}
            for key in ("image", "text"):
                field(asked, key, "line")
            for name in masks:
                self.file(words(name, "name of a mask"))
            path = self.file(asked["image"])
        except (ValueError, SkippedRow, RecursionError) as exc:
            raise InputError(
                f"Line {number} of {self._path} cannot be used ({exc}); expected something like {EXAMPLE}."
            ) from exc
        return MaskRow(asked, path, tuple(masks), self._mask, f"line {number}")

    def _mask(self, name: str) -> np.ndarray:
        return read_mask_image(self.file(name))
