"""Answers with coordinates written as text ⇄ points in pixels: Molmo 2.

Points are thousandths of the image's width and height, in groups of one image (counted from 1) or one
frame (its time in seconds), and a number for every object. Groups are written apart by ``;``; tab, ``:`` and
``,`` are read too::

    <points coords="1 1 555 169;2 2 649 154 3 709 162">mugs</points>
    <tracks coords="0.0 1 635 522;0.5 1 606 490 2 511 124">cats</tracks>

Rows of points are lists ``[object_id, image_index | seconds, x, y]``, as for grounding tokens.
"""

from __future__ import annotations

import itertools
import logging
import re
from collections.abc import Iterable, Iterator, Sequence

logger = logging.getLogger(__name__)

OPENINGS = ('<points coords="', '<tracks coords="')
"""Beginnings of answers that list points."""
NO_POINTS = "There are none."
"""What models of every format say when nothing matches."""

_ATTRIBUTE = re.compile(r"""(?<!\w)(\w+)\s*=\s*("[^"]*"|'[^']*')""")
_TAG = re.compile(r"""<(?:points?|tracks)((?:\s+\w+\s*=\s*(?:"[^"]*"|'[^']*'))+)\s*/?>""")
_TAG_START = re.compile(r"<(?:points?|tracks)\s")
_OPEN_COORDS = re.compile(r"""(?<!\w)coords\s*=\s*["']([^"'<>]*)\Z""")
_GROUP = re.compile(r"\s*([0-9]{1,9}(?:\.[0-9]{0,9})?) ([0-9. ]+)")
_WRITTEN = re.compile(r"[0-9]+ [0-9]{3,4} [0-9]{3,4}")
_OBJECT = re.compile(r"(?<![0-9.])([0-9]{1,9}) ([0-9]{3,4}) ([0-9]{3,4})(?![0-9.])")


def extract_coordinate_points(text: str, image_sizes: Sequence[tuple[int, int]]) -> list[list[float]]:
    """The points of an answer about images.

    Args:
        text: The answer. What is not a point is skipped; of a tag that the end of the text cuts short the
            points count that are complete.
        image_sizes: (width, height) in pixels of each original image. With a single one the image numbers
            in the text do not matter.

    Returns:
        Rows ``[object_id, image_index, x, y]`` in the order of the text: the id as written; 0-based image
        index; pixels of the original image. Points outside their image or in an image that is not there are
        left out with a logged warning.
    """
    rows = []
    for object_id, image_number, x, y in _fractions(text):
        index = 0 if len(image_sizes) == 1 else int(image_number) - 1
        if not 0 <= index < len(image_sizes):
            logger.warning("Left out a point in image %g of %d.", image_number, len(image_sizes))
            continue
        width, height = image_sizes[index]
        rows.append([object_id, index, x * width, y * height])
    return rows


def extract_coordinate_video_points(text: str, video_size: tuple[int, int]) -> list[list[float]]:
    """The points of an answer about a video.

    Args:
        text: See `extract_coordinate_points`.
        video_size: (width, height) of the original frames in pixels.

    Returns:
        Rows ``[object_id, seconds, x, y]`` in the order of the text, pixels of the original frames. Points
        outside the frame are left out with a logged warning.
    """
    width, height = video_size
    return [[object_id, seconds, x * width, y * height] for object_id, seconds, x, y in _fractions(text)]


def write_coordinate_points(
    rows: Iterable[Sequence[float]], label: str, image_sizes: Sequence[tuple[int, int]]
) -> str:
    """Writes points in images as Molmo 2 does; the inverse of `extract_coordinate_points`.

    Args:
        rows: ``[object_id, image_index, x, y]``, those of one image next to each other.
        label: What was pointed at.
        image_sizes: (width, height) in pixels of each original image.

    Returns:
        ``<points coords="…">label</points>``, or "There are none." without rows.
    """
    groups = itertools.groupby(rows, key=lambda row: int(row[1]))
    places = [f"{index + 1} {_objects(group, image_sizes[index])}" for index, group in groups]
    return _tag("points", places, label)


def write_coordinate_tracks(rows: Iterable[Sequence[float]], label: str, video_size: tuple[int, int]) -> str:
    """Writes points in frames as Molmo 2 does; the inverse of `extract_coordinate_video_points`.

    Args:
        rows: ``[object_id, seconds, x, y]``, those of one frame next to each other.
        label: What was tracked.
        video_size: (width, height) of the original frames in pixels.

    Returns:
        ``<tracks coords="…">label</tracks>``, seconds with one decimal, or "There are none." without rows.
    """
    groups = itertools.groupby(rows, key=lambda row: row[1])
    return _tag(
        "tracks", [f"{seconds:.1f} {_objects(group, video_size)}" for seconds, group in groups], label
    )


def coordinate_spans(text: str) -> list[tuple[int, int]]:
    """Says where in an answer each point stands.

    Args:
        text: The answer.

    Returns:
        First character, and the one behind the last, of everything that looks like a point.
    """
    return [match.span() for match in _WRITTEN.finditer(text)]


def _fractions(text: str) -> Iterator[tuple[int, float, float, float]]:
    """Object id, image number or seconds, and x and y as fractions of the image."""
    for attributes in _tags(text):
        for object_id, place, x, y in _thousandths(attributes.get("coords", "")):
            if x > 1 or y > 1:
                logger.warning("Left out the point (%g, %g): it lies outside the image.", x, y)
            else:
                yield object_id, place, x, y


def _tags(text: str) -> Iterator[dict[str, str]]:
    """The attributes of each tag of points; those of a tag that is cut short as far as they go."""
    end = 0
    for tag in _TAG.finditer(text):
        end = tag.end()
        yield _attributes(tag.group(1))
    starts = [start.start() for start in _TAG_START.finditer(text, end)]
    if not starts:
        return
    rest = text[starts[-1] + 1 :]
    if cut := _OPEN_COORDS.search(rest):
        # "100" may be the beginning of "1000"; no other number of three digits goes on.
        yield {"coords": re.sub(r"(?<![0-9])100\Z", "", cut.group(1))}
    elif not set("<>") & set(rest):
        yield _attributes(rest)


def _attributes(text: str) -> dict[str, str]:
    return {name: value[1:-1].strip() for name, value in _ATTRIBUTE.findall(text)}


def _thousandths(coords: str) -> Iterator[tuple[int, float, float, float]]:
    for part in re.split(r"[\t:;,]", coords):
        if group := _GROUP.fullmatch(part):
            for object_id, x, y in _OBJECT.findall(group.group(2)):
                yield int(object_id), float(group.group(1)), int(x) / 1000, int(y) / 1000


def _objects(rows: Iterable[Sequence[float]], size: tuple[int, int]) -> str:
    return " ".join(
        f"{int(object_id)} {round(1000 * x / size[0]):03d} {round(1000 * y / size[1]):03d}"
        for object_id, _, x, y in rows
    )


def _tag(name: str, groups: Sequence[str], label: str) -> str:
    return f'<{name} coords="{";".join(groups)}">{label}</{name}>' if groups else NO_POINTS
