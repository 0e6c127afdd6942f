"""Masks of your own images: each is an image, named in masks.jsonl."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from model.data.datasets.custom import read_lines
from model.data.datasets.mask_set import MaskRow, MaskSet, read_pixels
from molmo_act.errors import InputError

EXAMPLE = '{"image": "a.jpg", "text": "the red mug", "masks": ["a_mug.png"]}'


class LinesOfMasks(MaskSet):
    """Your own images: every line of masks.jsonl names an image, and an image for each mask.

    A mask is an image of the same size as the one it belongs to; its pixels that are not black belong to one
    object.

    Args:
        path: The file.

    Raises:
        InputError: A line cannot be used, or there is none.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._rows = [self._row(number, line) for number, line in enumerate(read_lines(path, EXAMPLE), 1)]

    def __len__(self) -> int:
        return len(self._rows)

    def rows(self) -> Iterator[MaskRow]:
        """See `MaskSet.rows`."""
        yield from self._rows

    def _row(self, number: int, line: str) -> MaskRow:
        try:
            row = json.loads(line)
            masks = tuple(map(str, row["masks"]))
            asked = {key: row[key] for key in ("image", "text", "label") if key in row}
            if not {"image", "text"} <= set(asked):
                raise KeyError("image and text")
        except (ValueError, KeyError, TypeError) as exc:
            raise InputError(
                f"Line {number} of {self._path} cannot be used ({type(exc).__name__}: {exc}); expected "
                f"something like {EXAMPLE}."
            ) from exc
        return MaskRow(asked, self.file(asked["image"]), masks, self._mask)

    def _mask(self, name: str) -> np.ndarray:
        return read_pixels(self.file(name), "mask").max(axis=2) > 0
