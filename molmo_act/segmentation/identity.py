"""Which object of one sampled frame is which of the next: numbers that objects keep through a video."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from molmo_act._optional import import_optional
from molmo_act.outputs.points import Points
from molmo_act.segmentation.fusion import overlap
from molmo_act.tracking.config import VIDEO_EXTRA

if TYPE_CHECKING:
    from typing_extensions import Self

SAME = 0.3
"""Agreement from which what was seen on two sampled frames is one object; where both are one, it is far
higher, and where they are two, masks only touch."""


@dataclass(frozen=True, eq=False)
class SampledObjects:
    """What the model pointed at on a sampled frame.

    Attributes:
        xy: float64 (N, 2), pixels within the frame.
        score: float32 (N,), of the model.
        query: N queries that named them.
        object_id: int64 (N,); 0 where it is not known yet.
        truncated: Whether an answer stopped before it was complete.
    """

    xy: np.ndarray
    score: np.ndarray
    query: tuple[str, ...]
    object_id: np.ndarray
    truncated: bool = False

    @classmethod
    def of(cls, answers: Sequence[Points], image: np.ndarray) -> Self:
        """Takes the answers about a frame; points are moved into it by what rounding carried them out.

        Args:
            answers: The points of each query.
            image: uint8 RGB (H, W, 3).

        Returns:
            All of them.
        """
        most = np.nextafter([image.shape[1], image.shape[0]], 0)
        places = [points.xy.astype(np.float64).reshape(-1, 2) for points in answers]
        xy = np.clip(np.concatenate([np.zeros((0, 2)), *places]), 0, most)
        return cls(
            xy=xy,
            score=np.concatenate([np.zeros(0, np.float32), *(points.score for points in answers)]),
            query=tuple(points.query for points in answers for _ in range(len(points))),
            object_id=np.zeros(len(xy), np.int64),
            truncated=any(points.truncated for points in answers),
        )

    def __len__(self) -> int:
        return len(self.xy)

    def select(self, rows: Sequence[int]) -> Self:
        """Gives the same with only these rows."""
        chosen = np.array(rows, np.int64)
        return replace(
            self,
            xy=self.xy[chosen],
            score=self.score[chosen],
            query=tuple(self.query[row] for row in rows),
            object_id=self.object_id[chosen],
        )

    def at(self, xy: np.ndarray) -> Self:
        """Gives the same at other points, (N, 2) pixels."""
        return replace(self, xy=xy)

    @classmethod
    def join(cls, one: Self, other: Self) -> Self:
        """Gives the objects of both, one after the other."""
        return cls(
            xy=np.concatenate([one.xy, other.xy]),
            score=np.concatenate([one.score, other.score]),
            query=one.query + other.query,
            object_id=np.concatenate([one.object_id, other.object_id]),
            truncated=one.truncated or other.truncated,
        )

    def distinct(self, masks: np.ndarray, agreement: float) -> list[int]:
        """Finds objects that were pointed at twice: of points of one query with one mask the best stays.

        Args:
            masks: bool (N, H, W), of each object on this frame.
            agreement: Intersection over union from which two masks are of one object.

        Returns:
            The rows to keep, in order.
        """
        kept: list[int] = []
        for row in np.argsort(-np.nan_to_num(self.score), kind="stable").tolist():
            others = (one for one in kept if self.query[one] == self.query[row] and masks[one].any())
            if all(overlap(masks[row], masks[other]) < agreement for other in others):
                kept.append(row)
        return sorted(kept)


def tube_overlap(forwards: np.ndarray, backwards: np.ndarray) -> np.ndarray:
    """Measures how much masks of two sets agree on all frames together.

    Args:
        forwards: bool (N, T, H, W).
        backwards: bool (M, T, H, W).

    Returns:
        float64 (N, M), intersection over union; 0 where both are empty.
    """
    found = np.zeros((len(forwards), len(backwards)))
    for row, one in enumerate(forwards):
        for column, other in enumerate(backwards):
            union = np.count_nonzero(one | other)
            found[row, column] = np.count_nonzero(one & other) / union if union else 0.0
    return found


def contains(masks: np.ndarray, xy: np.ndarray) -> np.ndarray:
    """Says which points lie in which masks.

    Args:
        masks: bool (N, H, W).
        xy: (M, 2), pixels.

    Returns:
        float64 (N, M), 1 or 0.
    """
    columns, rows = xy.astype(np.int64).T
    return masks[:, rows, columns].astype(np.float64)


class Identities:
    """Numbers objects from 1 in the order in which they are seen.

    As long as no sampled frame showed two objects of a query, every one is that one object, however far it
    has moved, as for `StreamingTracker`. Otherwise an object keeps its number from one sampled frame to the
    next where its masks agree; so does one that sampled frames in between did not show.
    """

    def __init__(self) -> None:
        self._next = 1
        self._only: dict[str, int] = {}  # the object of each query, while there is only one
        self._several: set[str] = set()

    def number(self, right: SampledObjects, *candidates: tuple[SampledObjects, np.ndarray]) -> SampledObjects:
        """Numbers the objects of a sampled frame.

        Args:
            right: The objects.
            candidates: Numbered objects that they may be, those of the sampled frame before first, each with
                float64 (len(objects), len(right)), in [0, 1]: how much speaks for one object.

        Returns:
            `right`, numbered.
        """
        self._several |= {query for query, count in Counter(right.query).items() if count > 1}
        numbers = np.zeros(len(right), np.int64)
        for objects, agreement in candidates:
            free = np.where(numbers == 0, agreement, 0.0)
            for row, column in _pairs(objects, right, free):
                numbers[column] = objects.object_id[row]
        for column, query in enumerate(right.query):
            if not numbers[column] and query not in self._several:
                numbers[column] = self._only.get(query, 0)
            if not numbers[column]:
                numbers[column], self._next = self._next, self._next + 1
            self._only.setdefault(query, int(numbers[column]))
        return replace(right, object_id=numbers)


def _pairs(left: SampledObjects, right: SampledObjects, agreement: np.ndarray) -> list[tuple[int, int]]:
    """Rows and columns that are one object: the pairing of the greatest agreement."""
    same_query = np.array(left.query, object)[:, None] == np.array(right.query, object)[None]
    worth = np.where(same_query, agreement, 0.0)
    optimize = import_optional("scipy.optimize", **VIDEO_EXTRA)
    rows, columns = optimize.linear_sum_assignment(worth, maximize=True)
    pairs = zip(rows.tolist(), columns.tolist(), strict=True)
    return [(row, column) for row, column in pairs if worth[row, column] >= SAME]
