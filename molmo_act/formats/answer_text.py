"""Answers in words with points inside: what people read of them, and which tags of points they hold.

A tag is one of points, as each family of models writes them, or of tracks; its label stands inside it::

    Counting the <points coords="1 1 555 169 2 649 154">mugs</points> shows a total of 2.
    The <point x="63.5" y="52.2" alt="the red mug">mug</point> stands on the table.
    <points coords="<POINT_276><POINT_727><POINT_731>1<POINT_725>">background</points>

People read the labels in place of the tags.
"""

from __future__ import annotations

import html
import re
import unicodedata
from dataclasses import dataclass

_NAME = r"(?:points?|tracks)"
_VALUE = r"""(?:"[^"]*"|'[^']*')"""
_OPENING = re.compile(rf"<{_NAME}((?:\s+\w+\s*=\s*{_VALUE})+)\s*/?>")
_CLOSING = re.compile(rf"</{_NAME}>")
_UNREAD = re.compile(rf"{_OPENING.pattern}|{_CLOSING.pattern}|<POINT_[0-9]+>")
"""What people do not read: tags, and grounding tokens wherever a model wrote them."""
_UNFINISHED = re.compile(
    rf"""<{_NAME}(?:\s+\w+\s*=\s*{_VALUE})*\s*(?:/|(?:(?<=\s)\w+\s*(?:=\s*(?:"[^"]*|'[^']*)?)?))?\Z"""
    r"|<POINT_[0-9]*\Z"
)
"""A tag or a token whose end has not come yet."""
_BEGINNINGS = ("<points", "<tracks", "</points>", "</point>", "</tracks>", "<POINT_")
_ALT = re.compile(rf"(?<!\w)alt\s*=\s*({_VALUE})")


@dataclass(frozen=True)
class PointTag:
    """A tag of points in an answer.

    Attributes:
        start: Its first character in the answer.
        end: The character behind its closing tag; of one that is cut short, the end of the answer.
        label: What its points are: its attribute ``alt`` where it has one, else what stands inside it.
    """

    start: int
    end: int
    label: str


def point_tags(written: str) -> list[PointTag]:
    """Finds the tags of points in an answer.

    Args:
        written: The answer as the model wrote it.

    Returns:
        The tags in order; the last one may be cut short by the end of the answer.
    """
    openings = list(_OPENING.finditer(written))
    cut = _cut_short(written)
    starts = [opening.start() for opening in openings] + ([cut] if cut is not None else [])
    tags = []
    for number, opening in enumerate(openings):
        limit = [*starts, len(written)][number + 1]
        if opening[0].endswith("/>"):
            inside, end = "", opening.end()
        else:
            closing = _CLOSING.search(written, opening.end(), limit)
            inside = written[opening.end() : limit if closing is None else closing.start()]
            end = limit if closing is None else closing.end()
        alt = _ALT.search(opening[1])
        label = inside if alt is None else html.unescape(alt[1][1:-1])
        tags.append(PointTag(opening.start(), end, " ".join(_UNREAD.sub("", label).split())))
    return tags if cut is None else [*tags, PointTag(cut, len(written), "")]


def readable(written: str) -> str:
    """Says what people read of an answer.

    Args:
        written: The answer as the model wrote it, whole or cut short.

    Returns:
        The words, the labels of points in place of their tags; without blanks around them. A tag that is cut
        short is left out.
    """
    cut = _cut_short(written)
    return _UNREAD.sub("", written[:cut]).strip()


class ReadableStream:
    """What people read of an answer, as it comes: whole words, and no half of a tag.

    The pieces put together are what `readable` says of the whole answer.

    Example:
        >>> stream = ReadableStream()
        >>> [stream.feed(text) for text in ("See th", "See the <po", 'See the <points a="1">mugs</points> ')]
        ['See', ' the', ' mugs']
    """

    def __init__(self) -> None:
        self._given = 0

    def feed(self, written: str) -> str:
        """Takes the answer as far as it is written.

        Args:
            written: All of it up to now; longer than the last time.

        Returns:
            The words that have become whole since.
        """
        sure = _UNREAD.sub("", written[: _unfinished(written)]).lstrip()
        ends = (place for place in range(len(sure), self._given, -1) if _is_boundary(sure, place))
        return self._upto(sure, next(ends, self._given))

    def end(self, written: str) -> str:
        """Takes the whole answer.

        Args:
            written: The answer.

        Returns:
            The rest of the words.
        """
        text = readable(written)
        return self._upto(text, len(text))

    def _upto(self, text: str, end: int) -> str:
        piece, self._given = text[self._given : end], max(end, self._given)
        return piece


def _is_boundary(text: str, place: int) -> bool:
    """Whether a word ends before a place: a blank follows, or it is of a script without blanks."""
    if text[place - 1].isspace():
        return False  # blanks come with the word behind them, as the last ones are left out
    return text[place : place + 1].isspace() or unicodedata.east_asian_width(text[place - 1]) in "WF"


def _unfinished(written: str) -> int:
    """Where what may still become a tag or a token begins; else the end."""
    cut = _cut_short(written)
    if cut is not None:
        return cut
    last = written.rfind("<")
    begins = last >= 0 and any(one.startswith(written[last:]) for one in _BEGINNINGS)
    return last if begins else len(written)


def _cut_short(written: str) -> int | None:
    """Where a tag begins that the end of the answer cuts short; None without one."""
    place = written.find("<")
    while place >= 0:
        whole = _UNREAD.match(written, place)
        if whole is None and _UNFINISHED.match(written, place):
            return place
        place = written.find("<", place + 1 if whole is None else whole.end())
    return None
