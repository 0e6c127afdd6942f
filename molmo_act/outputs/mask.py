"""Mask: which pixels of one frame belong to one object."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from molmo_act.outputs import rle


@dataclass(frozen=True)
class Mask:
    """One object on one frame.

    Attributes:
        frame_index: Number of the frame, counted from 0.
        object_id: Number of the object, the same on every frame.
        score: In [0, 1], see `Masks.score`.
        query: The words that named the object; None for an object that was given as a point.
        counts: Its pixels, see `Masks.counts`.
        image_size: (width, height) of the frame in pixels.
    """

    frame_index: int
    object_id: int
    score: float
    query: str | None
    counts: str
    image_size: tuple[int, int]

    def to_array(self) -> np.ndarray:
        """Gives the mask as pixels, bool (H, W)."""
        return rle.decode(self.counts, self.image_size)

    @property
    def area(self) -> int:
        """How many pixels it has."""
        return int(rle.run_lengths(self.counts, self.image_size)[1::2].sum())

    @property
    def bbox(self) -> tuple[int, int, int, int]:
        """(left, top, width, height) of the smallest box around it, in pixels; zeros where it is empty."""
        mask = self.to_array()
        columns, lines = np.flatnonzero(mask.any(axis=0)), np.flatnonzero(mask.any(axis=1))
        if not len(columns):
            return 0, 0, 0, 0
        left, top = int(columns[0]), int(lines[0])
        return left, top, int(columns[-1]) + 1 - left, int(lines[-1]) + 1 - top
