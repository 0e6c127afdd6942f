"""Carries points from frame to frame by optical flow, and says when it cannot; knows no identities.

A point is carried by features around it: corners of the region of its colour. Pyramidal Lucas-Kanade flow
follows them forwards and back again; those that do not come back to where they started are left out (Kalal et
al. 2010, "Forward-Backward Error"), and the point moves by the median of the rest. Drift is bounded by
comparing what lies around the point with what lay there when the model saw it.

Things of one colour have corners only on their rim, where flow is half the background's; but they have a
centre, which is measured in every frame, so that for them no drift builds up at all.

All coordinates in this file are pixels of `FlowFrame.rgb`, pixel centres at +0.5.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from molmo_act.tracking.appearance import likeness, likeness_around, look
from molmo_act.tracking.frames import FlowFrame
from molmo_act.tracking.packages import opencv
from molmo_act.tracking.regions import flood

MOST_FEATURES = 12
FEWEST_FEATURES = 3
REPLENISH_BELOW = 6
REACH = 40  # pixels around a point in which features are looked for
SMALLEST_PLAIN_AREA = 80  # pixels of a region that is more than a spot of a texture
LARGEST_AREA_CHANGE = 0.2  # more, from frame to frame, and something covers the region or runs into it
LARGEST_CORRECTION = 4.0  # pixels between flow and the centre of a region; more is another thing
SMALLEST_RADIUS, LARGEST_RADIUS = 4.0, 16.0
LARGEST_RETURN_ERROR = 1.0  # pixels between a feature and itself, followed there and back
LARGEST_DISAGREEMENT = 3.0  # pixels between a feature's motion and the median
LEAST_LIKENESS = 0.4  # below it something else lies at the point
LEAST_LIKENESS_AGAIN = 0.7  # of what is taken for a lost thing without asking the model
THING_IN_RADII = 2.5  # how far from its point a thing goes, at least: the radius describes its middle only
_WINDOW, _LEVELS = (21, 21), 3


@dataclass(frozen=True, eq=False)
class Region:
    """What has the colour of the point and hangs together with it.

    Attributes:
        mask: bool (h, w).
        left, top: Column and row of the mask's first pixel.
        whole: Whether it ends within the mask.
    """

    mask: np.ndarray
    left: int
    top: int
    whole: bool

    @classmethod
    def at(cls, frame: FlowFrame, xy: np.ndarray) -> Region:
        """The region around a point."""
        mask, left, top = flood(frame.rgb, xy, reach=REACH)
        rim = (mask[0], mask[-1], mask[:, 0], mask[:, -1])
        return cls(mask, left, top, not any(side.any() for side in rim))

    @property
    def area(self) -> int:
        """Pixels."""
        return int(np.count_nonzero(self.mask))

    @property
    def centre(self) -> np.ndarray:
        """float64 (2,), the mean of its pixels' centres."""
        rows, columns = np.nonzero(self.mask)
        return np.array([columns.mean() + self.left + 0.5, rows.mean() + self.top + 0.5])


@dataclass(frozen=True, eq=False)
class Carried:
    """A point with what carries it.

    Attributes:
        xy: float64 (2,).
        features: float32 (F, 2), corners that move with it.
        radius: How far around it looks like it, in pixels.
        look: How it looked when the model saw it, see `appearance.look`.
        likeness: How alike it looks now, in [0, 1].
        area: Pixels of the region around it, on the newest frame on which that was whole; 0 for none.
        from_centre: float64 (2,), the point seen from the centre of that region.
    """

    xy: np.ndarray
    features: np.ndarray
    radius: float
    look: np.ndarray
    likeness: float = 1.0
    area: int = 0
    from_centre: np.ndarray | None = None


def take_up(frame: FlowFrame, xy: np.ndarray) -> Carried:
    """A point that a model or a person has put on a frame, ready to be carried on.

    Args:
        frame: The frame.
        xy: (2,), the point; moved inside the frame where it lies beyond.
    """
    height, width = frame.grey.shape
    xy = np.clip(np.asarray(xy, np.float64), 0, (width - 1e-3, height - 1e-3))
    region = Region.at(frame, xy)
    radius = float(np.clip(0.5 * np.sqrt(region.area / np.pi), SMALLEST_RADIUS, LARGEST_RADIUS))
    carried = Carried(xy, _features(frame, xy, region), radius, _look(frame, xy, radius))
    return _anchored(carried, region)


def carry(before: FlowFrame, after: FlowFrame, carried: Sequence[Carried]) -> list[Carried | None]:
    """Where points of one frame are on a later one.

    Args:
        before: The frame they are on.
        after: The later frame, of the same size.
        carried: The points.

    Returns:
        For each point where it went, or None when that cannot be said.
    """
    if not carried:
        return []
    starts = np.concatenate([one.features for one in carried])
    ends, good = _follow(before, after, starts)
    bounds = np.cumsum([0, *(len(one.features) for one in carried)])
    return [
        _moved(after, one, starts[first:last], ends[first:last], good[first:last])
        for one, first, last in zip(carried, bounds, bounds[1:], strict=False)
    ]


def find_again(
    frame: FlowFrame, one: Carried, around: np.ndarray, reach: float, others: Sequence[Carried]
) -> Carried | None:
    """A lost point, where near a place something looks just as it did; None where nothing does.

    Args:
        frame: Where to look.
        one: The point as it was when it was lost.
        around: (2,), where it may be.
        reach: How far from there, in pixels.
        others: Points that are followed; what they lie on is not the lost one.
    """
    brightness = frame.brightness
    places, alike = likeness_around(frame.rgb, one.look, around, one.radius, reach, brightness=brightness)
    height, width = frame.grey.shape
    free = ((places >= 0) & (places < (width, height))).all(axis=-1)
    for other in others:
        free &= np.linalg.norm(places - other.xy, axis=-1) > THING_IN_RADII * other.radius
    alike = np.where(free, alike, 0)
    # Of places that are as good, the one among others: its point lies inside the thing, not on its rim.
    inside = np.where(alike >= LEAST_LIKENESS_AGAIN, opencv().blur(alike, (3, 3)), 0)
    best = np.unravel_index(inside.argmax(), inside.shape)
    if not inside[best]:
        return None
    region = Region.at(frame, places[best])
    if one.from_centre is not None and not region.whole:
        return None
    there = replace(one, xy=places[best], likeness=float(alike[best]))
    found = _centred(there, region, THING_IN_RADII * one.radius) or _anchored(there, region)
    return replace(found, features=_features(frame, found.xy, region))


def _moved(
    after: FlowFrame, one: Carried, starts: np.ndarray, ends: np.ndarray, good: np.ndarray
) -> Carried | None:
    """Where flow says, or for a plain region where it is now; None where neither is credible."""
    motion, agrees = _consensus(starts, ends, good)
    if motion is not None:
        placed = _placed(after, one, one.xy + motion, ends[agrees])
        if placed is not None:
            return placed
    return None if one.from_centre is None else _region_again(after, one)


def _consensus(
    starts: np.ndarray, ends: np.ndarray, good: np.ndarray
) -> tuple[np.ndarray | None, np.ndarray]:
    """The motion that most features share, or None, and which of them do."""
    needed = min(FEWEST_FEATURES, len(starts))
    if good.sum() < needed:
        return None, good
    motion = np.median((ends - starts)[good], axis=0)
    agrees = good & (np.linalg.norm(ends - starts - motion, axis=1) < LARGEST_DISAGREEMENT)
    return (motion if agrees.sum() >= needed else None), agrees


def _placed(after: FlowFrame, one: Carried, xy: np.ndarray, features: np.ndarray) -> Carried | None:
    """The point at a place where flow puts it; None where something else lies there."""
    alike = _likeness_at(after, one, xy)
    if alike < LEAST_LIKENESS:
        return None
    moved = replace(one, xy=xy, features=features, likeness=alike)
    if one.from_centre is None and len(features) >= REPLENISH_BELOW:
        return moved
    region = Region.at(after, xy)
    if len(features) < REPLENISH_BELOW:
        moved = replace(moved, features=_features(after, xy, region))
    return _centred(moved, region, LARGEST_CORRECTION) or _anchored(moved, region)


def _region_again(after: FlowFrame, one: Carried) -> Carried | None:
    """A plain region that still covers the place where its point was, without any flow."""
    region = Region.at(after, one.xy)
    found = _centred(one, region, one.radius)
    if found is None:
        return None
    alike = _likeness_at(after, one, found.xy)
    if alike < LEAST_LIKENESS:
        return None
    return replace(found, features=_features(after, found.xy, region), likeness=alike)


def _likeness_at(after: FlowFrame, one: Carried, xy: np.ndarray) -> float:
    """How alike a place looks, 0 beyond the frame."""
    height, width = after.grey.shape
    if not (0 <= xy[0] < width and 0 <= xy[1] < height):
        return 0.0
    return likeness(one.look, _look(after, xy, one.radius))


def _look(frame: FlowFrame, xy: np.ndarray, radius: float) -> np.ndarray:
    return look(frame.rgb, xy, radius, brightness=frame.brightness)


def _anchored(one: Carried, region: Region) -> Carried:
    """The point with its place in the region around it, where that is whole and more than a spot."""
    if not region.whole or region.area < SMALLEST_PLAIN_AREA:
        return replace(one, area=0, from_centre=None)
    return replace(one, area=region.area, from_centre=one.xy - region.centre)


def _centred(one: Carried, region: Region, furthest: float) -> Carried | None:
    """The point where the centre of its region says; None where it is no longer the same region."""
    if one.from_centre is None or not region.whole:
        return None
    if abs(region.area - one.area) > LARGEST_AREA_CHANGE * one.area:
        return None
    xy = region.centre + one.from_centre
    return replace(one, xy=xy, area=region.area) if np.linalg.norm(xy - one.xy) <= furthest else None


def _follow(before: FlowFrame, after: FlowFrame, starts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where features went, and which of them come back when they are followed in reverse."""
    cv2 = opencv()
    # Flow takes a pixel's brightness as constant, which automatic exposure does not know.
    old = before.grey
    new = cv2.convertScaleAbs(after.grey, alpha=max(before.brightness, 1.0) / max(after.brightness, 1.0))
    options = {"winSize": _WINDOW, "maxLevel": _LEVELS, "minEigThreshold": 1e-4}
    at = np.ascontiguousarray(starts - np.float32(0.5))[:, None]  # OpenCV's pixel centres are whole numbers
    ends, found, _ = cv2.calcOpticalFlowPyrLK(old, new, at, None, **options)
    back, found_back, _ = cv2.calcOpticalFlowPyrLK(new, old, ends, None, **options)
    good = (found & found_back).ravel().astype(bool)
    good &= np.linalg.norm(back - at, axis=2).ravel() < LARGEST_RETURN_ERROR
    return ends[:, 0] + np.float32(0.5), good


def _features(frame: FlowFrame, xy: np.ndarray, region: Region) -> np.ndarray:
    """Corners of the region around a point, float32 (F, 2).

    Where the region is tiny, the surface is textured and has corners of its own around the point. Where no
    corner is to be found, a small grid around the point has to do.
    """
    cv2 = opencv()
    left, top = region.left, region.top
    mask = region.mask.astype(np.uint8)
    cv2.circle(mask, (int(xy[0]) - left, int(xy[1]) - top), int(SMALLEST_RADIUS) * 2, 1, -1)
    mask = cv2.dilate(mask, np.ones((5, 5), np.uint8))  # the corners of a plain region lie on its rim
    grey = frame.grey[top : top + mask.shape[0], left : left + mask.shape[1]]
    corners = cv2.goodFeaturesToTrack(grey, MOST_FEATURES, 0.02, 4, mask=mask)
    if corners is None or len(corners) < FEWEST_FEATURES:
        around = np.stack(np.meshgrid((-4, 0, 4), (-4, 0, 4)), axis=-1).reshape(-1, 2)
        return (xy + around).astype(np.float32)
    return corners[:, 0] + np.array((left + 0.5, top + 0.5), np.float32)
