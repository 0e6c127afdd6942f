"""Answers with points in per cent of one image ⇄ points in pixels: Molmo 1.

One point, several, and several that were counted::

    <point x="63.5" y="52.2" alt="mug">mug</point>
    <points x1="60.6" y1="49.0" x2="63.5" y2="52.2" alt="mugs">mugs</points>
    Counting the <points x1="60.6" y1="49.0" x2="63.5" y2="52.2" alt="mugs">mugs</points> shows a total of 2.

Points are read as official evaluations read them: wherever a pair stands, in a tag or not. They read three
more notations, of earlier models: ``(60.6, 49.0)``; ``Click(60.6, 49.0)``, which counts twice there and so
here; and tenths of a per cent, ``p=606, 490`` or ``1=606, 490``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple
from xml.sax.saxutils import quoteattr

import numpy as np

from molmo_act.formats.coordinate_text import NO_POINTS

OPENINGS = (" <point x", " <points x", " Counting the")
"""Beginnings of answers that list points."""
_NUMBER = r"([0-9]+(?:\.[0-9]+)?)"
_DECIMAL = r"([0-9]+\.[0-9])"
_TENTH = r"([0-9]{3})"
_NOTATIONS = (
    (re.compile(rf'x[0-9]{{0,9}}="\s*{_NUMBER}"\s+y[0-9]{{0,9}}="\s*{_NUMBER}"'), 100),
    (re.compile(rf"Click\({_DECIMAL}, ?{_DECIMAL}\)"), 100),
    (re.compile(rf"\({_DECIMAL},? ?{_DECIMAL}\)"), 100),
    (re.compile(rf"(?:p|[0-9])\s*=\s*{_TENTH}\s*,\s*{_TENTH}"), 1000),
)
"""A pair of numbers, and what stands for the whole width and height."""


_NUMBERED = re.compile(r'x[0-9]{1,9}="([0-9.]+)" y[0-9]{1,9}="([0-9.]+)"')
_UNNUMBERED = re.compile(r'x="([0-9.]+)" y="([0-9.]+)"')


class PercentPoint(NamedTuple):
    """A point as it is written.

    Attributes:
        x, y: Shares of the image's width and height, 0 to 1.
        span: Where it stands in the text: first character, and the one behind the last.
    """

    x: float
    y: float
    span: tuple[int, int]


def find_percent_points(text: str) -> list[PercentPoint]:
    """Finds the points of an answer.

    Args:
        text: The answer. Pairs with a number above the whole are left out, as is what is cut short.

    Returns:
        The points, those of one notation in the order of the text.
    """
    found = [
        PercentPoint(float(match[1]) / whole, float(match[2]) / whole, match.span())
        for notation, whole in _NOTATIONS
        for match in notation.finditer(text)
    ]
    return [point for point in found if point.x <= 1 and point.y <= 1]


def extract_percent_points(text: str, image_sizes: Sequence[tuple[int, int]]) -> list[list[float]]:
    """The points of an answer about one image.

    Args:
        text: See `find_percent_points`.
        image_sizes: (width, height) in pixels of the original image; of none, there are no points.

    Returns:
        Rows ``[object_id, image_index, x, y]``: 1, 2, 3…; 0; pixels of the original image.
    """
    if not image_sizes:
        return []
    width, height = image_sizes[0]
    return [
        [number, 0, point.x * width, point.y * height]
        for number, point in enumerate(find_percent_points(text), 1)
    ]


def find_frame_points(text: str) -> list[PercentPoint]:
    """Finds the points of an answer about one frame, as the released program of VideoMolmo does.

    Args:
        text: The answer: all pairs of numbered attributes if it holds `<points`, else the first pair without
            numbers. Pairs above the whole, which the program keeps, and what is no number are left out.

    Returns:
        The points.
    """
    found = [*_NUMBERED.finditer(text)] if "<points" in text else [*_UNNUMBERED.finditer(text)][:1]
    points = [
        PercentPoint(float(match[1]) / 100, float(match[2]) / 100, match.span())
        for match in found
        if all(re.fullmatch(_NUMBER, number) for number in match.groups())
    ]
    return [point for point in points if point.x <= 1 and point.y <= 1]


def extract_frame_points(text: str, image_sizes: Sequence[tuple[int, int]]) -> list[list[float]]:
    """The points of an answer about one frame, in whole pixels, cut off as the released program does.

    Args:
        text: See `find_frame_points`.
        image_sizes: See `extract_percent_points`.

    Returns:
        Rows as `extract_percent_points` gives them.
    """
    if not image_sizes:
        return []
    width, height = image_sizes[0]
    return [
        [number, 0, int(point.x * width), int(point.y * height)]
        for number, point in enumerate(find_frame_points(text), 1)
    ]


def write_percent_points(
    xy: Sequence[Sequence[float]], label: str, image_size: tuple[int, int], *, counted: bool = False
) -> str:
    """Writes points in one image as Molmo 1 was trained to.

    Args:
        xy: (x, y) of each point in pixels of the original image.
        label: What was pointed at; it is written in lower case.
        image_size: (width, height) of the original image in pixels.
        counted: Whether it was asked how many there are.

    Returns:
        A ``<point …>`` tag, a ``<points …>`` tag for several, from left to right; "There are none." without
        points.
    """
    if not xy:
        return NO_POINTS
    label = label.lower()
    # Rounded as numpy does, 2.15 to 2.2, and sorted then.
    percent = sorted(np.round(100 * np.asarray(xy, float) / image_size, 1).tolist())
    several = len(percent) > 1
    places = " ".join(
        f'x{number}="{x:.1f}" y{number}="{y:.1f}"'
        for number, (x, y) in zip(range(1, len(percent) + 1) if several else [""], percent, strict=True)
    )
    name = "points" if several else "point"
    tag = f"<{name} {places} alt={quoteattr(label)}>{label}</{name}>"
    return f"Counting the {tag} shows a total of {len(percent)}." if counted else tag
