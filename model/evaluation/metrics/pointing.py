"""Scores predicted points against targets with masks or boxes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from model.data.schema import Target
from molmo_act._optional import lazy_import

optimize = lazy_import("scipy.optimize", extra="train", purpose="evaluation")


@dataclass(frozen=True)
class QueryScore:
    """The outcome of one query.

    Attributes:
        hits: Predicted points that lie on their target, each target counted once.
        predicted: Number of predicted points.
        wanted: Number of targets.
        first_hit: Whether the first predicted point lies on any target.
    """

    hits: int
    predicted: int
    wanted: int
    first_hit: bool

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; 1 for a correct empty answer."""
        total = self.predicted + self.wanted
        return 2 * self.hits / total if total else 1.0


def score_query(xy: np.ndarray, targets: Sequence[Target]) -> QueryScore:
    """Assigns points to targets by least total distance (Hungarian) and counts the pairs that hit.

    Args:
        xy: (N, 2) predicted points, pixels.
        targets: The targets of the query.
    """
    first = bool(len(xy)) and any(target.contains(*xy[0]) for target in targets)
    if not len(xy) or not targets:
        return QueryScore(0, len(xy), len(targets), first)
    wanted = np.array([target.point for target in targets])
    distance = np.linalg.norm(xy[:, None] - wanted[None], axis=-1)
    pairs = zip(*optimize.linear_sum_assignment(distance), strict=True)
    hits = sum(targets[column].contains(*xy[row]) for row, column in pairs)
    return QueryScore(hits, len(xy), len(targets), first)


def summarise(scores: Sequence[QueryScore]) -> dict[str, float]:
    """Returns mean F1 and hit rate of queries with targets, and the accuracy on absent targets.

    A metric without queries has no entry.
    """
    present = [score for score in scores if score.wanted]
    absent = [score for score in scores if not score.wanted]
    found: dict[str, float] = {"queries": len(scores), "absent_queries": len(absent)}
    if present:
        found["f1"] = _mean([score.f1 for score in present])
        found["hit_rate"] = _mean([score.first_hit for score in present])
    if absent:
        found["absent_accuracy"] = _mean([not score.predicted for score in absent])
    return found


def _mean(values: Sequence[float]) -> float:
    return round(float(np.mean(values)), 4)
