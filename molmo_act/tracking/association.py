"""Assigns detections to tracked objects by position, appearance and features, at the least total cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from molmo_act._optional import import_optional
from molmo_act.tracking.appearance import similarity
from molmo_act.tracking.config import VIDEO_EXTRA

MIN_SIMILARITY_NEAR = 0.05
"""Of a detection where the object was expected; on its rim or half hidden, it looks little like itself."""
MIN_SIMILARITY_FAR = 0.4
"""Of a detection elsewhere."""
MAX_FLOW_ERROR = 4.0
"""Search radii by which flow may have gone astray; only a lost object may be further off."""
_LOST_COST = 1.0  # as much as one search radius: visible objects have the first claim on detections near them
_FAR_COST = 4.0  # more than any pair that is near
_IMPOSSIBLE = 1e6


@dataclass(frozen=True, eq=False)
class AssociationItem:
    """A detection, or where a tracked object is expected.

    Attributes:
        query: The query it answers; only candidates of one query are paired.
        xy: (2,), pixels of `FlowFrame.rgb`; of an object, its expected position.
        descriptor: See `appearance.appearance_descriptor`.
        features: (D,), the model's features of the patch, see `Points.features`; None where it gives none.
        search_radius: How far off a detection may be and still be near, in pixels. Of an object only.
        lost: Whether the object was lost, so that it may turn up anywhere. Of an object only.
        long_lost: Whether that was so long ago that only its appearance tells it from others. Of an object
            only.
        unique: Whether the model never detected two objects of its query at once, so that until this one is
            long lost, any detection is this one, wherever it is and however it looks. Of an object only.
    """

    query: str | None
    xy: np.ndarray
    descriptor: np.ndarray
    features: np.ndarray | None = None
    search_radius: float = 0.0
    lost: bool = False
    long_lost: bool = False
    unique: bool = False


def associate(
    detections: Sequence[AssociationItem], objects: Sequence[AssociationItem]
) -> list[tuple[int, int]]:
    """Pairs detections with objects.

    Args:
        detections: What the model pointed at on one frame.
        objects: The tracked objects as they are expected on that frame.

    Returns:
        Pairs (index into `detections`, index into `objects`); each index occurs at most once.

    Raises:
        MissingExtraError: SciPy is not installed.
    """
    if not detections or not objects:
        return []
    optimize = import_optional("scipy.optimize", **VIDEO_EXTRA)
    costs = np.array([[_cost(detection, known) for known in objects] for detection in detections])
    rows, columns = optimize.linear_sum_assignment(costs)
    return [(int(i), int(j)) for i, j in zip(rows, columns, strict=True) if costs[i, j] < _IMPOSSIBLE]


def _cost(detection: AssociationItem, known: AssociationItem) -> float:
    if detection.query != known.query:
        return _IMPOSSIBLE
    alike = similarity(detection.descriptor, known.descriptor)
    distance = float(np.linalg.norm(detection.xy - known.xy)) / known.search_radius
    unlike = 1 - alike + 1 - cosine_similarity(detection.features, known.features) + _LOST_COST * known.lost
    if distance <= 1 and alike >= _min_similarity_near(known):
        return distance + unlike
    whatever = known.unique and not known.long_lost
    if whatever or ((known.lost or distance <= MAX_FLOW_ERROR) and alike >= MIN_SIMILARITY_FAR):
        return _FAR_COST + unlike + distance / (1 + distance)
    return _IMPOSSIBLE


def _min_similarity_near(known: AssociationItem) -> float:
    if known.long_lost:
        return MIN_SIMILARITY_FAR
    # Half hidden behind what it was lost at, an object need not look like itself at all.
    return 0.0 if known.lost else MIN_SIMILARITY_NEAR


def cosine_similarity(first: np.ndarray | None, second: np.ndarray | None) -> float:
    """Compares the model's features of two patches.

    The value tells which of several patches is more alike, not whether two show the same object: that
    threshold differs from model to model.

    Args:
        first: (D,), see `Points.features`; None where they are not known.
        second: Likewise.

    Returns:
        In [0, 1]; 1 where either is not known or the lengths differ.
    """
    if first is None or second is None or first.shape != second.shape:
        return 1.0
    sizes = float(np.linalg.norm(first) * np.linalg.norm(second))
    return max(0.0, float(first @ second) / sizes) if sizes else 1.0
