"""Finds fields, check boxes and sliders beside their label by their outlines, without a model."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from molmo_act.reading.flat_areas import LINE, Area, flat_areas
from molmo_act.reading.text import Box, ReadText, overlap
from molmo_act.reading.words import Kind

FIELD, TICK, SLIDER, UNSAID = "field", "tick", "slider", "unsaid"
GROUPS = (FIELD, TICK, SLIDER, UNSAID)
"""Controls that are weighed alike; "unsaid" is a field where the query names no kind."""
GROUP_OF: dict[Kind | None, str] = {
    "field": FIELD,
    "list": FIELD,
    "check box": TICK,
    "choice": TICK,
    "slider": SLIDER,
    None: UNSAID,
}
"""Kinds that stand beside their label, and the group of each."""
OUTLINE_FEATURES = (
    *("holds the label", "begins the label", "ends the label", "right", "left", "below", "above"),
    *("gap right", "gap left", "gap below", "gap above", "off the row", "off the column"),
    *("height off", "width off", "square", "line"),
    *("level edges", "upright edges", "filled"),
    *("words inside", "words between", "nearer to other words", "behind another"),
)
"""Names of the numbers of an `Outline`."""
_REACH = 60, 6, 9  # label heights that are looked at to both sides, above and below
_MOST_PIXELS = 4_000_000  # of what is looked at on a screen of 8K
_USUAL: dict[str, tuple[float, float]] = {  # height and width of a control, in heights of its label
    FIELD: (1.7, 10.0),
    TICK: (0.75, 0.85),
    SLIDER: (0.5, 8.0),
    UNSAID: (1.7, 10.0),
}
_SIDES = ("right", "left", "below", "above")
_WAYS = ("holds", "begins", "ends", *_SIDES)
_LOW = 0.6  # label heights up to which an area may be a part of a slider's track
_BORDER, _BORDER_SHARE = 5, 0.6  # pixels between an area and its border, which round corners shorten
_UNDERLINED = 1.8  # label heights of a field of which only the line below is seen


@dataclass(frozen=True)
class Outline:
    """A place that may be the control of a label.

    Attributes:
        box: Where it is, in pixels of the image.
        features: A number for each of `OUTLINE_FEATURES`.
    """

    box: Box
    features: tuple[float, ...]

    @property
    def middle(self) -> tuple[float, float]:
        """The middle of its box, in pixels."""
        return (self.box[0] + self.box[2]) / 2, (self.box[1] + self.box[3]) / 2


def outlines(image: np.ndarray, label: Box, text: ReadText, group: str) -> list[Outline]:
    """Finds what may be the control of a label: rectangles, circles and lines around it.

    Only areas of one colour, or of a smooth change of colours, have outlines: those of a screen. Noise of
    a camera leaves none.

    Args:
        image: uint8 (H, W, 3), RGB.
        label: Where the label is written, in pixels.
        text: What was read in the image.
        group: One of `GROUPS`, which says how large the control is likely to be.

    Returns:
        The places, in no particular order.
    """
    unit = max(label[3] - label[1], 8.0)
    height, width = image.shape[:2]
    aside, above, below = (reach * unit for reach in _REACH)
    y0, y1 = max(int(label[1] - above), 0), min(int(label[3] + below), height)
    aside = min(aside, _MOST_PIXELS / 2 / max(y1 - y0, 1))
    x0, x1 = max(int(label[0] - aside), 0), min(int(label[2] + aside), width)
    x1, y1 = max(x0, x1), max(y0, y1)  # a label outside of the image
    found = _without_borders([_moved(area, x0, y0) for area in flat_areas(image[y0:y1, x0:x1], unit)])
    if group == SLIDER:
        found += _tracks(found, unit)
    ways = [(area, way) for area in found if (way := way_of(area.box, label, unit))]
    words = [word.box for line in text for word in line.words if not _covers(label, word.box)]
    lines = [line.box for line in text if not _covers(line.box, label)]
    return [
        Outline(
            _pressed(area, unit, group),
            (
                *_place(area.box, way, label, unit),
                *_shape(area, unit, group),
                *_company(area, way, label, unit, words, lines),
                _behind(area, way, label, ways),
            ),
        )
        for area, way in ways
    ]


def way_of(box: Box, label: Box, unit: float) -> str | None:
    """Says how a box lies to a label.

    Args:
        box: The box.
        label: The label's box.
        unit: The label's height in pixels.

    Returns:
        "holds" where the label is in the box; "begins" or "ends" where the box is in the first or last
        part of the label, as a box to tick that was read as a letter is; "right", "left", "below" or "above";
        None for a box that lies at none of them.
    """
    if overlap(box, label) > 0.7 * (label[2] - label[0]) * (label[3] - label[1]):
        return "holds"
    if _covers(label, box):
        if (box[0] + box[2]) / 2 < label[0] + unit:
            return "begins"
        return "ends" if (box[0] + box[2]) / 2 > label[2] - unit else None
    slack = 0.4 * unit
    in_row = min(box[3], label[3]) - max(box[1], label[1]) > 0.3 * min(box[3] - box[1], unit)
    in_column = min(box[2], label[2] + unit) - max(box[0], label[0] - unit) > 0
    if in_row and box[0] >= label[2] - slack:
        return "right"
    if in_row and box[2] <= label[0] + slack:
        return "left"
    if in_column and box[1] >= label[3] - slack:
        return "below"
    if in_column and box[3] <= label[1] + slack:
        return "above"
    return None


def _place(box: Box, way: str, label: Box, unit: float) -> list[float]:
    """Features: how the box lies to the label."""
    gaps = [_logarithm(_gap(box, side, label) / unit) if way == side else 0.0 for side in _SIDES]
    off_row = abs(box[1] + box[3] - label[1] - label[3]) / 2 / unit if way in ("right", "left") else 0.0
    off_column = 0.0
    if way in ("below", "above"):  # aligned at the left, or in the middle
        off_column = min(abs(box[0] - label[0]), abs(box[0] + box[2] - label[0] - label[2]) / 2) / unit
    return [*(float(way == each) for each in _WAYS), *gaps, min(off_row, 3.0), _logarithm(off_column)]


def _shape(area: Area, unit: float, group: str) -> list[float]:
    """Features: how large the area is, and how much like a rectangle."""
    high, wide = _USUAL[group]
    return [
        abs(math.log(area.height / unit / high)),
        abs(math.log(area.width / unit / wide)),
        abs(math.log(area.width / area.height)),
        float(area.height <= LINE),
        area.level,
        area.upright,
        area.filled,
    ]


def _company(
    area: Area, way: str, label: Box, unit: float, words: Sequence[Box], lines: Sequence[Box]
) -> list[float]:
    """Features: which other words are in the area, between it and the label, and near it."""
    inside = sum(_covers(area.box, word) for word in words)
    between = sum(_touches(_between(area.box, way, label), word) for word in words)
    own = _distance(area.box, label)
    others = [_distance(area.box, line) for line in lines if not _covers(area.box, line)]
    nearer = (own - min(others, default=own + unit)) / unit
    return [min(inside, 3.0), min(between, 3.0), min(max(nearer, -1.0), 3.0)]


def _behind(area: Area, way: str, label: Box, ways: Sequence[tuple[Area, str]]) -> float:
    """Feature: how many others of about this size are nearer to the label on the same side, at most 3."""
    own = _gap(area.box, way, label)
    nearer = sum(
        1.0
        for other, its in ways
        if its == way
        and _gap(other.box, way, label) < own - 1
        and 0.5 < other.height / area.height < 2
        and overlap(other.box, area.box) == 0
    )
    return min(nearer, 3.0)


def _without_borders(areas: Sequence[Area]) -> list[Area]:
    """Leaves out the lines that are an edge of another area."""
    bodies = [area.box for area in areas if area.height > LINE]

    def is_border(line: Box) -> bool:
        return any(
            box[0] - _BORDER <= line[0]
            and line[2] <= box[2] + _BORDER
            and line[2] - line[0] > _BORDER_SHARE * (box[2] - box[0])
            and min(abs(line[1] - box[3]), abs(line[3] - box[1])) <= _BORDER
            for box in bodies
        )

    return [area for area in areas if area.height > LINE or not is_border(area.box)]


def _tracks(areas: Sequence[Area], unit: float) -> list[Area]:
    """Low areas of one row joined, as those on both sides of a slider's thumb are."""
    low = sorted((area for area in areas if area.height <= _LOW * unit), key=lambda area: area.box[0])
    joined = []
    for number, first in enumerate(low):
        for second in low[number + 1 :]:
            apart = second.box[0] - first.box[2]
            same_row = abs(first.box[1] + first.box[3] - second.box[1] - second.box[3]) <= 2
            if same_row and 0 <= apart <= 2 * unit:
                box = first.box[0], first.box[1], second.box[2], first.box[3]
                joined.append(replace(first, box=box, filled=min(first.filled, second.filled)))
    return joined


def _pressed(area: Area, unit: float, group: str) -> Box:
    """Where to press for an area: above a line that is the lower edge of a field."""
    if group == SLIDER or area.height > LINE:
        return area.box
    x0, _, x1, y1 = area.box
    return x0, max(y1 - _UNDERLINED * unit, 0.0), x1, y1


def _moved(area: Area, x: float, y: float) -> Area:
    x0, y0, x1, y1 = area.box
    return replace(area, box=(x0 + x, y0 + y, x1 + x, y1 + y))


def _gap(box: Box, way: str, label: Box) -> float:
    """Pixels between the edges of a label and a box on one side of it, 0 where they touch."""
    gaps = {
        "right": box[0] - label[2],
        "left": label[0] - box[2],
        "below": box[1] - label[3],
        "above": label[1] - box[3],
    }
    return max(gaps.get(way, 0.0), 0.0)


def _between(box: Box, way: str, label: Box) -> Box:
    """What lies between a label and a box on one side of it."""
    if way in ("right", "left"):
        first, second = (label, box) if way == "right" else (box, label)
        return first[2], max(box[1], label[1]), second[0], min(box[3], label[3])
    first, second = (label, box) if way == "below" else (box, label)
    return max(box[0], label[0]), first[3], min(box[2], label[2]), second[1]


def _distance(first: Box, second: Box) -> float:
    """Pixels between two boxes, 0 where they touch."""
    across = max(second[0] - first[2], first[0] - second[2], 0.0)
    down = max(second[1] - first[3], first[1] - second[3], 0.0)
    return math.hypot(across, down)


def _covers(box: Box, other: Box) -> bool:
    return overlap(box, other) > 0.6 * (other[2] - other[0]) * (other[3] - other[1])


def _touches(box: Box, other: Box) -> bool:
    return min(box[2], other[2]) > max(box[0], other[0]) and min(box[3], other[3]) > max(box[1], other[1])


def _logarithm(distance: float) -> float:
    return math.log1p(max(distance, 0.0))
