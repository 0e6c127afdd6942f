"""How good predicted points are, against targets with masks or boxes; knows no model and no picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from model.data.sample import Target


@dataclass(frozen=True)
class QueryScore:
    """One query's outcome.

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
        """Harmonic mean of precision and recall; 1 for a rightly empty answer."""
        total = self.predicted + self.wanted
        return 2 * self.hits / total if total else 1.0


def score_query(xy: np.ndarray, targets: Sequence[Target]) -> QueryScore:
    """Pairs points with targets by least total distance (Hungarian) and counts pairs that hit.

    Args:
        xy: (N, 2) predicted points, pixels.
        targets: What was asked for.
    """
    first = bool(len(xy)) and any(target.contains(*xy[0]) for target in targets)
    if not len(xy) or not targets:
        return QueryScore(0, len(xy), len(targets), first)
    wanted = np.array([target.point for target in targets])
    distance = np.linalg.norm(xy[:, None] - wanted[None], axis=-1)
    pairs = zip(*linear_sum_assignment(distance), strict=True)
    hits = sum(targets[column].contains(*xy[row]) for row, column in pairs)
    return QueryScore(hits, len(xy), len(targets), first)


def summarise(scores: Sequence[QueryScore]) -> dict[str, float]:
    """Means: F1 and hit rate of queries with targets, and how many absent ones were answered with nothing.

    What there are no queries for has no entry.
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
