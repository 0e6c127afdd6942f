"""Matches predicted points with objects that have masks, by the conventions of Molmo 2's evaluators."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from molmo_act._optional import lazy_import

optimize = lazy_import("scipy.optimize", extra="train", purpose="evaluation")

_GUARD = 1e-10  # in the denominator of F1, so that a perfect answer scores 0.99999999995


@dataclass(frozen=True)
class PointScore:
    """Precision, recall and F1 of one answer, in [0, 1]."""

    precision: float
    recall: float
    f1: float

    @classmethod
    def of(cls, hits: int, predicted: int, wanted: int) -> PointScore:
        """Scores counts; `predicted` and `wanted` are at least 1."""
        precision, recall = hits / predicted, hits / wanted
        return cls(precision, recall, 2 * precision * recall / (precision + recall + _GUARD))

    @classmethod
    def all(cls, value: float) -> PointScore:
        """One value for all three: 1 for a correct empty answer, 0 where one side is empty."""
        return cls(value, value, value)


def assign(predicted: np.ndarray, truth: np.ndarray) -> list[tuple[int, int]]:
    """Pairs points with true points by the least total Euclidean distance (Hungarian), however far apart.

    Args:
        predicted: (N, D).
        truth: (M, D).

    Returns:
        min(N, M) pairs (row of `predicted`, row of `truth`).
    """
    distance = np.linalg.norm(predicted[:, None] - truth[None], axis=-1)
    rows, columns = optimize.linear_sum_assignment(distance)
    return list(zip(rows.tolist(), columns.tolist(), strict=True))


def inside(mask: np.ndarray | None, x: float, y: float) -> bool:
    """Tells whether a point lies on a mask: its pixel is rounded half to even, outside of the mask is a miss.

    Args:
        mask: bool (H, W); None for an object that is not on the frame.
        x: Pixels of the mask from its left edge.
        y: Pixels of the mask from its top edge.
    """
    if mask is None:
        return False
    column, row = round(x), round(y)
    height, width = mask.shape
    return 0 <= row < height and 0 <= column < width and bool(mask[row, column])
