"""Splits a query into what is written and what kind of thing carries it, by grammar."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from molmo_act.reading import words
from molmo_act.reading.words import Kind

_QUOTED = re.compile(
    r"(?<!\w)'(.+?)'(?!\w)|\"(.+?)\"|“(.+?)”|„(.+?)[“”]|‘(.+?)’|«\s*(.+?)\s*»|「(.+?)」|『(.+?)』|`(.+?)`"
)
_IN_PLACE = re.compile(
    r"\s+(?:in|on|of|at)\s+the\s+(?:menu|page|screen|window|list|toolbar|dialog|sidebar)\s*$"
)


SPOKEN = 0.97
"""Weight of the sign where the words may be its name: "plus"."""


@dataclass(frozen=True)
class Reading:
    """One way to understand a query.

    Attributes:
        label: What is written on, or beside, what is wanted.
        kind: What it is; None where the query does not say.
        weight: How likely people mean it so, in (0, 1]; 1 is the most likely way.
    """

    label: str
    kind: Kind | None
    weight: float = 1.0


@dataclass(frozen=True)
class ParsedQuery:
    """What a query asks for.

    Attributes:
        text: The query.
        readings: Ways to understand it, the likeliest first; none without any word to look for.
        quoted: Whether the label was in quotation marks.
        ordinal: Which of several from the top: 1 is the first, -1 the last; None for any.
        side: "top", "bottom", "left" or "right", where it says which of several is meant.
        several: Whether it asks for all of them.
    """

    text: str
    readings: tuple[Reading, ...]
    quoted: bool = False
    ordinal: int | None = None
    side: str | None = None
    several: bool = False

    @property
    def kind(self) -> Kind | None:
        """The kind of the likeliest reading."""
        return self.readings[0].kind if self.readings else None

    @property
    def label(self) -> str:
        """The label of the likeliest reading, "" without any."""
        return self.readings[0].label if self.readings else ""


def parse_query(text: str) -> ParsedQuery:
    """Splits a query.

    Args:
        text: What to find, in words of one of the languages in ``words.txt``.

    Returns:
        Its parts. A query that follows no pattern is itself the label.

    Example:
        >>> parse_query("click the Save button").readings[0]
        Reading(label='Save', kind='button', weight=1.0)
        >>> asked = parse_query("'Total' in the third row")
        >>> asked.label, asked.ordinal, asked.quoted
        ('Total', 3, True)
        >>> parse_query("das Feld mit der Aufschrift Vorname").readings[0]
        Reading(label='Vorname', kind='field', weight=1.0)
    """
    query = " ".join(text.split())
    parsed = ParsedQuery(query, ())
    if quoted := _QUOTED.search(query):
        label = next(part for part in quoted.groups() if part is not None).strip()
        before = _drop_end(words.CONNECTOR, query[: quoted.start()])
        rest = f"{before} {query[quoted.end() :]}"
        rest, parsed = _places(rest, parsed)
        found = list(words.KIND.finditer(rest.casefold()))
        kind = words.kind_of(found[-1].group()) if found else None
        several = words.ALL.match(rest.casefold()) is not None
        kind = kind or words.implied_kind(rest)
        return replace(parsed, readings=_distinct([Reading(label, kind)]), quoted=True, several=several)
    whole = _without_stops(query)
    rest, parsed = _places(whole, parsed)
    several = words.ALL.match(rest.casefold()) is not None
    without_verb = _drop(words.VERB, rest)
    several = several or words.ALL.match(without_verb.casefold()) is not None
    readings = [*_split(_without_articles(without_verb))]
    with_verb = Reading(_without_articles(rest), readings[0].kind if readings else None, 0.9)
    implied = words.implied_kind(rest)
    if implied == "check box":  # "tick the box Agree" wants no text box
        readings = [replace(each, kind=None if each.kind == "field" else each.kind) for each in readings]
    readings = [replace(reading, kind=reading.kind or implied) for reading in readings]
    readings.append(with_verb)
    readings.append(Reading(whole, None, 0.9))
    readings += [
        Reading(sign, reading.kind, SPOKEN)
        for reading in readings[:2]
        for sign in words.signs_of(reading.label)
    ]
    return replace(parsed, readings=_distinct(readings), several=several)


def _without_stops(query: str) -> str:
    """A query without the stop at its end, unless that stands alone and may be what is looked for."""
    return query.strip(" .!?:") if query[-2:-1].strip() else query.strip()


def _split(text: str) -> list[Reading]:
    """Ways to take label and kind apart in a phrase without verb and article, the likeliest first."""
    lower = text.casefold()
    if len(lower) != len(text):  # a letter that changes its length: places would not agree
        text = lower
    readings = []
    first = words.KIND.match(lower)
    if first and (link := words.CONNECTOR.match(lower, first.end())):
        readings.append(Reading(_without_articles(text[link.end() :]), words.kind_of(first.group())))
    for last in words.KIND.finditer(lower):
        if last.end() == len(lower) and last.start() > 0 and _apart(lower, last.start()):
            label = text[: last.start()].strip()  # a hyphen may join them, or be the label
            readings.append(Reading(label.strip(" -") or label, words.kind_of(last.group())))
            break  # the longest word for a kind
    if first and not readings and first.end() < len(lower) and _apart(lower, first.end()):
        readings.append(Reading(text[first.end() :].strip(" :"), words.kind_of(first.group()), 0.97))
    if first and first.end() == len(lower):
        readings.append(Reading(text, words.kind_of(first.group())))
    readings.append(Reading(text, None, 0.95 if readings else 1.0))
    return readings


def _places(text: str, parsed: ParsedQuery) -> tuple[str, ParsedQuery]:
    """Takes out what says which of several is meant."""
    if row := words.IN_ROW.search(text.casefold()):
        number = next(part for part in row.groups() if part)
        parsed = replace(parsed, ordinal=words.ordinal_of(number))
        text = text[: row.start()] + text[row.end() :]
    elif nth := words.NTH.match(text.casefold()):
        parsed = replace(parsed, ordinal=words.ordinal_of(nth.group(1)))
        text = text[nth.end() :]
    if (side := words.SIDE.search(text.casefold())) and side.end() == len(text.rstrip()) and side.start() > 0:
        parsed = replace(parsed, side=words.side_of(side.group()))
        text = text[: side.start()]
    place = _IN_PLACE.search(text)
    return (text[: place.start()] if place else text).strip(), parsed


def _drop(pattern: re.Pattern[str], text: str) -> str:
    """A text without what matches at its beginning, unless nothing else is there."""
    found = pattern.match(text.casefold())
    rest = text[found.end() :].strip() if found else ""
    return rest or text


def _drop_end(pattern: re.Pattern[str], text: str) -> str:
    """A text without what matches at its end."""
    ends = (found.start() for found in pattern.finditer(text.casefold()) if found.end() == len(text))
    return text[: next(ends, len(text))]


def _without_articles(text: str) -> str:
    """A text without articles at its beginning, "all the" being two."""
    return _drop(words.ARTICLE, _drop(words.ARTICLE, text))


def _apart(text: str, place: int) -> bool:
    """Whether a word may begin or end at a place: beside a space, or in a script without spaces."""
    here = text[place - 1 : place + 1]
    return " " in here or "-" in here or words.is_spaceless(here)


def _distinct(readings: list[Reading]) -> tuple[Reading, ...]:
    kept: dict[tuple[str, Kind | None], Reading] = {}
    for reading in readings:
        if _has_letters(reading.label):
            kept.setdefault((reading.label.casefold(), reading.kind), reading)
    return tuple(kept.values())


def _has_letters(text: str) -> bool:
    return bool(text.strip())
