"""Precision, recall and F1 of points against masks, as PixMo-Points is scored.

Points and true points are paired by the least total distance (Hungarian algorithm), however far apart; a pair
is a hit where the predicted pixel, rounded half to even, lies in the mask of the paired object. A point on
another object's mask is none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import numpy as np

from model.evaluation.benchmark import Scores
from model.evaluation.metrics.matching import PointScore, assign, inside


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
        return asdict(PointScore.all(float(not len(points))))
    if not len(points):
        return asdict(PointScore.all(0.0))
    hits = sum(inside(masks[column], *points[row].tolist()) for row, column in assign(points, truth))
    return asdict(PointScore.of(hits, len(points), len(masks)))


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
