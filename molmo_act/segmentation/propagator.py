"""MaskPropagator: what turns points on a frame into masks on it and on those that follow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol, TypeAlias, get_args, runtime_checkable

import numpy as np

from molmo_act.errors import InputError
from molmo_act.segmentation.streams import StreamSegmenter

PropagatorName: TypeAlias = Literal["sam2", "edgetam", "grabcut"]
"""SAM 2.1 and EdgeTAM, which need weights, and GrabCut, which finds objects of one colour without any."""
PROPAGATORS: tuple[PropagatorName, ...] = get_args(PropagatorName)


@runtime_checkable
class MaskPropagator(Protocol):
    """Propagates masks of objects along a video."""

    def __call__(self, frames: Sequence[np.ndarray], xy: np.ndarray) -> np.ndarray:
        """Segments the objects at points on all frames.

        Args:
            frames: uint8 RGB (H, W, 3) each, in order, of one size.
            xy: (N, 2), the point of each object on the first frame, in pixels, pixel centres at +0.5.

        Returns:
            bool (N, T, H, W), empty on frames where an object is not visible.
        """


@runtime_checkable
class StreamingPropagator(MaskPropagator, Protocol):
    """One that can also be shown an endless stream, frame by frame."""

    def stream(self) -> StreamSegmenter:
        """Begins a stream."""


def propagated(propagate: MaskPropagator, frames: Sequence[np.ndarray], xy: np.ndarray) -> np.ndarray:
    """Has a propagator segment objects, and checks what it gives.

    Args:
        propagate: The propagator.
        frames: uint8 RGB (H, W, 3) each, in order, of one size; at least one.
        xy: (N, 2), the point of each object on the first frame; it is not asked where there is none.

    Returns:
        bool (N, T, H, W).

    Raises:
        InputError: It gave something else, such as masks of another size.
    """
    expected = (len(xy), len(frames), *frames[0].shape[:2])
    if not len(xy):
        return np.zeros(expected, bool)
    masks = np.array(propagate(frames, xy))
    if masks.dtype != bool or masks.shape != expected:
        raise InputError(
            f"The propagator gave {masks.dtype} masks of shape {masks.shape}; expected bool {expected} "
            "(objects, frames, height, width)."
        )
    return masks
