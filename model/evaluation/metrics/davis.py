"""J and F of whole videos, by the rules of DAVIS-2017, MeViS and ReasonVOS.

Conventions of the official programs that look odd and are kept: the number of objects is the largest label of
the first true frame; the semi-supervised task drops the first and the last frame, and takes void pixels for
background; the unsupervised task matches predicted objects to true ones by their scores, so that a wrong link
of an expression to an object costs nothing, and lists scores in the order of the predicted objects. MeViS
scores a missing prediction 0, ReasonVOS leaves it out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from model.evaluation.metrics.segmentation import contour_accuracy, region_similarity
from molmo_act._optional import lazy_import
from molmo_act.errors import InputError

optimize = lazy_import("scipy.optimize", extra="train", purpose="evaluation")

VOID = 255
"""Label of pixels that belong to no object and to no background."""
MOST_PROPOSALS = 20
"""Most predicted objects of the unsupervised task."""
_BINS = 4  # quarters of a video, for decay


@dataclass(frozen=True)
class Statistics:
    """How a score runs over a video.

    Attributes:
        mean: Mean over frames.
        recall: Share of frames above 0.5.
        decay: Mean of the first quarter less that of the last.
    """

    mean: float
    recall: float
    decay: float


@dataclass(frozen=True)
class VideoScore:
    """J and F of one object, or of one expression, over the frames of a video."""

    j: Statistics
    f: Statistics

    @property
    def jf(self) -> float:
        """Mean of J and F."""
        return (self.j.mean + self.f.mean) / 2


def statistics(values: Sequence[float] | np.ndarray) -> Statistics:
    """Mean, recall and decay of a score over frames.

    The official program counts frames in 8 bits, so that its decay is NaN from 256 frames on; here it is the
    decay.

    Args:
        values: Score of each frame, at least one.
    """
    scores = np.asarray(values, float)
    edges = (np.round(np.linspace(1, len(scores), _BINS + 1) + 1e-10) - 1).astype(int)
    first, last = scores[edges[0] : edges[1] + 1], scores[edges[-2] : edges[-1] + 1]
    return Statistics(float(scores.mean()), float((scores > 0.5).mean()), float(first.mean() - last.mean()))


def frame_scores(
    found: np.ndarray, truth: np.ndarray, void: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """J and F of every frame.

    Args:
        found: Predicted masks, bool (T, H, W).
        truth: True masks, bool (T, H, W).
        void: Pixels that count for neither, bool (T, H, W); None for none.

    Returns:
        Two arrays float (T,).
    """
    if void is not None:
        found, truth = found & ~void, truth & ~void
    pairs = list(zip(found, truth, strict=True))
    return (
        np.array([region_similarity(*pair) for pair in pairs]),
        np.array([contour_accuracy(*pair) for pair in pairs]),
    )


def semi_supervised(labels: np.ndarray, truth: np.ndarray) -> list[VideoScore]:
    """Scores a video whose objects were given on the first frame.

    Args:
        labels: Predicted number of the object at each pixel, 0 for none, uint8 (T, H, W), at least 3 frames.
        truth: The same of the truth, where `VOID` becomes background.

    Returns:
        Scores of the objects 1, 2 and so on.

    Raises:
        InputError: More objects were predicted than there are.
    """
    wanted = _objects(truth, _largest(truth[0]))[:, 1:-1]
    found = _objects(labels, int(labels.max(initial=0)))[:, 1:-1]
    if len(found) > len(wanted):
        raise InputError(f"Object {len(found)} was predicted, but the first frame has {len(wanted)} objects.")
    found = _padded(found, len(wanted))
    return [_video_score(*frame_scores(*pair)) for pair in zip(found, wanted, strict=True)]


def unsupervised(labels: np.ndarray, truth: np.ndarray) -> list[VideoScore]:
    """Scores a video whose objects were to be found.

    Args:
        labels: See `semi_supervised`.
        truth: See `semi_supervised`; pixels that are `VOID` count for neither side.

    Returns:
        One score for each true object, in the order of the predicted objects that were matched.

    Raises:
        InputError: More than `MOST_PROPOSALS` objects were predicted.
    """
    wanted = _objects(truth, _largest(truth[0]))
    found = _objects(labels, int(labels.max(initial=0)))
    if len(found) > MOST_PROPOSALS:
        raise InputError(f"{len(found)} objects were predicted; expected {MOST_PROPOSALS} at most.")
    found = _padded(found, len(wanted))
    void = truth == VOID
    scores = [[frame_scores(one, other, void) for other in wanted] for one in found]
    means = np.array([[(j.mean() + f.mean()) / 2 for j, f in row] for row in scores])
    if not means.size:
        return []
    pairs = zip(*optimize.linear_sum_assignment(-means), strict=True)
    return [_video_score(*scores[row][column]) for row, column in pairs]


def expression(found: np.ndarray | None, truth: np.ndarray) -> tuple[float, float] | None:
    """J and F of one expression, all objects together, as MeViS and ReasonVOS score it.

    Args:
        found: Predicted masks, bool (T, H, W); None where there is no prediction.
        truth: True masks, bool (T, H, W).

    Returns:
        Means over all frames, also those where nothing is to be found; None without a prediction, which MeViS
        counts as (0, 0) and ReasonVOS leaves out.
    """
    if found is None:
        return None
    j, f = frame_scores(found, truth)
    return float(j.mean()), float(f.mean())


def _video_score(j: np.ndarray, f: np.ndarray) -> VideoScore:
    return VideoScore(statistics(j), statistics(f))


def _largest(labels: np.ndarray) -> int:
    return int(labels[labels != VOID].max(initial=0))


def _objects(labels: np.ndarray, number: int) -> np.ndarray:
    """bool (objects, T, H, W)."""
    return labels[None] == np.arange(1, number + 1)[:, None, None, None]


def _padded(masks: np.ndarray, number: int) -> np.ndarray:
    missing = max(0, number - len(masks))
    return np.concatenate([masks, np.zeros((missing, *masks.shape[1:]), bool)])
