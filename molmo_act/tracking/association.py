"""Which sighting is which object: least total cost by place, look and what the model saw (Hungarian).

Knows no frames and no model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from molmo_act.tracking.appearance import likeness
from molmo_act.tracking.packages import assignment

LEAST_LIKENESS_NEAR = 0.05
"""Of what is where it was expected; on its rim or half hidden, a thing looks little like itself."""
LEAST_LIKENESS_FAR = 0.4  # of an object that turns up elsewhere
FLOW_MISTAKE = 4.0  # reaches by which flow may have gone astray; only a lost object may be further off
_LOST = 1.0  # costs what one reach does: what is followed has the first claim on what is seen near it
_FAR = 4.0  # costs more than any pair that is near
_NEVER = 1e6


@dataclass(frozen=True, eq=False)
class Candidate:
    """Something seen, or something expected.

    Attributes:
        query: What named it; only candidates of one query are paired.
        xy: (2,), pixels; of an object, where it is expected.
        look: See `appearance.look`.
        features: (D,), what the model saw there, see `Points.features`; None where it does not say.
        reach: How far off it may be and still be near, in pixels. Of an object only.
        lost: Whether it was lost, so that it may turn up anywhere. Of an object only.
        gone: Whether that was so long ago that its look alone tells it from others. Of an object only.
        only: Whether the model never saw two such things at once, so that until this one is gone, whatever it
            sees is this one, wherever it is and however it looks. Of an object only.
    """

    query: str | None
    xy: np.ndarray
    look: np.ndarray
    features: np.ndarray | None = None
    reach: float = 0.0
    lost: bool = False
    gone: bool = False
    only: bool = False


def associate(seen: Sequence[Candidate], expected: Sequence[Candidate]) -> list[tuple[int, int]]:
    """Pairs of indices (into `seen`, into `expected`), each index at most once.

    Args:
        seen: What the model pointed at on one frame.
        expected: The objects that are followed.
    """
    if not seen or not expected:
        return []
    costs = np.array([[_cost(sighting, known) for known in expected] for sighting in seen])
    rows, columns = assignment()(costs)
    return [(int(i), int(j)) for i, j in zip(rows, columns, strict=True) if costs[i, j] < _NEVER]


def _cost(sighting: Candidate, known: Candidate) -> float:
    if sighting.query != known.query:
        return _NEVER
    alike = likeness(sighting.look, known.look)
    away = float(np.linalg.norm(sighting.xy - known.xy)) / known.reach
    unlike = 1 - alike + 1 - cosine(sighting.features, known.features) + _LOST * known.lost
    if away <= 1 and alike >= _least_likeness_near(known):
        return away + unlike
    whatever = known.only and not known.gone
    if whatever or ((known.lost or away <= FLOW_MISTAKE) and alike >= LEAST_LIKENESS_FAR):
        return _FAR + unlike + away / (1 + away)
    return _NEVER


def _least_likeness_near(known: Candidate) -> float:
    if known.gone:
        return LEAST_LIKENESS_FAR
    # Half hidden behind what it was lost at, a thing need not look like itself at all.
    return 0.0 if known.lost else LEAST_LIKENESS_NEAR


def cosine(first: np.ndarray | None, second: np.ndarray | None) -> float:
    """How alike the model saw two places, in [0, 1]; 1 where that is not known.

    It says which of several is more alike, not whether two are one: that differs from model to model.
    """
    if first is None or second is None or first.shape != second.shape:
        return 1.0
    sizes = float(np.linalg.norm(first) * np.linalg.norm(second))
    return max(0.0, float(first @ second) / sizes) if sizes else 1.0
