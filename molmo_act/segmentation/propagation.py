"""Turns points on some frames of a video into masks on all of them, and a mask into one point.

A mask that is propagated along a video gets worse on the way. Between two frames with points it can be
propagated from both ends; where both arrive, they are fused (bidirectional temporal mask fusion: VideoMolmo,
arXiv 2506.05336). A `MaskPropagator` does the propagation: SAM 2 or EdgeTAM (`molmo_act.segmentation.sam2`),
or GrabCut without weights (`molmo_act.segmentation.grabcut`).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import numpy as np

from molmo_act._optional import import_optional
from molmo_act.errors import InputError
from molmo_act.segmentation.checks import check_frames, check_masks, check_point
from molmo_act.tracking.config import VIDEO_EXTRA
from molmo_act.validation import check_bool, check_int, check_number, wrong

AGREEMENT = 0.7
"""Intersection over union from which two masks count as masks of one object."""


class MaskPropagator(Protocol):
    """Propagates the mask of an object along a video."""

    def __call__(self, frames: Sequence[np.ndarray], xy: np.ndarray) -> np.ndarray:
        """Segments the object at a point on all frames.

        Args:
            frames: uint8 RGB (H, W, 3) each, in order, of one size.
            xy: (2,), the point on the first frame, in pixels, pixel centres at +0.5.

        Returns:
            bool (T, H, W), empty on frames where the object is not visible.
        """


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    """Measures how much two masks agree.

    Args:
        one: bool (H, W).
        other: bool (H, W).

    Returns:
        Intersection over union, in [0, 1]; 1 when both are empty.

    Raises:
        InputError: They are no masks, or differ in shape.
    """
    check_masks(one=one, other=other)
    union = np.count_nonzero(one | other)
    return np.count_nonzero(one & other) / union if union else 1.0


def fuse(left: np.ndarray, right: np.ndarray, *, agreement: float = AGREEMENT) -> np.ndarray:
    """Joins a mask that was propagated forwards with one that was propagated backwards.

    Where they agree, what both contain is kept, since each spills over in its own way. Where they do not, one
    of them lost part of the object, and their union is kept. Where one is empty, the other one counts.

    Args:
        left: bool (H, W), propagated forwards.
        right: bool (H, W), propagated backwards.
        agreement: Intersection over union from which they agree.

    Returns:
        bool (H, W).

    Raises:
        InputError: They are no masks, or differ in shape.
    """
    check_masks(left=left, right=right)
    agreement = _check_agreement(agreement)
    both: np.ndarray = left & right
    either: np.ndarray = left | right
    if not left.any() or not right.any():
        return either
    return both if overlap(left, right) >= agreement else either


def masks_between(
    propagate: MaskPropagator,
    frames: Sequence[np.ndarray],
    points: Mapping[int, np.ndarray | None],
    *,
    bidirectional: bool = True,
    agreement: float = AGREEMENT,
) -> np.ndarray:
    """Segments one object on all frames, from what a model saw on some of them.

    The mask of a point reaches to the next frame that the model looked at, or to the end. Where the model saw
    nothing, that frame and those up to the next look are empty, as in VideoMolmo's code; so are frames before
    its first look.

    Args:
        propagate: Propagates a mask along frames.
        frames: uint8 RGB (H, W, 3) each, in order, of one size.
        points: Index of a frame that the model looked at → (2,), the object's point on it, in pixels, pixel
            centres at +0.5; or None where the model did not see the object.
        bidirectional: Whether masks between two points are propagated from both and fused, as VideoMolmo's
            paper says. Otherwise only forwards, as its released code does.
        agreement: See `fuse`.

    Returns:
        bool (T, H, W).

    Raises:
        InputError: The model looked at no frame; a point is none, lies outside of its frame or on a frame
            that is not there; the frames differ in size; or another argument cannot be used.
    """
    check_bool("bidirectional", bidirectional)
    agreement = _check_agreement(agreement)
    frames = check_frames(frames)
    sampled = _check_points(points, frames)
    height, width = frames[0].shape[:2]
    found = np.zeros((len(frames), height, width), bool)
    looks = sorted(sampled)
    for start, end in itertools.zip_longest(looks, looks[1:]):
        point, next_point = sampled[start], None if end is None else sampled[end]
        if point is None:
            continue
        last = len(frames) if end is None else end
        forwards = _propagated(propagate, frames[start:last], point)
        if bidirectional and next_point is not None:
            backwards = _propagated(propagate, frames[start + 1 : last + 1][::-1], next_point)[::-1]
            for index in range(1, len(forwards)):
                forwards[index] = fuse(forwards[index], backwards[index - 1], agreement=agreement)
        found[start:last] = forwards
    return found


def _propagated(propagate: MaskPropagator, frames: Sequence[np.ndarray], xy: np.ndarray) -> np.ndarray:
    masks = np.array(propagate(frames, xy))
    expected = (len(frames), *frames[0].shape[:2])
    if masks.dtype != bool or masks.shape != expected:
        raise InputError(
            f"The propagator gave {masks.dtype} masks of shape {masks.shape}; expected bool {expected}."
        )
    return masks


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


def _check_agreement(agreement: float) -> float:
    return check_number("agreement", agreement, least=0, most=1, what="an intersection over union")


def point_of_mask(
    mask: np.ndarray,
    segment: Callable[[np.ndarray], np.ndarray],
    rng: np.random.Generator,
    *,
    candidates: int = 5,
) -> np.ndarray:
    """Chooses the point that stands for a mask best: the one from which a segmenter finds the mask again.

    Candidates are drawn with a probability that grows with their distance from the mask's edge (VideoMolmo).

    Args:
        mask: bool (H, W), at least one pixel.
        segment: Segments the object at a point: (2,) in pixels → bool (H, W).
        rng: Draws the candidates.
        candidates: Number of candidates; the pixel deepest inside is always one of them.

    Returns:
        float64 (2,), in pixels, pixel centres at +0.5.

    Raises:
        InputError: The mask is empty, or an argument is of the wrong kind.
        MissingExtraError: OpenCV is not installed.
    """
    check_masks(mask=mask)
    candidates = check_int("candidates", candidates)
    if not isinstance(rng, np.random.Generator):
        raise wrong("rng", rng, "a NumPy generator, such as numpy.random.default_rng(0)")
    if not mask.any():
        raise InputError("The mask is empty; expected at least one pixel to point at.")
    cv2 = import_optional("cv2", **VIDEO_EXTRA)
    padded = np.pad(mask.astype(np.uint8), 1)  # the edge of the frame is an edge of the mask too
    depth = cv2.distanceTransform(padded, cv2.DIST_L2, 3)[1:-1, 1:-1].astype(np.float64).ravel()
    others = rng.choice(depth.size, candidates - 1, p=depth / depth.sum())
    rows, columns = np.unravel_index([int(np.argmax(depth)), *others.tolist()], mask.shape)
    points = np.stack([columns + 0.5, rows + 0.5], axis=1)
    best: np.ndarray = points[int(np.argmax([overlap(mask, segment(point)) for point in points]))]
    return best
