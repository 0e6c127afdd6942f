"""How far points move when a model is stored in fewer bits.

Two models answer queries about the bundled probe images (`molmo_act/quantization/probes`, made by `python -m
model.data.probes`), and their points are compared in pixels of the images.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from molmo_act.outputs.points import Points

PROBES = Path(__file__).parent / "probes"
FAR_PX = 28.0
"""Points farther apart than this are not the same point moved, but one lost and another added."""


@dataclass(frozen=True)
class Drift:
    """What changed between the answers of two models to the same queries.

    Attributes:
        queries: Number of queries.
        points: Number of points of the reference.
        px: float64 (M,), distance in pixels of each point that both found, ascending.
        lost: Number of points that only the reference found.
        added: Number of points that only the other model found.
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
        """Largest distance in pixels; infinite when a point was lost or added."""
        if self.lost or self.added:
            return float("inf")
        return float(self.px[-1]) if len(self.px) else 0.0

    @property
    def median_px(self) -> float:
        """Median distance in pixels of the points that both found; NaN when there are none."""
        return float(np.median(self.px)) if len(self.px) else float("nan")

    def __str__(self) -> str:
        return (
            f"{self.points} points of {self.queries} queries: moved by {self.median_px:.2f} px (median), "
            f"{self.px[-1] if len(self.px) else 0.0:.2f} px (most), {self.lost} lost, {self.added} added, "
            f"scores changed by {self.score_change:.3f}"
        )


class PointsAtQueries(Protocol):
    """A model that points: `PointingModel`."""

    def point(self, image: Path, query: list[str]) -> list[Points]:
        """Points at what queries name on one image, see `PointingModel.point`.

        Args:
            image: Path of the image.
            query: What to find, in words.

        Returns:
            A list of `Points`, one entry per query.
        """


def answer_probes(model: PointsAtQueries) -> list[Points]:
    """Asks a model about the probe images.

    Args:
        model: The model.

    Returns:
        The points of every query, in pixels of the images.
    """
    probes = json.loads((PROBES / "probes.json").read_text(encoding="utf-8"))
    return [points for probe in probes for points in model.point(PROBES / probe["image"], probe["queries"])]


def quantization_report(model: PointsAtQueries, reference: PointsAtQueries) -> Drift:
    """Compares two models on the probe images.

    Args:
        model: The model in question.
        reference: The model that counts as right.

    Returns:
        How far the points of the model are from those of the reference.
    """
    return measure_drift(answer_probes(reference), answer_probes(model))


def measure_drift(reference: Sequence[Points], other: Sequence[Points]) -> Drift:
    """Compares the answers of two models to the same queries, nearest points first.

    Args:
        reference: Points of the model that counts as right, one entry per query.
        other: Points of the other model, in the same order.

    Returns:
        What changed.
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
