"""Words that stand together: parts of lines without a gap, and lines close below one another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from molmo_act.reading.text import Box, ReadText, TextLine, Word, union

_GAP = 1.1
"""Words of a line with more space between them, in heights of the line, are apart: two labels."""
_LINE_SPACE = 0.9
"""Lines are one label where less space is between them, in heights of the upper line."""
_MOST_LINES = 3


def groups(text: ReadText) -> list[list[list[Word]]]:
    """Finds the words that stand together: parts of a line without a gap, and lines close below one another.

    Args:
        text: What was read.

    Returns:
        Groups of one to three lines of words. Every line of a group is a group of its own, too.
    """
    parts = [part for line in text for part in _parts(line)]
    found = [[part] for part in parts]
    for part in parts:
        below, group = _next_line(part, parts), [part]
        while below is not None and len(group) < _MOST_LINES:
            group = [*group, below]
            found.append(group)
            below = _next_line(below, parts)
    return found


def _parts(line: TextLine) -> Iterator[list[Word]]:
    """Splits a line where words are far apart."""
    gap = _GAP * (line.box[3] - line.box[1])
    part: list[Word] = []
    for word in line.words:
        if part and word.box[0] - part[-1].box[2] > gap:
            yield part
            part = []
        part.append(word)
    yield part


def _next_line(part: Sequence[Word], parts: Sequence[list[Word]]) -> list[Word] | None:
    """The nearest part close below another, of about its height."""
    x0, _, x1, y1 = box = box_of(part)
    high = box[3] - box[1]
    nearest = None
    for other in parts:
        left, top, right, bottom = box_of(other)
        near = -0.3 * high < top - y1 < _LINE_SPACE * high and abs(bottom - top - high) < 0.35 * high
        aligned = min(abs(left - x0), abs((left + right) - (x0 + x1)) / 2) < 0.6 * high
        if near and aligned and other is not part and (nearest is None or top < box_of(nearest)[1]):
            nearest = other
    return nearest


def box_of(words: Sequence[Word]) -> Box:
    """Gives the box around words."""
    box = words[0].box
    for word in words[1:]:
        box = union(box, word.box)
    return box
