"""Follows a plain region by its rim, where it has neither texture nor a centre that could be measured.

Such a region is larger than the neighbourhood of a point, or is cut off by the frame's edge. On its rim, only
motion across the rim is seen. All of it together gives the motion of the region, see
`molmo_act.tracking.rim_motion` (Harris and Stennett 1990, "RAPID, a video rate object tracker"). What no part
of the rim tells, such as motion along a band that crosses the frame, counts as none: of equal places the
nearest. A rim keeps its shape but for its size and direction, so that what covers a side is told from it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from molmo_act._optional import import_optional
from molmo_act.tracking.appearance import FLOOD_TOLERANCE
from molmo_act.tracking.config import VIDEO_EXTRA
from molmo_act.tracking.frame_buffer import FlowFrame
from molmo_act.tracking.region import Region, outline
from molmo_act.tracking.rim_motion import MIN_RIM_POINTS, Measured, Motion, common_motion, least_share

RIM_REACH = 12  # pixels to either side of the rim in which it is searched for on the next frame
FAR_RIM_REACH = 48  # the same, where it was not found
RENEW_RIM_BELOW = 10  # points of a rim that are within the frame
_PER_DIRECTION, _DIRECTIONS = 6, 8
_EDGE = 2  # pixels to either side of the rim between which the colour changes; beyond, the ground does too
_MIN_STEP = 20.0  # levels of 255 by which it does; slower changes are light and shade
_MIN_CONTRAST = 10.0  # levels between a region and what lies around it; less is light and shade, too
_STEP_OF_CONTRAST = 0.6  # the least step of a rim of little contrast, as a part of that
_MIN_WITHIN = 0.1  # of a rim, in each direction, that is within the frame; less, and motion there is unknown
_MIN_CONFIRMED = 0.7  # of an outline in each direction that is a rim; less, and the region ends elsewhere


@dataclass(frozen=True, eq=False)
class Rim:
    """Points on the rim of a plain region.

    Attributes:
        points: float64 (K, 2), pixels; none where the region ends nowhere in the frame.
        outwards: float64 (K, 2), directions across the rim, of length 1.
        colour: float64 (3,), of the region at its tracked point, in levels of 255.
        inside: float64 (K, 3), what is added to that inside of each point.
        beyond: float32 (K, 3), the colour outside of each point, as if the frame's brightness were 128.
        contrast: Levels between inside and outside; from 2 × `FLOOD_TOLERANCE` on they are told apart alike.
    """

    points: np.ndarray
    outwards: np.ndarray
    colour: np.ndarray
    inside: np.ndarray
    beyond: np.ndarray
    contrast: float

    @property
    def tolerance(self) -> float:
        """Levels by which a pixel of the region may differ from its colour."""
        return min(FLOOD_TOLERANCE, self.contrast / 2)

    @property
    def min_step(self) -> float:
        """Levels by which the colour changes across the rim, at least."""
        return min(_MIN_STEP, _STEP_OF_CONTRAST * self.contrast)

    def shifted(self, shift: np.ndarray) -> Rim:
        """Moves it.

        Args:
            shift: (2,), pixels.

        Returns:
            The moved rim.
        """
        return replace(self, points=self.points + shift)

    def moved(self, motion: Motion) -> Rim:
        """Moves, turns and resizes it.

        Args:
            motion: How.

        Returns:
            The moved rim, with arrays of its own.
        """
        points, outwards = self.points + motion.of(self.points), motion.turned(self.outwards)
        return replace(self, points=points, outwards=outwards, beyond=self.beyond.copy())

    def part(self, chosen: np.ndarray) -> Rim:
        """Selects points.

        Args:
            chosen: bool or int, which.

        Returns:
            The rim of these points.
        """
        return replace(
            self,
            points=self.points[chosen],
            outwards=self.outwards[chosen],
            inside=self.inside[chosen],
            beyond=self.beyond[chosen],
        )

    def reaches_beyond(self, xy: np.ndarray, distance: float) -> bool:
        """Tells whether the region is so large that its points cannot be told apart by what is near them.

        Args:
            xy: (2,), a point of the region.
            distance: Pixels.

        Returns:
            Whether the rim is further away than that, on some side or because there is none.
        """
        return not len(self.points) or bool(np.abs(self.points - xy).max() > distance)

    def tells(self, frame: FlowFrame) -> bool:
        """Tells whether what is within the frame shows motion in every direction in which the whole does.

        Args:
            frame: The frame.

        Returns:
            Whether none of its sides is missed; true without any points.
        """
        return least_share(self.outwards, self.seen(frame)) >= _MIN_WITHIN

    def seen(self, frame: FlowFrame) -> np.ndarray:
        """Tells which points can be measured on a frame.

        Args:
            frame: The frame.

        Returns:
            bool (K,), false for points beyond the frame's edge or next to it.
        """
        height, width = frame.grey.shape
        across = (_EDGE + 1) * np.array([-1, 0, 1])[:, None, None] * self.outwards
        at = self.points + across
        return np.asarray(((at > 0) & (at < (width, height))).all(axis=(0, 2)))


def find_rim(region: Region, xy: np.ndarray) -> Rim:
    """Finds the rim of a plain region.

    Args:
        region: The region.
        xy: (2,), the point it was found at.

    Returns:
        Its rim, about equally many points of each direction. Of what differs little from its ground, or is
        lit from one side, too, where steps of colour lie all around it.
    """
    gradual, confirmed = _rim_within(region, xy, gradual=True)
    if confirmed >= _MIN_CONFIRMED and len(gradual.points) >= RENEW_RIM_BELOW:
        return gradual
    rim, _ = _rim_within(region, xy, gradual=False)
    return rim if len(rim.points) >= MIN_RIM_POINTS else rim.part(np.zeros(0, int))


def _rim_within(region: Region, xy: np.ndarray, *, gradual: bool) -> tuple[Rim, float]:
    """The rim by one way of flooding, and the least share of the outline that it confirms in a direction."""
    frame = region.frame
    places, outwards, error = outline(region, xy, gradual=gradual)
    chosen = _spread(outwards)
    places, outwards = places[chosen], outwards[chosen]
    colour, nothing = colour_at(frame, xy), np.zeros((len(places), 3))
    rim = Rim(places, outwards, colour, nothing, nothing.astype(np.float32), 2.0 * FLOOD_TOLERANCE)
    if gradual:
        rim = _with_contrast(frame, rim, 2 * round(error) + _EDGE)
    if not len(places) or rim.contrast < _MIN_CONTRAST:
        return rim.part(np.zeros(0, int)), 0.0
    confirmed = np.ones(len(places), bool)
    for _ in range(2):  # again from where it was found, as on later frames: else they begin with a step
        measured = _across(frame, rim, round(2 * error) + 2)
        moved = replace(
            rim, points=rim.points + measured.across[:, None] * rim.outwards, beyond=measured.beyond
        )
        confirmed[confirmed] = measured.found
        rim = moved.part(measured.found)
    return rim, least_share(outwards, confirmed)


def _with_contrast(frame: FlowFrame, rim: Rim, distance: int) -> Rim:
    """The rim with the colours inside of it and its contrast, both measured some pixels from it."""
    if not len(rim.points):
        return rim
    offsets = np.array([-distance, distance])
    inner, outer = np.moveaxis(_colours(frame.smooth, rim, offsets), 1, 0)
    contrast = float(np.median(np.abs(outer - inner).max(axis=1)))
    return replace(rim, inside=inner - rim.colour, contrast=contrast)


def follow_rim(frame: FlowFrame, rim: Rim, *, reach: int) -> tuple[Motion, Rim] | None:
    """Finds a rim on a later frame.

    Args:
        frame: The later frame.
        rim: The rim on a frame before.
        reach: How far it may have moved, in pixels.

    Returns:
        Its motion, and the rim where it is now; None where too little of it is found, or where its sides
        contradict each other.
    """
    seen = rim.seen(frame)
    if not len(rim.points):
        return Motion.none(), rim
    if seen.sum() < MIN_RIM_POINTS or not rim.tells(frame):
        return None
    measured = _across(frame, rim.part(seen), reach)
    motion, agrees = common_motion(rim.points[seen], rim.outwards[seen], measured)
    if motion is None:
        return None
    moved = rim.moved(motion)
    kept = np.flatnonzero(seen)[agrees]
    moved.beyond[kept] = measured.beyond[agrees]
    return motion, moved


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


def _colours(image: np.ndarray, rim: Rim, offsets: np.ndarray) -> np.ndarray:
    """float32 (K, O, 3), the colours at some distances outwards from each point; the frame's edge repeats."""
    cv2 = import_optional("cv2", **VIDEO_EXTRA)
    at = rim.points[:, None] + offsets[:, None] * rim.outwards[:, None]
    columns, rows = np.moveaxis(at - 0.5, -1, 0).astype(np.float32)
    colours = cv2.remap(image, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(colours, np.float32)


def _across(frame: FlowFrame, rim: Rim, reach: int) -> Measured:
    """How far across the rim its points have moved."""
    if not len(rim.points):
        return Measured(np.zeros(0), np.zeros(0, bool), rim.beyond, np.zeros(0, bool))
    offsets = np.arange(-reach - _EDGE, reach + _EDGE + 1)
    # Of little contrast is found what a camera's noise would hide.
    colours = _colours(frame.smooth if rim.tolerance < FLOOD_TOLERANCE else frame.rgb, rim, offsets)
    away = np.abs(colours - (rim.colour + rim.inside).astype(np.float32)[:, None]).max(axis=2)
    height, width = frame.grey.shape
    at = rim.points[:, None] + offsets[:, None] * rim.outwards[:, None]
    away[((at < 0) | (at >= (width, height))).any(axis=2)] = np.nan  # comparisons with it are false
    middle = slice(_EDGE, -_EDGE - 1)
    inner, outer = away[:, : -2 * _EDGE - 1], away[:, 2 * _EDGE + 1 :]
    leaves = (away[:, middle] <= rim.tolerance) & (away[:, _EDGE + 1 : -_EDGE] > rim.tolerance)
    leaves &= outer - inner >= rim.min_step
    distance = np.where(leaves, np.abs(offsets[middle] + 0.5), np.inf)
    nearest = distance.argmin(axis=1)
    every = np.arange(len(nearest))
    found = leaves[every, nearest]
    low, high = inner[every, nearest], np.where(found, outer[every, nearest], np.inf)
    edge = away[every[:, None], nearest[:, None] + np.arange(2 * _EDGE + 2)]
    with np.errstate(invalid="ignore"):
        part = np.clip((high[:, None] - edge) / (high - low)[:, None], 0, 1)  # of each pixel inside
    across = np.where(found, offsets[nearest] - 0.5 + part.sum(axis=1), 0)
    # As if frames were equally bright, so that automatic exposure changes no colour.
    beyond = colours[every, nearest + 2 * _EDGE + 1] * np.float32(128 / max(frame.brightness, 1.0))
    doubtful = np.abs(beyond - rim.beyond).max(axis=1) > rim.tolerance
    unlike = np.abs(rim.beyond - np.median(rim.beyond, axis=0)).max(axis=1) > rim.tolerance / 2
    return Measured(across, found, beyond, doubtful, plain_ground=not unlike.any())
