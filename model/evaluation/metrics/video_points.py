"""Precision, recall and F1 of points in a video, as Molmo2-VideoPoint defines them.

Conventions of the official evaluator that look odd and are kept: time, x and y are shares of the whole in per
cent, rounded to one decimal before distances are measured; a time hits only where it is exactly one for which
the matched object has a mask (there is no nearest frame).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from model.evaluation.metrics.matching import PointScore, assign, inside


def score_video_points(
    predicted: np.ndarray,
    truth: np.ndarray,
    masks: Sequence[Mapping[Any, np.ndarray]],
    duration: float,
    size: tuple[int, int],
) -> PointScore:
    """Scores one answer.

    Args:
        predicted: (N, 3), seconds and pixels (t, x, y) of each point.
        truth: (M, 3), the same of one point of each object.
        masks: Of each object: seconds → bool (H, W).
        duration: Seconds of the video, above 0.
        size: (width, height) of its frames in pixels.

    Returns:
        All 1 when nothing was wanted and nothing predicted; all 0 when one of both is empty.
    """
    if not len(truth):
        return PointScore.all(float(not len(predicted)))
    if not len(predicted):
        return PointScore.all(0.0)
    whole = np.array([duration, *size], float)
    pairs = assign(*(np.round(np.asarray(points, float) / whole * 100, 1) for points in (predicted, truth)))
    hits = 0
    for row, column in pairs:
        seconds, x, y = (float(value) for value in predicted[row])
        hits += inside(masks[column].get(seconds), x, y)
    return PointScore.of(hits, len(predicted), len(masks))
