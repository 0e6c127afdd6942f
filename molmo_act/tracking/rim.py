"""Follows a plain region by its rim, where it has neither texture nor a centre that could be measured.

Such a region is larger than the neighbourhood of a point, or is cut off by the frame's edge. On its rim, only
motion across the rim is seen. All of it together gives the motion of the region: the shift on which most
points of the rim agree (Harris and Stennett 1990, "RAPID, a video rate object tracker"). What no part of the
rim tells, such as motion along a band that crosses the frame, counts as none: of equal places the nearest.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from molmo_act._optional import import_optional
from molmo_act.tracking.appearance import FLOOD_TOLERANCE
from molmo_act.tracking.config import VIDEO_EXTRA
from molmo_act.tracking.frame_buffer import FlowFrame
from molmo_act.tracking.region import Region, outline

RIM_REACH = 12  # pixels to either side of the rim in which it is searched for on the next frame
FAR_RIM_REACH = 48  # the same, where it was not found
MIN_RIM_POINTS = 4
MIN_AGREEMENT = 0.35  # of the points of a rim that must have moved alike; an object may cover the others
_PER_DIRECTION, _DIRECTIONS = 6, 8
_MAX_RESIDUAL = 1.0  # pixels between a point's motion across the rim and that of the whole
_EDGE = 2  # pixels to either side of the rim between which the colour changes; beyond, the ground does too
_MIN_STEP = 20.0  # levels of 255 by which it does; slower changes are light and shade
_UNSEEN = 0.2  # singular value, relative to the largest, of a direction of which the rim says nothing


@dataclass(frozen=True, eq=False)
class Rim:
    """Points on the rim of a plain region.

    Attributes:
        points: float64 (K, 2), pixels; none where the region ends nowhere in the frame.
        outwards: float64 (K, 2), directions across the rim, of length 1.
        colour: float64 (3,), of the region, in levels of 255.
    """

    points: np.ndarray
    outwards: np.ndarray
    colour: np.ndarray

    def shifted(self, shift: np.ndarray) -> Rim:
        """Moves it.

        Args:
            shift: (2,), pixels.

        Returns:
            The moved rim.
        """
        return replace(self, points=self.points + shift)

    def reaches_beyond(self, xy: np.ndarray, distance: float) -> bool:
        """Tells whether the region is so large that its points cannot be told apart by what is near them.

        Args:
            xy: (2,), a point of the region.
            distance: Pixels.

        Returns:
            Whether the rim is further away than that, on some side or because there is none.
        """
        return not len(self.points) or bool(np.abs(self.points - xy).max() > distance)

    def seen(self, frame: FlowFrame) -> np.ndarray:
        """Tells which points can be measured on a frame.

        Args:
            frame: The frame.

        Returns:
            bool (K,), false for points beyond the frame's edge or next to it.
        """
        height, width = frame.grey.shape
        within = (self.points > _EDGE) & (self.points < (width - _EDGE, height - _EDGE))
        return np.asarray(within.all(axis=1))


def find_rim(region: Region, xy: np.ndarray) -> Rim:
    """Finds the rim of a plain region.

    Args:
        region: The region.
        xy: (2,), the point it was found at.

    Returns:
        Its rim, equally many points of each direction.
    """
    colour = colour_at(region.frame, xy)
    places, outwards, error = outline(region, xy)
    chosen = _spread(outwards)
    places, outwards = places[chosen], outwards[chosen]
    for _ in range(2):  # again from where it was found, as on later frames: else they begin with a step
        across, found = _across(region.frame, places, outwards, colour, round(2 * error) + 2)
        places, outwards = (places + across[:, None] * outwards)[found], outwards[found]
    return Rim(places, outwards, colour)


def follow_rim(frame: FlowFrame, rim: Rim, *, reach: int) -> tuple[np.ndarray, Rim] | None:
    """Finds a rim on a later frame.

    Args:
        frame: The later frame.
        rim: The rim on a frame before.
        reach: How far it may have moved, in pixels.

    Returns:
        (2,), its motion in pixels, and the rim where it is now; None where too little of it is found.
    """
    seen = rim.seen(frame)
    if seen.sum() < MIN_RIM_POINTS:
        return np.zeros(2), rim
    across, found = _across(frame, rim.points[seen], rim.outwards[seen], rim.colour, reach)
    needed = max(MIN_RIM_POINTS, MIN_AGREEMENT * len(found))
    if found.sum() < needed:
        return None
    measured = np.flatnonzero(seen)[found]
    outwards = rim.outwards[measured]
    shift, agrees = _common_shift(outwards, across[found])
    if agrees.sum() < needed:
        return None
    # Each point that agrees goes where it was measured, so that errors do not add up from frame to frame.
    points = rim.points + shift
    rest = np.where(agrees, across[found] - outwards @ shift, 0)
    points[measured] += rest[:, None] * outwards
    return shift, replace(rim, points=points)


def colour_at(frame: FlowFrame, xy: np.ndarray) -> np.ndarray:
    """Measures the colour of the pixels around a point.

    Args:
        frame: The frame.
        xy: (2,), the point, inside the frame.

    Returns:
        float64 (3,), the median of 5 × 5 pixels.
    """
    column, row = int(xy[0]), int(xy[1])
    part = frame.rgb[max(row - 2, 0) : row + 3, max(column - 2, 0) : column + 3]
    return np.asarray(np.median(part.reshape(-1, 3), axis=0), np.float64)


def _spread(outwards: np.ndarray) -> np.ndarray:
    """Indices of equally many points of each direction: a long side must not outvote a short one."""
    turn = np.arctan2(outwards[:, 1], outwards[:, 0]) / (2 * np.pi)
    sector = np.rint(turn * _DIRECTIONS).astype(int) % _DIRECTIONS
    chosen = [np.zeros(0, int)]
    for direction in range(_DIRECTIONS):
        members = np.flatnonzero(sector == direction)
        if len(members):
            picks = np.linspace(0, len(members) - 1, min(_PER_DIRECTION, len(members)) + 2)[1:-1]
            chosen.append(np.unique(members[np.rint(picks).astype(int)]))
    return np.concatenate(chosen)


def _across(
    frame: FlowFrame, points: np.ndarray, outwards: np.ndarray, colour: np.ndarray, reach: int
) -> tuple[np.ndarray, np.ndarray]:
    """(K,), how far across the rim its points have moved, in pixels; and (K,), where that was found."""
    if not len(points):
        return np.zeros(0), np.zeros(0, bool)
    cv2 = import_optional("cv2", **VIDEO_EXTRA)
    offsets = np.arange(-reach - _EDGE, reach + _EDGE + 1)
    at = points[:, None] + offsets[:, None] * outwards[:, None]
    columns, rows = np.moveaxis(at - 0.5, -1, 0).astype(np.float32)
    colours = cv2.remap(frame.rgb, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    away = np.abs(colours - colour.astype(np.float32)).max(axis=2)
    height, width = frame.grey.shape
    away[((at < 0) | (at >= (width, height))).any(axis=2)] = np.nan  # comparisons with it are false
    middle = slice(_EDGE, -_EDGE - 1)
    inner, outer = away[:, : -2 * _EDGE - 1], away[:, 2 * _EDGE + 1 :]
    leaves = (away[:, middle] <= FLOOD_TOLERANCE) & (away[:, _EDGE + 1 : -_EDGE] > FLOOD_TOLERANCE)
    leaves &= outer - inner >= _MIN_STEP
    distance = np.where(leaves, np.abs(offsets[middle] + 0.5), np.inf)
    nearest = distance.argmin(axis=1)
    every = np.arange(len(nearest))
    found = leaves[every, nearest]
    low, high = inner[every, nearest], np.where(found, outer[every, nearest], np.inf)
    edge = away[every[:, None], nearest[:, None] + np.arange(2 * _EDGE + 2)]
    with np.errstate(invalid="ignore"):
        part = np.clip((high[:, None] - edge) / (high - low)[:, None], 0, 1)  # of each pixel inside
    return np.where(found, offsets[nearest] - 0.5 + part.sum(axis=1), 0), found


def _common_shift(outwards: np.ndarray, across: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(2,), the shift with which most motions across the rim agree, and which of them do."""
    candidates = np.concatenate(
        [np.zeros((1, 2)), [_least_squares(outwards, across)], _pairs(outwards, across)]
    )
    residuals = np.abs(candidates @ outwards.T - across)
    # Of shifts with which equally many agree, the smallest.
    votes = (residuals < _MAX_RESIDUAL).sum(axis=1) - 1e-3 * np.linalg.norm(candidates, axis=1)
    shift = candidates[votes.argmax()]
    for _ in range(2):
        agrees = np.abs(outwards @ shift - across) < _MAX_RESIDUAL
        shift = _least_squares(outwards[agrees], across[agrees])
    return shift, np.abs(outwards @ shift - across) < _MAX_RESIDUAL


def _least_squares(outwards: np.ndarray, across: np.ndarray) -> np.ndarray:
    return np.asarray(np.linalg.lstsq(outwards, across, rcond=_UNSEEN)[0])


def _pairs(outwards: np.ndarray, across: np.ndarray) -> np.ndarray:
    """(C, 2), shifts that pairs of points tell, of directions far enough apart."""
    count = len(outwards)
    first = np.arange(count)
    found = []
    for apart in {count // 4, count // 3, count // 2} - {0}:
        second = (first + apart) % count
        one, other = outwards[first], outwards[second]
        turn = one[:, 0] * other[:, 1] - one[:, 1] * other[:, 0]
        clear = np.abs(turn) > 0.5
        one, other, turn = one[clear], other[clear], turn[clear]
        a, b = across[first][clear], across[second][clear]
        x = (a * other[:, 1] - b * one[:, 1]) / turn
        y = (b * one[:, 0] - a * other[:, 0]) / turn
        found.append(np.stack([x, y], axis=1))
    return np.concatenate([np.zeros((0, 2)), *found])
