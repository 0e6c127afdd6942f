"""How far points move when a model is stored in fewer bits; knows Points, no network.

Two models answer the bundled probe pictures (`molmo_act/probes`, made by `python -m model.data.make_probes`),
and their points are compared in pixels of the pictures.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from molmo_act.points import Points

PROBES = Path(__file__).parent / "probes"
FAR_PX = 28.0
"""Points farther apart than this are not the same point moved, but one lost and another added."""


@dataclass(frozen=True)
class Drift:
    """What changed between two models on the same questions.

    Attributes:
        queries: Questions asked.
        points: Points of the reference.
        px: float (matched,), distance of each point that both found, pixels, ascending.
        lost, added: Points that only the reference, or only the other model found.
        score_change: Mean absolute difference of the scores of points that both found.
    """

    queries: int
    points: int
    px: np.ndarray
    lost: int
    added: int
    score_change: float

    @property
    def worst_px(self) -> float:
        """Largest distance; infinite when a point was lost or added."""
        if self.lost or self.added:
            return float("inf")
        return float(self.px[-1]) if len(self.px) else 0.0

    @property
    def median_px(self) -> float:
        """Median distance of the points that both found; NaN when there are none."""
        return float(np.median(self.px)) if len(self.px) else float("nan")

    def __str__(self) -> str:
        return (
            f"{self.points} points of {self.queries} queries: moved by {self.median_px:.2f} px (median), "
            f"{self.px[-1] if len(self.px) else 0.0:.2f} px (most), {self.lost} lost, {self.added} added, "
            f"scores changed by {self.score_change:.3f}"
        )


class Prober(Protocol):
    """A model that can be asked: `PointingModel`."""

    def point(self, image: Any, query: Sequence[str]) -> Any:
        """Points of several queries about a picture."""


def answer_probes(model: Prober) -> list[Points]:
    """Answers to all probe questions."""
    probes = json.loads((PROBES / "probes.json").read_text(encoding="utf-8"))
    return [points for probe in probes for points in model.point(PROBES / probe["picture"], probe["queries"])]


def quantization_report(model: Prober, reference: Prober) -> Drift:
    """Compares two models on the probe pictures.

    Args:
        model: The one in question.
        reference: The one that counts as right.
    """
    return measure_drift(answer_probes(reference), answer_probes(model))


def measure_drift(reference: Sequence[Points], other: Sequence[Points]) -> Drift:
    """Compares two models' answers to the same questions, nearest points first.

    Args:
        reference: Of the model that counts as right.
        other: Of the other one, in the same order.
    """
    distances: list[float] = []
    changes: list[float] = []
    lost = added = 0
    for ours, theirs in zip(reference, other, strict=True):
        pairs = _pairs(ours.xy, theirs.xy)
        distances += [distance for _, _, distance in pairs]
        changes += [abs(float(ours.score[i] - theirs.score[j])) for i, j, _ in pairs]
        lost, added = lost + len(ours) - len(pairs), added + len(theirs) - len(pairs)
    return Drift(
        queries=len(reference),
        points=sum(map(len, reference)),
        px=np.sort(np.array(distances)),
        lost=lost,
        added=added,
        score_change=float(np.mean(changes)) if changes else 0.0,
    )


def _pairs(ours: np.ndarray, theirs: np.ndarray) -> list[tuple[int, int, float]]:
    """(index, index, distance) of points that are the same, each used once, nearest first."""
    apart = np.linalg.norm(ours[:, None] - theirs[None], axis=-1)
    pairs: list[tuple[int, int, float]] = []
    for flat in np.argsort(apart, axis=None, kind="stable"):
        i, j = (int(index) for index in np.unravel_index(flat, apart.shape))
        if apart[i, j] > FAR_PX:
            break
        if all(i != a and j != b for a, b, _ in pairs):
            pairs.append((i, j, float(apart[i, j])))
    return pairs
