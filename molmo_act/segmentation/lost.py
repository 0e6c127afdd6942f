"""Objects that a sampled frame did not show: followed in silence, to be known when one does again."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from molmo_act._optional import import_optional
from molmo_act.segmentation.fusion import overlap
from molmo_act.segmentation.identity import SampledObjects, contains, tube_overlap
from molmo_act.tracking.config import VIDEO_EXTRA

if TYPE_CHECKING:
    from typing_extensions import Self

PATIENCE = 3
"""Sampled frames that may miss an object until its mask is no longer propagated; its place is remembered."""
MOST = 32
"""Lost objects that are remembered: of more, those that were seen last."""


@dataclass(frozen=True, eq=False)
class LostObjects:
    """Objects that the newest sampled frame did not show.

    Attributes:
        objects: Numbered; their points lie within their masks.
        masks: bool (N, H, W), the newest mask of each that was not empty.
        misses: int64 (N,), how many sampled frames did not show it; `PATIENCE` and more for those that are
            not followed, as their masks became empty.
    """

    objects: SampledObjects
    masks: np.ndarray
    misses: np.ndarray

    @classmethod
    def none(cls, image: np.ndarray) -> Self:
        """No objects, on frames like this one."""
        return cls(SampledObjects.of([], image), np.zeros((0, *image.shape[:2]), bool), np.zeros(0, np.int64))

    @property
    def followed(self) -> list[int]:
        """Rows of those whose masks are propagated."""
        return np.flatnonzero(self.misses < PATIENCE).tolist()

    def agreement(self, tubes: np.ndarray, right: SampledObjects, backwards: np.ndarray | None) -> np.ndarray:
        """Measures what speaks for each lost object being one of a sampled frame.

        Args:
            tubes: bool (followed, T, H, W), masks of those that are followed, up to the sampled frame.
            right: The objects of the sampled frame.
            backwards: bool (len(right), T, H, W), propagated from it; None if they are not.

        Returns:
            float64 (N, len(right)): by the masks of those that are followed, else by the place where each was
            seen last.
        """
        found = _at_place(self._newest(tubes), right, backwards)
        if self.followed and backwards is not None:
            found[self.followed] = np.maximum(found[self.followed], tube_overlap(tubes, backwards))
        return found

    def after(
        self, tubes: np.ndarray, left: SampledObjects, forwards: np.ndarray, seen: Collection[int]
    ) -> LostObjects:
        """Says what is lost at the next sampled frame.

        Args:
            tubes: See `agreement`.
            left: The objects of the sampled frame before.
            forwards: bool (len(left), T, H, W), their masks up to the next sampled frame.
            seen: Numbers of the objects that it shows.

        Returns:
            Those that it does not show.
        """
        misses = self.misses + 1
        ended = [row for row, tube in zip(self.followed, tubes, strict=True) if not tube[-1].any()]
        misses[ended] = PATIENCE
        known = [row for row, tube in enumerate(forwards) if tube.any()]
        newest = np.array([_newest(forwards[row]) for row in known], bool)
        objects = SampledObjects.join(self.objects, left.select(known))
        masks = np.concatenate([self._newest(tubes), newest.reshape(-1, *self.masks.shape[1:])])
        begin = [0 if forwards[row, -1].any() else PATIENCE for row in known]
        misses = np.concatenate([misses, np.array(begin, np.int64)])
        kept = [row for row, number in enumerate(objects.object_id.tolist()) if number not in seen][-MOST:]
        kept_masks = masks[kept]
        return LostObjects(objects.select(kept).at(_points_inside(kept_masks)), kept_masks, misses[kept])

    def _newest(self, tubes: np.ndarray) -> np.ndarray:
        masks = self.masks.copy()
        for row, tube in zip(self.followed, tubes, strict=True):
            if tube.any():
                masks[row] = _newest(tube)
        return masks


def vanished_agreement(
    forwards: np.ndarray, right: SampledObjects, backwards: np.ndarray | None
) -> np.ndarray:
    """Measures what speaks for each object whose mask became empty on the way being one of a sampled frame.

    Args:
        forwards: bool (N, T, H, W), masks from the sampled frame before up to this one.
        right: The objects of the sampled frame.
        backwards: bool (len(right), T, H, W), propagated from it; None if they are not.

    Returns:
        float64 (N, len(right)): by the place where each was seen last; 0 for those with a mask at the end.
    """
    found = np.zeros((len(forwards), len(right)))
    rows = [row for row, tube in enumerate(forwards) if tube.any() and not tube[-1].any()]
    if rows:
        found[rows] = _at_place(np.array([_newest(forwards[row]) for row in rows]), right, backwards)
    return found


def _at_place(masks: np.ndarray, right: SampledObjects, backwards: np.ndarray | None) -> np.ndarray:
    """How well each mask, bool (N, H, W), fits each object of a sampled frame: float64 (N, len(right))."""
    if backwards is None:
        return contains(masks, right.xy)
    found = np.array([[overlap(mask, other[-1]) for other in backwards] for mask in masks])
    return found.reshape(len(masks), len(right))


def _newest(tube: np.ndarray) -> np.ndarray:
    """The last mask of an object along the time that is not empty."""
    mask: np.ndarray = next(mask for mask in tube[::-1] if mask.any())
    return mask


def _points_inside(masks: np.ndarray) -> np.ndarray:
    """The pixel of each mask that is farthest from its boundary: float64 (N, 2), at its centre."""
    points = np.zeros((len(masks), 2))
    for row, mask in enumerate(masks):
        ndimage = import_optional("scipy.ndimage", **VIDEO_EXTRA)
        depth = ndimage.distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1]
        points[row] = np.array(np.unravel_index(depth.argmax(), mask.shape))[::-1] + 0.5
    return points
