"""Finds what stands under a match and contradicts its words: another label than the one they name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gui_agent.accessibility.screen import Told
from gui_agent.accessibility.widget import Widget
from gui_agent.vision.accessibility_grounder import area_on
from gui_agent.vision.combined_grounder import CombinedGrounder
from gui_agent.vision.grounder import Match
from gui_agent.vision.name_match import is_other, likeness, names_only_a_kind
from gui_agent.vision.text_grounder import CLEAR, SHORTEST, label_at
from molmo_act.reading.query import ParsedQuery, parse_query
from molmo_act.reading.scripts import is_unreadable
from molmo_act.reading.seen import SeenImage
from molmo_act.reading.words import BESIDE


@dataclass(frozen=True)
class Contradiction:
    """What stands at a place in the place of what was asked for.

    Attributes:
        wanted: The label that the words name.
        found: The label that is there.
        source: "text" where it is written there, "accessibility" where its program says so.
    """

    wanted: str
    found: str
    source: str


def contradiction_of(match: Match, grounder: CombinedGrounder) -> Contradiction | None:
    """Reads back what stands under a match.

    Words contradict what is there only where they name a label, and where what is there is clearly another
    one. Synonyms are not told from other labels; so the named label must be in quotation marks, or stand
    somewhere else on the screen.

    Args:
        match: The place.
        grounder: What found it, with what it has read.

    Returns:
        The contradiction; None where there is none, or nothing is known of the place.
    """
    query = parse_query(match.query)
    if not query.readings or names_only_a_kind(query.readings[0]):
        return None
    seen = None if grounder.text is None else grounder.text.read(match.screenshot)
    told = None if grounder.accessibility is None else grounder.accessibility.told(match.screenshot)
    there = _labels_at(match, query, seen, told)
    if not there:
        return None
    stands = _stands_somewhere(query, seen, [] if told is None else told.widgets)
    if not (stands or query.quoted):
        return None
    if not all(is_other(label, query.readings, strictly=stands) for label, _ in there):
        return None
    label, source = there[-1]
    return Contradiction(query.label, label, source)


def _labels_at(
    match: Match, query: ParsedQuery, seen: SeenImage | None, told: Told | None
) -> list[tuple[str, str]]:
    """What is called or written at a place, with its source; nothing that may be content and no label."""
    labels = []
    area = None
    widget = None if told is None else told.at(*match.screenshot.view.to_input(*match.pixel))
    if widget is not None and widget.is_pressed and widget.name:
        area = area_on(match.screenshot, widget)
        labels += [(name, "accessibility") for name in (*widget.aliases, widget.name)]
    if seen is not None and query.kind not in BESIDE and not is_unreadable(query.label, seen.scripts):
        label, confidence = label_at(seen, *match.pixel, area)
        if confidence >= CLEAR and len(label) >= SHORTEST:
            labels.append((label, "text"))
    return labels


def _stands_somewhere(query: ParsedQuery, seen: SeenImage | None, widgets: Sequence[Widget]) -> bool:
    """Whether the very label that a query names is on the screen."""
    wanted = query.label
    if any(likeness(wanted, one.name) == (1.0, 1.0) for one in widgets if one.kinds):
        return True
    found = seen.index.find(wanted) if seen is not None and seen.index is not None else []
    return any(match.similarity == 1 and match.coverage == 1 for match in found)
