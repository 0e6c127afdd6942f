"""Points on some frames of a video → masks on all of them, and back. Knows no words and no pointing model.

A mask that is carried along a video gets worse on the way. Between two frames with points it can be carried
from both ends; where both arrive, they are fused (bidirectional temporal mask fusion: VideoMolmo, arXiv
2506.05336). Who carries is a `MaskPropagator`: SAM 2 (`molmo_act.sam2_masks`), or GrabCut, without weights.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from molmo_act.errors import InputError
from molmo_act.tracking.frames import FlowFrame
from molmo_act.tracking.packages import opencv
from molmo_act.tracking.propagation import carry, take_up
from molmo_act.tracking.regions import flood

AGREEMENT = 0.7  # intersection over union from which two masks count as the same thing


class MaskPropagator(Protocol):
    """Carries a mask along a video."""

    def __call__(self, frames: Sequence[np.ndarray], xy: np.ndarray) -> np.ndarray:
        """Masks of the thing at a point.

        Args:
            frames: uint8 RGB (H, W, 3), in order.
            xy: (2,), the point on the first frame, in pixels, pixel centres at +0.5.

        Returns:
            bool (T, H, W); empty on frames where the thing is not to be seen.
        """


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    """Intersection over union of two bool masks of one shape; 1 when both are empty."""
    union = np.count_nonzero(one | other)
    return np.count_nonzero(one & other) / union if union else 1.0


def fuse(left: np.ndarray, right: np.ndarray, *, agreement: float = AGREEMENT) -> np.ndarray:
    """Joins a mask that came from before with one that came from after.

    Where they agree, what both contain is kept, since each spills over in its own way. Where they do not, one
    of them lost part of the thing, and their union is kept. Where one is empty, the other one counts.

    Args:
        left: bool (H, W), carried forwards.
        right: bool (H, W), carried backwards.
        agreement: Intersection over union from which they agree.

    Returns:
        bool (H, W).

    Raises:
        InputError: The masks differ in shape.
    """
    if left.shape != right.shape:
        raise InputError(
            f"Masks of shape {left.shape} and {right.shape} cannot be fused; expected one shape."
        )
    if not left.any() or not right.any():
        return left | right
    return left & right if overlap(left, right) >= agreement else left | right


def masks_between(
    propagate: MaskPropagator,
    frames: Sequence[np.ndarray],
    points: Mapping[int, np.ndarray],
    *,
    agreement: float = AGREEMENT,
) -> np.ndarray:
    """Masks of one thing on all frames, from points on some of them.

    Args:
        propagate: Who carries masks.
        frames: uint8 RGB (H, W, 3), in order, of one size.
        points: Index of a frame → (2,) where the thing is on it, in pixels, pixel centres at +0.5.
        agreement: See `fuse`.

    Returns:
        bool (T, H, W).

    Raises:
        InputError: There is no point, or one on a frame that is not there or outside of it.
    """
    _check(frames, points)
    seeded = sorted(points)
    height, width = frames[0].shape[:2]
    found = np.zeros((len(frames), height, width), bool)
    first, last = seeded[0], seeded[-1]
    found[: first + 1] = propagate(frames[first::-1], points[first])[::-1]
    found[last:] = propagate(frames[last:], points[last])
    for start, end in itertools.pairwise(seeded):
        part = frames[start : end + 1]
        forwards = propagate(part, points[start])
        backwards = propagate(part[::-1], points[end])[::-1]
        found[start] = forwards[0]
        for index in range(1, len(part) - 1):
            found[start + index] = fuse(forwards[index], backwards[index], agreement=agreement)
    return found


def _check(frames: Sequence[np.ndarray], points: Mapping[int, np.ndarray]) -> None:
    if not points:
        raise InputError("No frame has a point; expected at least one to start a mask from.")
    for index, (x, y) in points.items():
        if not 0 <= index < len(frames):
            raise InputError(f"A point lies on frame {index}; the video has {len(frames)}, counted from 0.")
        height, width = frames[index].shape[:2]
        if not (0 <= x < width and 0 <= y < height):
            raise InputError(
                f"The point ({x}, {y}) lies outside of frame {index} of {width}×{height} pixels."
            )


# --- GrabCut ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class GrabCut:
    """Carries masks without a model: optical flow moves them, GrabCut fits them to every frame.

    Attributes:
        rounds: Of GrabCut on every frame.
        give: Pixels by which an edge may move from frame to frame.
    """

    rounds: int = 1
    give: int = 3

    def __call__(self, frames: Sequence[np.ndarray], xy: np.ndarray) -> np.ndarray:
        height, width = frames[0].shape[:2]
        masks = np.zeros((len(frames), height, width), bool)
        before = FlowFrame.of(0, 0.0, frames[0])
        point = take_up(before, np.asarray(xy, np.float64) * before.scale)
        region, left, top = flood(frames[0], np.asarray(xy))
        masks[0, top : top + region.shape[0], left : left + region.shape[1]] = region
        for index in range(1, len(frames)):
            after = FlowFrame.of(index, float(index), frames[index])
            [moved] = carry(before, after, [point])
            if moved is None:
                break
            shift = (moved.xy - point.xy) / before.scale
            masks[index] = self._fit(frames[index], masks[index - 1], shift)
            before, point = after, moved
        return masks

    def _fit(self, frame: np.ndarray, mask: np.ndarray, shift: np.ndarray) -> np.ndarray:
        """A mask moved by `shift` (2,) pixels and fitted to a frame."""
        cv2 = opencv()
        height, width = mask.shape
        matrix = np.array([[1, 0, shift[0]], [0, 1, shift[1]]])
        moved = cv2.warpAffine(mask.astype(np.uint8), matrix, (width, height), flags=cv2.INTER_NEAREST)
        if moved.sum() < 16:
            return moved.astype(bool)
        kernel = np.ones((2 * self.give + 1,) * 2, np.uint8)
        sure, outer = cv2.erode(moved, kernel), cv2.dilate(moved, kernel)
        left, top, wide, high = cv2.boundingRect(cv2.dilate(outer, kernel, iterations=2))
        part = np.s_[top : top + high, left : left + wide]
        labels = np.where(outer[part] == 0, cv2.GC_BGD, cv2.GC_PR_BGD).astype(np.uint8)
        labels[moved[part] > 0] = cv2.GC_PR_FGD
        labels[sure[part] > 0] = cv2.GC_FGD
        if not (labels == cv2.GC_BGD).any():
            return moved.astype(bool)  # it fills the frame; there is nothing to tell it from
        pixels = np.ascontiguousarray(frame[part])
        cv2.setRNGSeed(0)  # its clusters of colours begin with random ones
        cv2.grabCut(
            pixels, labels, None, np.zeros((1, 65)), np.zeros((1, 65)), self.rounds, cv2.GC_INIT_WITH_MASK
        )
        fitted = np.zeros_like(mask)
        fitted[part] = (labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD)
        return fitted


# --- masks → points -----------------------------------------------------------------------------------------


def point_of_mask(
    mask: np.ndarray,
    segment: Callable[[np.ndarray], np.ndarray],
    rng: np.random.Generator,
    *,
    candidates: int = 5,
) -> np.ndarray:
    """The point that stands for a mask best: the one from which a segmenter finds the mask again.

    Candidates are drawn with a chance that grows with their distance from the mask's edge (VideoMolmo).

    Args:
        mask: bool (H, W), at least one pixel.
        segment: A point (2,) in pixels → bool (H, W), the mask it gives.
        rng: Where the draws come from.
        candidates: How many are tried; the pixel deepest inside is always one of them.

    Returns:
        float64 (2,), in pixels, pixel centres at +0.5.

    Raises:
        InputError: The mask is empty.
    """
    if not mask.any():
        raise InputError("The mask is empty; expected at least one pixel to point at.")
    padded = np.pad(mask.astype(np.uint8), 1)  # the edge of the frame is an edge of the mask too
    depth = opencv().distanceTransform(padded, opencv().DIST_L2, 3)[1:-1, 1:-1].astype(np.float64).ravel()
    others = rng.choice(depth.size, candidates - 1, p=depth / depth.sum())
    rows, columns = np.unravel_index([int(np.argmax(depth)), *others.tolist()], mask.shape)
    points = np.stack([columns + 0.5, rows + 0.5], axis=1)
    return points[int(np.argmax([overlap(mask, segment(point)) for point in points]))]
