"""Propagates masks without a model: optical flow moves them, GrabCut fits them to every frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from molmo_act._optional import import_optional
from molmo_act.segmentation.checks import check_frames, check_points
from molmo_act.segmentation.streams import StreamPoint, StreamSegmenter
from molmo_act.tracking.appearance import flood_fill
from molmo_act.tracking.config import VIDEO_EXTRA
from molmo_act.tracking.frame_buffer import FlowFrame
from molmo_act.tracking.optical_flow import init_point, propagate
from molmo_act.validation import check_int

_MIN_PIXELS = 16  # GrabCut cannot model the colours of a smaller mask


@dataclass(frozen=True)
class GrabCut:
    """A `MaskPropagator` and `StreamingPropagator` that begins with the region of one colour around a point.

    Attributes:
        rounds: Iterations of GrabCut on every frame.
        margin: Pixels by which an edge may move from frame to frame.

    Raises:
        InputError: A number is of the wrong kind or out of range.
    """

    rounds: int = 1
    margin: int = 3

    def __post_init__(self) -> None:
        object.__setattr__(self, "rounds", check_int("rounds", self.rounds))
        object.__setattr__(self, "margin", check_int("margin", self.margin, most=100))

    def __call__(self, frames: Sequence[np.ndarray], xy: np.ndarray) -> np.ndarray:
        """See `MaskPropagator`; masks are empty from where flow loses the point."""
        frames = check_frames(frames)
        xy = check_points("xy", xy, frames[0])
        return np.stack([self._propagated(frames, point) for point in xy])

    def stream(self) -> StreamSegmenter:
        """See `molmo_act.segmentation.propagator.StreamingPropagator`."""
        return GrabCutStream(self)

    def first(self, frame: np.ndarray, xy: np.ndarray) -> np.ndarray:
        """The region of one colour around a point.

        Args:
            frame: uint8 RGB (H, W, 3).
            xy: (2,), pixels.

        Returns:
            bool (H, W).
        """
        mask = np.zeros(frame.shape[:2], bool)
        region, left, top = flood_fill(frame, xy)
        mask[top : top + region.shape[0], left : left + region.shape[1]] = region
        return mask

    def _propagated(self, frames: Sequence[np.ndarray], xy: np.ndarray) -> np.ndarray:
        """The masks of one object, bool (T, H, W)."""
        masks = np.zeros((len(frames), *frames[0].shape[:2]), bool)
        before = FlowFrame.from_image(0, 0.0, frames[0])
        point = init_point(before, xy * before.scale)
        masks[0] = self.first(frames[0], xy)
        for index in range(1, len(frames)):
            after = FlowFrame.from_image(index, float(index), frames[index])
            [moved] = propagate(before, after, [point])
            if moved is None:
                break
            shift = (moved.xy - point.xy) / before.scale
            masks[index] = self.fit(frames[index], masks[index - 1], shift)
            before, point = after, moved
        return masks

    def fit(self, frame: np.ndarray, mask: np.ndarray, shift: np.ndarray) -> np.ndarray:
        """Moves a mask and fits it to a frame.

        Args:
            frame: uint8 RGB (H, W, 3).
            mask: bool (H, W), on the frame before it.
            shift: (2,), by how many pixels it moves.

        Returns:
            bool (H, W).
        """
        cv2 = import_optional("cv2", **VIDEO_EXTRA)
        height, width = mask.shape
        matrix = np.array([[1, 0, shift[0]], [0, 1, shift[1]]])
        moved: np.ndarray = cv2.warpAffine(
            mask.astype(np.uint8), matrix, (width, height), flags=cv2.INTER_NEAREST
        )
        if moved.sum() < _MIN_PIXELS:
            return moved.astype(bool)
        kernel = np.ones((2 * self.margin + 1,) * 2, np.uint8)
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


class GrabCutStream:
    """A `molmo_act.segmentation.streams.StreamSegmenter`: the tracker's points move masks, GrabCut fits them.

    Args:
        grabcut: How masks are fitted.
    """

    def __init__(self, grabcut: GrabCut) -> None:
        self._grabcut = grabcut
        self.reset()

    def reset(self) -> None:
        """Forgets all objects."""
        self._seen: dict[int, tuple[np.ndarray, np.ndarray]] = {}  # the last point and mask of each

    def segment(self, frame: np.ndarray, points: Mapping[int, StreamPoint]) -> dict[int, np.ndarray]:
        """See `molmo_act.segmentation.streams.StreamSegmenter`; a grounded object begins anew."""
        masks = {}
        for number, point in points.items():
            last = self._seen.get(number)
            if point.grounded or last is None:
                masks[number] = self._grabcut.first(frame, point.xy)
            else:
                masks[number] = self._grabcut.fit(frame, last[1], point.xy - last[0])
        self._seen = {number: (points[number].xy, mask) for number, mask in masks.items()}
        return masks
