"""Points in answers as text, as Molmo2's evaluation reads them, whatever looks odd about it.

Published figures rest on these rules (allenai/molmo2 at f3cb108). The library itself reads answers more
strictly and more gently: `molmo_act.formats.coordinate_text`. What differs here:

* A tag is read by a pattern, not as a tag: ``coords`` must be its last attribute, in double quotes, without a
  line break. A time such as ``1.5.2`` raises.
* Where no such tag has a point, older ways to write points are tried one after the other, also in prose.
* A thousandth is divided first and multiplied then, and the right and lower border count as inside.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

XY = tuple[float, float]

_TAG = re.compile(r'<(?:points|tracks).*? coords="([0-9\t:;, .]+)"/?>')
_GROUP = re.compile(r"(?:^|[\t:;,])([0-9.]+) ([0-9. ]+)")
_NUMBERED_THOUSANDTHS = re.compile(r"([0-9]+) ([0-9]{3,4}) ([0-9]{3,4})")
_CLICK = re.compile(r"Click\(([0-9]{1,3}\.[0-9]), ?([0-9]{1,3}\.[0-9])\)")
_NUMBERED_PERCENT = re.compile(r"[0-9]+ ([0-9]{1,3}\.[0-9]) ([0-9]{1,3}\.[0-9])")
_BRACKETS = re.compile(r"\(([0-9]{1,3}\.[0-9]),? ?([0-9]{1,3}\.[0-9])\)")
_ATTRIBUTES = re.compile(r"""x\d*="\s*([0-9]+(?:\.[0-9]+)?)"\s+y\d*="\s*([0-9]+(?:\.[0-9]+)?)\"""")
_EQUALS = re.compile(r"(?:\d+|p)\s*=\s*([0-9]{3})\s*,\s*([0-9]{3})")
_OLD_VIDEO = re.compile(r"<points ([0-9]+(?:\.[0-9]+)?)\t([^>]*?)/>")
_OLD_TRACKS = re.compile(r"time ([0-9.]+)\s*\n\s*\{([^}]*)\}")
_OLD_TRACK = re.compile(r"(\d+):\s*\[([0-9.]+), ([0-9.]+)\]")


@dataclass(frozen=True)
class TrackFrame:
    """The points of one time.

    Attributes:
        frame: ``round(time * fps)``, half to even.
        points: Id as text → pixels; a second point of an id was left out.
    """

    frame: int
    points: dict[str, XY]


def unified_points(text: str, width: float, height: float) -> list[tuple[float, str, float, float]]:
    """Reads the tags ``<points coords="…">`` and ``<tracks coords="…">``.

    Args:
        text: The answer.
        width: Width of the image in pixels.
        height: Height of the image in pixels.

    Returns:
        Rows ``(image number | seconds, id, x, y)`` in the order of the text.

    Raises:
        ValueError: A time is no number, such as ``1.5.2``; the official program ends there.
    """
    found = []
    for tag in _TAG.finditer(text):
        for group in _GROUP.finditer(tag.group(1)):
            place = float(group.group(1))
            for object_id, x, y in _NUMBERED_THOUSANDTHS.findall(group.group(2)):
                xy = (int(x) / 1000) * width, (int(y) / 1000) * height
                if 0 <= xy[0] <= width and 0 <= xy[1] <= height:
                    found.append((place, object_id, *xy))
    return found


def extract_points(text: str, width: float, height: float) -> list[XY]:
    """Reads the points of an answer about one image.

    Args:
        text: The answer.
        width: Width of the image in pixels.
        height: Height of the image in pixels.

    Returns:
        Pixels (x, y) in the order in which the rules find them.

    Raises:
        ValueError: See `unified_points`.
    """
    if unified := unified_points(text, width, height):
        return [(x, y) for _, _, x, y in unified]
    first: list[Callable[[], list[XY]]] = [
        lambda: _per_cent(_CLICK, text),
        lambda: [(int(x) / 1000, int(y) / 1000) for _, x, y in _NUMBERED_THOUSANDTHS.findall(text)],
        lambda: _per_cent(_NUMBERED_PERCENT, text),
    ]
    for rule in first:
        if found := _inside(rule(), width, height):
            return found
    rest = _per_cent(_BRACKETS, text) + _per_cent(_ATTRIBUTES, text)
    rest += [(int(x) / 1000, int(y) / 1000) for x, y in _EQUALS.findall(text)]
    return _inside(rest, width, height)


def _per_cent(pattern: re.Pattern[str], text: str) -> list[XY]:
    return [(float(x) / 100, float(y) / 100) for x, y in pattern.findall(text)]


def _inside(fractions: list[XY], width: float, height: float) -> list[XY]:
    return [(x * width, y * height) for x, y in fractions if max(x, y) <= 1]


def extract_timed_points(text: str, width: float, height: float) -> list[tuple[float, float, float]]:
    """Reads the points of an answer about several images or a video.

    Args:
        text: The answer.
        width: Width of the frames in pixels.
        height: Height of the frames in pixels.

    Returns:
        ``(image number | seconds, x, y)``, pixels. One malformed tag of the older form empties the whole
        answer.

    Raises:
        ValueError: See `unified_points`.
    """
    if unified := unified_points(text, width, height):
        return [(place, x, y) for place, _, x, y in unified]
    return list(_old_video(text, width, height))


def _old_video(text: str, width: float, height: float) -> Iterator[tuple[float, float, float]]:
    found = []
    for seconds, written in _OLD_VIDEO.findall(text):
        numbers = written.split()
        try:
            values = [float(number) for number in numbers]
        except ValueError:
            return
        if len(values) % 3:
            return
        for x, y in zip(values[1::3], values[2::3], strict=True):
            if max(x, y) <= 100:
                found.append((float(seconds), (x / 100) * width, (y / 100) * height))
    yield from found


def extract_tracks(text: str, width: float, height: float, fps: float) -> list[TrackFrame]:
    """Reads the tracks of an answer.

    Args:
        text: The answer.
        width: Width of the frames in pixels.
        height: Height of the frames in pixels.
        fps: Frames per second of the truth.

    Returns:
        An entry for each time, in order. Two may have the same frame, of which
        official scores take the last.

    Raises:
        ValueError: See `unified_points`.
    """
    times: dict[float, dict[str, XY]] = {}
    for seconds, object_id, x, y in unified_points(text, width, height):
        times.setdefault(seconds, {}).setdefault(object_id, (x, y))
    if times:
        return [TrackFrame(round(seconds * fps), times[seconds]) for seconds in sorted(times)]
    return [
        TrackFrame(round(float(seconds) * fps), _old_tracks(inside, width, height))
        for seconds, inside in _OLD_TRACKS.findall(text)
        if not re.search(r"[a-z]", inside)
    ]


def _old_tracks(inside: str, width: float, height: float) -> dict[str, XY]:
    found = {}
    for object_id, x, y in _OLD_TRACK.findall(inside):
        fractions = np.array([x, y], np.float32) / 100
        if fractions.max() <= 1:
            found[str(int(object_id))] = float(fractions[0]) * width, float(fractions[1]) * height
    return found
