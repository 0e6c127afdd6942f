"""Reads how many objects an answer says there are.

Models state a count in a few kinds of sentences::

    Counting the mugs shows a total of 12.
    The total number of "mugs" is: 12.
    There are 1,234 people.
    There are none.

Only a whole number that the answer stands by counts: "2.5", "30%", "1/2" and "12 to 15" are none, and neither
is what a question asks or a sentence doubts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_LEAD = re.compile(
    r"(?P<counted>\bcounting\b[^.?!\n]{0,400}?\bshows\s+a\s+total\s+of\s+"
    r"|\btotal\s+number\b[^.?!\n]{0,400}?\bis:?\s+)"  # sentences of training, whose labels may hold any word
    r"|(?P<total>\ba\s+total\s+of\s+)"
    r"|\bthere\s+(?:are|is)\s+",
    re.IGNORECASE,
)
"""What stands before a count."""
_SEPARATOR = "[,\u00a0\u2009\u202f]"  # of thousands: a comma, or a no-break, thin or narrow no-break space
_NUMBER = re.compile(
    rf"[1-9][0-9]{{0,2}}(?P<separator>{_SEPARATOR})[0-9]{{3}}(?:(?P=separator)[0-9]{{3}})*|[0-9]+"
)
_MOST_DIGITS = 15
_LONGEST = 400  # characters of a sentence that are looked at on either side
_GOES_ON = re.compile(
    r"[\w+]"  # 3rd, 2x, 10⁶, 1½
    r"|[.,:'’·][0-9]|,\s+(?:or\b|[0-9]+\s*(?:,|and\b|or\b))"
    r"|[-‐‑–—−~]\w"
    r"|[^\S\n]*(?:[%‰/⁄°$€£¥×*^]|[-–—−~]\s*[0-9]|[0-9¼-¾⅐-⅞])"
    r"|\s+(?:"
    r"to(?:\s*\Z|\s+(?:[0-9]|(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|\w+ty)\b))"
    r"|or\b|and\s+(?:a|one)\s+(?:half|quarter)\b|(?:out\s+of|of|in|per|by|x)\s+[0-9]"
    r"|(?:per\s*cent|dozen|hundred|thousand|million|billion|trillion|half|halves|thirds?|quarters?)\b"
    r"|(?:more|fewer|less|times|other|others|additional|further)\b)",
    re.IGNORECASE,
)
"""What makes another number of the digits before it, or no count of all."""
_ALSO = re.compile(
    r"[^,.;:?!\n]{0,400}?\b(?:and|or|plus|maybe|perhaps|possibly)\s+([0-9]{1,9})(?!\w|\s+of\b)", re.IGNORECASE
)
"""A second number in the same breath: "3 mugs and 2 forks"."""
_NONE = re.compile(
    r"\bthere\s+(?:are|is)\s+(?:none|zero)\b"
    r"|\bthere\s+(?:are\s+no|are\s+not\s+any|aren['’]t\s+any)\s+"
    r"(?!(?:more|fewer|less|other|others|further|additional|longer|exact|one|two|signs?|details?|ways?|reasons?"
    r"|doubts?|indications?)\b)\w",
    re.IGNORECASE,
)
_BUT = re.compile(
    r"[0-9]|\b(?:but|except|only|besides|apart|other|though|although|however|while|whereas)\b", re.I
)
"""What takes back that there are none."""
_DOUBT = re.compile(
    r"\b(?:doubt\w*|if|whether|unless|not|never|cannot|unlikely|false|incorrect|untrue|wrong|deny|suppose"
    r"|imagine|pretend)\b|n['’]t\b"
    r"|\b(?:than|least|most|about|around|nearly|almost|roughly|approximately|over|under|to)\s*\Z",
    re.IGNORECASE,
)
_SENTENCE_BEGINS = re.compile(r".*(?:[.!?;]\s|\n)", re.DOTALL)
_SENTENCE_ENDS = re.compile(r"[.!?\n](?![0-9])")


@dataclass(frozen=True)
class _Statement:
    """A number that an answer states; None for one that is no count."""

    place: int
    number: int | None
    total: bool = False


def stated_count(text: str, *, cut: bool = False) -> int | None:
    """Reads how many objects an answer says there are.

    Args:
        text: What people read of it.
        cut: Whether the answer was cut short, so that a number at its end may lack digits.

    Returns:
        The number; None where it states none, or several that do not agree. A total that comes last concludes
        the parts before it.

    Example:
        >>> stated_count("Counting the mugs shows a total of 12."), stated_count("There are none.")
        (12, 0)
        >>> stated_count("A mug from 1990.") is stated_count("There are 12 to 15 birds.") is None
        True
    """
    stripped = text.strip()
    if (alone := _NUMBER.match(stripped)) and stripped[alone.end() :] in ("", "."):
        return None if cut else _value(alone[0])
    said = sorted([*_numbers(text, cut=cut), *_nones(text)], key=lambda one: one.place)
    numbers = [one.number for one in said if one.number is not None]
    if not said or len(numbers) < len(said):
        return None
    if len(set(numbers)) == 1:
        return numbers[0]
    alone_total = said[-1].total and not any(one.total for one in said[:-1])
    return numbers[-1] if alone_total and sum(numbers[:-1]) <= numbers[-1] else None


def _numbers(text: str, *, cut: bool) -> list[_Statement]:
    said: list[_Statement] = []
    for lead in _LEAD.finditer(text):
        number = _NUMBER.match(text, lead.end())
        if number is None or _is_asked(text, number.end()):
            continue
        before = _before(text, lead.start())
        value = _value(number[0])
        if _GOES_ON.match(text, number.end()) or (lead["counted"] is None and _DOUBT.search(before)):
            value = None
        if cut and not re.search(r"\w", text[number.end() :]):
            value = None
        total = lead["counted"] is not None or lead["total"] is not None
        total = total and not before.rstrip().lower().endswith("and")  # a total of something else
        said.append(_Statement(lead.start(), value, total))
        if also := _ALSO.match(text, number.end()):
            other = int(also[1])
            said.append(_Statement(lead.end(), None if other == value else other))
    return said


def _nones(text: str) -> list[_Statement]:
    said: list[_Statement] = []
    for none in _NONE.finditer(text):
        if _is_asked(text, none.end()):
            continue
        rest = _SENTENCE_ENDS.split(text[none.end() : none.end() + _LONGEST], maxsplit=1)[0]
        unsure = _DOUBT.search(_before(text, none.start())) or _BUT.search(rest)
        said.append(_Statement(none.start(), None if unsure else 0))
    return said


def _value(digits: str) -> int | None:
    plain = re.sub(_SEPARATOR, "", digits)
    return int(plain) if len(plain) <= _MOST_DIGITS else None


def _is_asked(text: str, place: int) -> bool:
    """Whether the sentence that a place lies in is a question."""
    end = _SENTENCE_ENDS.search(text, place, place + _LONGEST)
    return end is not None and end[0] == "?"


def _before(text: str, place: int) -> str:
    """What the sentence that a place lies in says before it."""
    near = text[max(0, place - _LONGEST) : place]
    begins = _SENTENCE_BEGINS.match(near)
    return near if begins is None else near[begins.end() :]
