"""Points in answers as text, as the evaluation of Molmo 1 and PointArena's evaluator of Molmo read them.

All patterns are tried and what they find is put together, so that ``Click(x, y)``, which two of them match,
is two points. allenai/molmo at 793fa38, pointarena/pointarena at dcd82f2.
"""

from __future__ import annotations

import re

XY = tuple[float, float]

_NUMBER = r"([0-9]+(?:\.[0-9]+)?)"
_CLICK = re.compile(r"Click\(([0-9]{1,3}\.[0-9]), ?([0-9]{1,3}\.[0-9])\)")
_BRACKETS = re.compile(r"\(([0-9]{1,3}\.[0-9]),? ?([0-9]{1,3}\.[0-9])\)")
_ATTRIBUTES = re.compile(rf'x\d*="\s*{_NUMBER}"\s+y\d*="\s*{_NUMBER}"')
_JSON_PIXELS = re.compile(rf"\[\s*{_NUMBER}\s*,\s*{_NUMBER}\s*\]")
_POINT_TAG = r'<point x="\s*[0-9.]+" y="\s*[0-9.]+" alt="[^"]*">[^<]*</point>'
_POINTS_TAG = r'<points (?:x\d+="\s*[0-9.]+" y\d+="\s*[0-9.]+" )+alt="[^"]*">[^<]*</points>'
_LIST = r"(?:\([0-9.]+, [0-9.]+\)\s*)+"
_WHOLE_ANSWER = re.compile(rf"\s*(?:{_POINT_TAG}|{_POINTS_TAG}|{_LIST})\s*")


def extract_points(text: str, width: float, height: float) -> list[XY]:
    """Reads the points of an answer.

    Args:
        text: The answer.
        width: Width of the image in pixels.
        height: Height of the image in pixels.

    Returns:
        Pixels (x, y), those of one pattern after the other.
    """
    found = []
    for pattern in (_CLICK, _BRACKETS, _ATTRIBUTES):
        for x, y in pattern.findall(text):
            fractions = float(x) / 100, float(y) / 100
            if max(fractions) <= 1:
                found.append((fractions[0] * width, fractions[1] * height))
    return found


def extract_points_pointarena(text: str, width: float, height: float) -> list[XY]:
    """Reads the points of an answer as PointArena does; without any, pairs in square brackets are pixels.

    Args:
        text: The answer.
        width: Width of the image in pixels.
        height: Height of the image in pixels.
    """
    pixels = [(float(x), float(y)) for x, y in _JSON_PIXELS.findall(text)]
    return extract_points(text, width, height) or pixels


def is_whole_answer(text: str) -> bool:
    """Tells whether an answer is one of the forms that Molmo 1's point metric accepts, and nothing beside."""
    return _WHOLE_ANSWER.fullmatch(text) is not None
