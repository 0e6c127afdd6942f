"""Precision, recall and F1 of points against masks, as PixMo-Points is scored.

Points and true points are paired by the least total distance (Hungarian algorithm), however far apart; a pair
is a hit where the predicted pixel, rounded half to even, lies in the mask of the paired object. A point on
another object's mask is none.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from model.evaluation.benchmark import Scores
from molmo_act._optional import lazy_import

optimize = lazy_import("scipy.optimize", extra="train", purpose="evaluation")
distance = lazy_import("scipy.spatial.distance", extra="train", purpose="evaluation")

EPSILON = 1e-10  # of the official program: a perfect answer has an F1 of 0.99999999995


def inside(mask: np.ndarray, x: float, y: float) -> bool:
    """Tells whether a pixel, rounded half to even, is in a mask; what lies beside the array is not.

    Args:
        mask: bool (H, W).
        x: Column.
        y: Row.
    """
    column, row = round(x), round(y)
    height, width = mask.shape
    return bool(0 <= column < width and 0 <= row < height and mask[row, column])


def points_f1(points: np.ndarray, truth: np.ndarray, masks: Sequence[np.ndarray]) -> Scores:
    """Scores the points of one image.

    Args:
        points: (N, 2) predicted, pixels of the image.
        truth: (M, 2) true, pixels of the masks.
        masks: M masks, bool (H, W).

    Returns:
        ``precision``, ``recall`` and ``f1``: 1 for a right empty answer, 0 where one side is empty.
    """
    if not len(masks):
        value = float(not len(points))
        return {"precision": value, "recall": value, "f1": value}
    if not len(points):
        return {"precision": 0.0, "recall": 0.0, "f1": 0.0}
    pairs = zip(*optimize.linear_sum_assignment(distance.cdist(points, truth)), strict=True)
    hits = sum(inside(masks[column], *points[row].tolist()) for row, column in pairs)
    precision, recall = hits / len(points), hits / len(masks)
    f1 = 2 * precision * recall / (precision + recall + EPSILON)
    return {"precision": precision, "recall": recall, "f1": f1}


def truth_in_pixels(points: Sequence[object], masks: Sequence[np.ndarray]) -> np.ndarray:
    """Turns true points in per cent into pixels of the MASKS, which may be of another size than the image.

    Args:
        points: ``{"x": …, "y": …}`` each, per cent.
        masks: The masks; the first one gives the size.

    Returns:
        (M, 2).
    """
    if not len(masks):
        return np.zeros((0, 2))
    height, width = masks[0].shape
    per_cent = np.array([[point["x"], point["y"]] for point in points], np.float64)  # type: ignore[index]
    return per_cent * [width, height] / 100
