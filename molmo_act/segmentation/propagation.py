"""Turns points of one object on some frames of a video into masks on all of them.

A mask that is propagated along a video gets worse on the way. Between two frames with points it can be
propagated from both ends; where both arrive, they are fused, see `molmo_act.segmentation.fusion`. For several
objects, and videos of any length, see `molmo_act.segmentation.video`.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import numpy as np

from molmo_act.errors import InputError
from molmo_act.segmentation.checks import check_frames, check_point
from molmo_act.segmentation.fusion import AGREEMENT, check_agreement, fuse
from molmo_act.segmentation.propagator import MaskPropagator, propagated
from molmo_act.validation import check_bool, check_int, wrong


def masks_between(
    propagate: MaskPropagator,
    frames: Sequence[np.ndarray],
    points: Mapping[int, np.ndarray | None],
    *,
    bidirectional: bool = True,
    agreement: float = AGREEMENT,
) -> np.ndarray:
    """Segments one object on all frames, from what a model saw on some of them.

    A frame that the model looked at has the mask of its point, and none where it saw nothing. Between two
    such frames the masks from both are fused; where one saw nothing, those of the other count. Frames before
    the first look are empty.

    Args:
        propagate: Propagates masks along frames.
        frames: uint8 RGB (H, W, 3) each, in order, of one size.
        points: Index of a frame that the model looked at → (2,), the object's point on it, in pixels, pixel
            centres at +0.5; or None where the model did not see the object.
        bidirectional: Whether masks are propagated from both sides and fused, as VideoMolmo's paper says.
            Otherwise only forwards, as its released code does.
        agreement: See `fuse`.

    Returns:
        bool (T, H, W).

    Raises:
        InputError: The model looked at no frame; a point is none, lies outside of its frame or on a frame
            that is not there; the frames differ in size; or another argument cannot be used.
    """
    check_bool("bidirectional", bidirectional)
    agreement = check_agreement(agreement)
    frames = check_frames(frames)
    sampled = _check_points(points, frames)
    height, width = frames[0].shape[:2]
    found = np.zeros((len(frames), height, width), bool)
    looks = sorted(sampled)
    for start, end in itertools.zip_longest(looks, looks[1:]):
        point, next_point = sampled[start], None if end is None else sampled[end]
        last = len(frames) if end is None else end
        if point is not None:
            [found[start:last]] = propagated(propagate, frames[start:last], point[None])
        if bidirectional and next_point is not None:
            [backwards] = propagated(propagate, frames[start + 1 : last + 1][::-1], next_point[None])
            for index in range(start + 1, last):
                found[index] = fuse(found[index], backwards[last - index], agreement=agreement)
    return found


def _check_points(points: object, frames: Sequence[np.ndarray]) -> dict[int, np.ndarray | None]:
    if not isinstance(points, Mapping):
        raise wrong("points", points, "a mapping from the index of a frame to a point (x, y), or None")
    if not points:
        raise InputError("No frame has a point; give at least one frame, with None where nothing was seen.")
    checked: dict[int, np.ndarray | None] = {}
    for key, point in points.items():
        index = check_int("The index of a frame in points", key, least=0)
        if index >= len(frames):
            raise InputError(f"A point lies on frame {index}; the video has {len(frames)}, counted from 0.")
        checked[index] = None if point is None else check_point(f"points[{index}]", point, frames[index])
    return checked
