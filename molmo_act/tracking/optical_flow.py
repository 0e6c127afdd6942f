"""Propagates points from frame to frame by optical flow, and says when it cannot.

A point moves with features around it: corners of the region of its colour. Pyramidal Lucas-Kanade flow
follows them forwards and back again; features that do not return to where they started are left out (Kalal
et al. 2010, "Forward-Backward Error"), and the point moves by the median of the rest. Drift is bounded by
comparing the surroundings of the point with how they looked when the model grounded it.

Objects of one colour have corners only on their rim, where flow is half the background's; but they have a
centre, which is measured in every frame, so that for them no drift builds up at all. Those that are large, or
cut off by the frame's edge, have a rim instead, see `molmo_act.tracking.rim`.

All coordinates in this file are pixels of `FlowFrame.rgb`, pixel centres at +0.5.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from molmo_act._optional import import_optional
from molmo_act.tracking.appearance import appearance_descriptor, similarity, similarity_map
from molmo_act.tracking.config import VIDEO_EXTRA
from molmo_act.tracking.frame_buffer import FlowFrame
from molmo_act.tracking.region import MIN_REGION_AREA, REGION_REACH, Region
from molmo_act.tracking.rim import (
    FAR_RIM_REACH,
    RENEW_RIM_BELOW,
    RIM_REACH,
    Rim,
    colour_at,
    find_rim,
    follow_rim,
)
from molmo_act.tracking.rim_motion import MIN_RIM_POINTS

MAX_FEATURES = 12
MIN_FEATURES = 3
REPLENISH_BELOW = 6
MAX_AREA_CHANGE = 0.2  # more, from frame to frame, and something covers the region or runs into it
MAX_PLAIN_AREA_CHANGE = 0.05  # up to which the centre of a plain region says more than flow
MAX_CENTRE_CORRECTION = 4.0  # pixels between flow and the centre of a textured region; more is another object
MIN_RADIUS, MAX_RADIUS = 4.0, 16.0
MAX_RETURN_ERROR = 1.0  # pixels between a feature and itself, followed forwards and back
MAX_DEVIATION = 3.0  # pixels between a feature's motion and the median
MIN_SIMILARITY = 0.4  # below it something else lies at the point
SIMILARITY_NOISE = 0.005  # by which positions differ that look the same
MIN_SIMILARITY_REACQUIRED = 0.7  # of what is taken for a lost object without asking the model
OBJECT_RADII = 2.5  # least extent of an object from its point, in radii: the radius describes its middle only
_WINDOW, _LEVELS = (21, 21), 3


@dataclass(frozen=True, eq=False)
class TrackedPoint:
    """A point on a frame with what is needed to propagate it.

    Attributes:
        xy: float64 (2,).
        features: float32 (F, 2), corners that move with it.
        radius: How far around the point the object looks like it, in pixels.
        descriptor: Appearance when the model grounded it, see `appearance.appearance_descriptor`.
        similarity: Similarity of its appearance now with `descriptor`, in [0, 1].
        area: Pixels of the region around it, on the newest frame on which that was whole; 0 for none.
        from_centre: float64 (2,), the point relative to the centre of that region; None for none.
        plain: Whether nothing in that region has corners, so that flow is that of its surroundings.
        rim: Of the region, where that is plain and not whole; None for any other.
    """

    xy: np.ndarray
    features: np.ndarray
    radius: float
    descriptor: np.ndarray
    similarity: float = 1.0
    area: int = 0
    from_centre: np.ndarray | None = None
    plain: bool = False
    rim: Rim | None = None


def init_point(frame: FlowFrame, xy: np.ndarray) -> TrackedPoint:
    """Prepares a point that a model or a person has put on a frame for propagation.

    Args:
        frame: The frame.
        xy: (2,), the point; moved inside the frame where it lies beyond.

    Returns:
        The point with its features, radius and appearance.
    """
    height, width = frame.grey.shape
    xy = np.clip(np.asarray(xy, np.float64), 0, (width - 1e-3, height - 1e-3))
    region = Region.at(frame, xy)
    radius = float(np.clip(0.5 * np.sqrt(region.area / np.pi), MIN_RADIUS, MAX_RADIUS))
    point = TrackedPoint(
        xy, _features(frame, xy, region), radius, _descriptor(frame, xy, radius), plain=region.plain
    )
    return _anchored(point, region)


def propagate(
    before: FlowFrame, after: FlowFrame, points: Sequence[TrackedPoint]
) -> list[TrackedPoint | None]:
    """Finds points of one frame on a later one.

    Args:
        before: The frame the points are on.
        after: The later frame, of the same size.
        points: The points.

    Returns:
        For each point where it is on the later frame, or None when that cannot be said.
    """
    by_flow = iter(_propagated_by_flow(before, after, [point for point in points if point.rim is None]))
    # Flow is of no use where the rim is not found: on what is plain, it is that of the surroundings.
    return [next(by_flow) if point.rim is None else _from_rim(after, point) for point in points]


def _propagated_by_flow(
    before: FlowFrame, after: FlowFrame, points: Sequence[TrackedPoint]
) -> list[TrackedPoint | None]:
    if not points:
        return []
    starts = np.concatenate([point.features for point in points])
    ends, good = _flow(before, after, starts)
    bounds = np.cumsum([0, *(len(point.features) for point in points)])
    return [
        _moved(after, point, starts[first:last], ends[first:last], good[first:last])
        for point, first, last in zip(points, bounds, bounds[1:], strict=False)
    ]


def reacquire(
    frame: FlowFrame, lost: TrackedPoint, around: np.ndarray, reach: float, others: Sequence[TrackedPoint]
) -> TrackedPoint | None:
    """Finds a lost point again by its appearance alone.

    Args:
        frame: Where to look.
        lost: The point as it was when it was lost.
        around: (2,), where it may be.
        reach: How far from there it may be, in pixels.
        others: Points that are visible; what they lie on is not the lost one.

    Returns:
        The point where something looks just as it did, or None where nothing does.
    """
    if lost.rim is not None:
        found = _reacquired_by_rim(frame, lost, around, others)
        if found is not None or lost.rim.reaches_beyond(lost.xy, REGION_REACH):
            return found
    positions, alike = similarity_map(
        frame.rgb, lost.descriptor, around, lost.radius, reach, brightness=frame.brightness
    )
    height, width = frame.grey.shape
    free = ((positions >= 0) & (positions < (width, height))).all(axis=-1)
    for other in others:
        free &= np.linalg.norm(positions - other.xy, axis=-1) > OBJECT_RADII * other.radius
    alike = np.where(free, alike, 0)
    # Of equally good positions, the one among others: it lies inside the object, not on its rim.
    cv2 = import_optional("cv2", **VIDEO_EXTRA)
    inside = np.where(alike >= MIN_SIMILARITY_REACQUIRED, cv2.blur(alike, (3, 3)), 0)
    if not inside.any():
        return None
    rank = inside
    if lost.from_centre is None:  # nothing says where in the object it lies: of equal positions the nearest
        equal = inside >= inside.max() - SIMILARITY_NOISE
        rank = np.where(equal, -np.linalg.norm(positions - around, axis=-1), -np.inf)
    best = np.unravel_index(rank.argmax(), rank.shape)
    region = Region.at(frame, positions[best])
    if lost.from_centre is not None and not region.whole:
        return None
    there = replace(lost, xy=positions[best], similarity=float(alike[best]))
    found = _centred(there, region, OBJECT_RADII * lost.radius) or _anchored(there, region)
    return replace(found, features=_features(frame, found.xy, region))


def _moved(
    after: FlowFrame, point: TrackedPoint, starts: np.ndarray, ends: np.ndarray, good: np.ndarray
) -> TrackedPoint | None:
    """The point where flow puts it, else where its region is now; None where neither is credible."""
    motion, agrees = _consensus(starts, ends, good)
    if motion is not None:
        placed = _placed(after, point, point.xy + motion, ends[agrees])
        if placed is not None:
            return placed
    return None if point.from_centre is None else _from_region(after, point)


def _consensus(
    starts: np.ndarray, ends: np.ndarray, good: np.ndarray
) -> tuple[np.ndarray | None, np.ndarray]:
    """The motion that most features share, or None, and which of them do."""
    needed = min(MIN_FEATURES, len(starts))
    if good.sum() < needed:
        return None, good
    motion = np.median((ends - starts)[good], axis=0)
    agrees = good & (np.linalg.norm(ends - starts - motion, axis=1) < MAX_DEVIATION)
    return (motion if agrees.sum() >= needed else None), agrees


def _placed(
    after: FlowFrame, point: TrackedPoint, xy: np.ndarray, features: np.ndarray
) -> TrackedPoint | None:
    """The point where flow puts it; None where something else lies there."""
    alike = _similarity_at(after, point, xy)
    if alike < MIN_SIMILARITY:
        return None
    moved = replace(point, xy=xy, features=features, similarity=alike)
    if point.from_centre is None and len(features) >= REPLENISH_BELOW:
        return moved
    region = Region.at(after, xy)
    if len(features) < REPLENISH_BELOW:
        moved = replace(moved, features=_features(after, xy, region))
    same = point.plain and abs(region.area - point.area) <= MAX_PLAIN_AREA_CHANGE * point.area
    furthest = max(MAX_CENTRE_CORRECTION, point.radius) if same else MAX_CENTRE_CORRECTION
    return _centred(moved, region, furthest) or _anchored(moved, region)


def _from_region(after: FlowFrame, point: TrackedPoint) -> TrackedPoint | None:
    """The point by its region alone, where that still covers the position of the point; None elsewhere."""
    region = Region.at(after, point.xy)
    found = _centred(point, region, point.radius)
    if found is None:
        return None
    alike = _similarity_at(after, point, found.xy)
    if alike < MIN_SIMILARITY:
        return None
    return replace(found, features=_features(after, found.xy, region), similarity=alike)


def _from_rim(after: FlowFrame, point: TrackedPoint) -> TrackedPoint | None:
    """The point by the rim of its region; None where that is not found or something else lies there."""
    assert point.rim is not None
    moved = follow_rim(after, point.rim, reach=RIM_REACH) or follow_rim(
        after, replace(point.rim, colour=colour_at(after, point.xy)), reach=FAR_RIM_REACH
    )
    if moved is None:
        return None
    motion, rim = moved
    shift = motion.of(point.xy)
    xy = point.xy + shift
    alike = _similarity_at(after, point, xy)
    if alike < MIN_SIMILARITY:
        return None
    rim = replace(rim, colour=colour_at(after, xy))
    features = np.asarray(point.features + shift, np.float32)
    placed = replace(point, xy=xy, features=features, similarity=alike, rim=rim)
    seen = rim.seen(after).sum()
    if not len(rim.points) or (seen >= RENEW_RIM_BELOW and rim.tells(after)):
        return placed
    renewed = _anchored(placed, Region.at(after, xy))
    if renewed.rim is None and renewed.from_centre is None:
        return placed  # so little of it is left that nothing would tell how it moves
    # Each renewal adds its own error to the point's, so one that shows no more of the rim is none.
    more = renewed.rim is not None and renewed.rim.seen(after).sum() > seen
    needed = renewed.from_centre is not None or seen < MIN_RIM_POINTS or not rim.tells(after)
    return renewed if more or needed else placed


def _reacquired_by_rim(
    frame: FlowFrame, lost: TrackedPoint, around: np.ndarray, others: Sequence[TrackedPoint]
) -> TrackedPoint | None:
    """The lost point where its rim is; where it has none, at the expected position only."""
    assert lost.rim is not None
    shift = around - lost.xy
    moved = follow_rim(frame, lost.rim.shifted(shift), reach=FAR_RIM_REACH)
    if moved is None:
        return None
    motion, rim = moved
    xy = around + motion.of(around)
    if any(np.linalg.norm(xy - other.xy) <= OBJECT_RADII * other.radius for other in others):
        return None
    alike = _similarity_at(frame, lost, xy)
    return None if alike < MIN_SIMILARITY_REACQUIRED else replace(lost, xy=xy, similarity=alike, rim=rim)


def _similarity_at(after: FlowFrame, point: TrackedPoint, xy: np.ndarray) -> float:
    """Similarity of a position with the point as it was grounded, 0 beyond the frame."""
    height, width = after.grey.shape
    if not (0 <= xy[0] < width and 0 <= xy[1] < height):
        return 0.0
    return similarity(point.descriptor, _descriptor(after, xy, point.radius))


def _descriptor(frame: FlowFrame, xy: np.ndarray, radius: float) -> np.ndarray:
    return appearance_descriptor(frame.rgb, xy, radius, brightness=frame.brightness)


def _anchored(point: TrackedPoint, region: Region) -> TrackedPoint:
    """The point with what its region tells: the offset from its centre, or its rim, or nothing for a spot."""
    if not region.whole:
        plain = region.plain
        rim = find_rim(region, point.xy) if plain else None
        return replace(point, area=0, from_centre=None, plain=plain, rim=rim)
    if region.area < MIN_REGION_AREA:
        return replace(point, area=0, from_centre=None, rim=None)
    return replace(point, area=region.area, from_centre=point.xy - region.centre, rim=None)


def _centred(point: TrackedPoint, region: Region, furthest: float) -> TrackedPoint | None:
    """The point where the centre of its region says; None where it is no longer the same region."""
    if point.from_centre is None or not region.whole:
        return None
    if abs(region.area - point.area) > MAX_AREA_CHANGE * point.area:
        return None
    xy = region.centre + point.from_centre
    return replace(point, xy=xy, area=region.area) if np.linalg.norm(xy - point.xy) <= furthest else None


def _flow(before: FlowFrame, after: FlowFrame, starts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where features went, and which of them come back when they are followed in reverse."""
    cv2 = import_optional("cv2", **VIDEO_EXTRA)
    # Flow assumes that a pixel's brightness is constant, which automatic exposure breaks.
    old = before.grey
    new = cv2.convertScaleAbs(after.grey, alpha=max(before.brightness, 1.0) / max(after.brightness, 1.0))
    options = {"winSize": _WINDOW, "maxLevel": _LEVELS, "minEigThreshold": 1e-4}
    at = np.ascontiguousarray(starts - np.float32(0.5))[:, None]  # OpenCV's pixel centres are whole numbers
    ends, found, _ = cv2.calcOpticalFlowPyrLK(old, new, at, None, **options)
    back, found_back, _ = cv2.calcOpticalFlowPyrLK(new, old, ends, None, **options)
    good = (found & found_back).ravel().astype(bool)
    good &= np.linalg.norm(back - at, axis=2).ravel() < MAX_RETURN_ERROR
    return ends[:, 0] + np.float32(0.5), good


def _features(frame: FlowFrame, xy: np.ndarray, region: Region) -> np.ndarray:
    """Corners of the region around a point, float32 (F, 2).

    Where the region is tiny, the surface is textured and has corners of its own around the point. Where no
    corner is to be found, a small grid around the point has to do.
    """
    cv2 = import_optional("cv2", **VIDEO_EXTRA)
    left, top = region.left, region.top
    mask = region.mask.astype(np.uint8)
    cv2.circle(mask, (int(xy[0]) - left, int(xy[1]) - top), int(MIN_RADIUS) * 2, 1, -1)
    mask = cv2.dilate(mask, np.ones((5, 5), np.uint8))  # the corners of a plain region lie on its rim
    grey = frame.grey[top : top + mask.shape[0], left : left + mask.shape[1]]
    corners = cv2.goodFeaturesToTrack(grey, MAX_FEATURES, 0.02, 4, mask=mask)
    if corners is None or len(corners) < MIN_FEATURES:
        around = np.stack(np.meshgrid((-4, 0, 4), (-4, 0, 4)), axis=-1).reshape(-1, 2)
        return np.asarray(xy + around, np.float32)
    return np.asarray(corners[:, 0] + np.array((left + 0.5, top + 0.5), np.float32))
