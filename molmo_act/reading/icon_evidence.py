"""What is known of the icon that a query names: places where it may be, each with its evidence as numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from molmo_act.reading.icons.network import icon_network
from molmo_act.reading.icons.seen_icons import IconMatch, SeenIcons
from molmo_act.reading.icons.vocabulary import plain
from molmo_act.reading.query import ParsedQuery
from molmo_act.reading.scoring import clipped

MOST = 6
"""Places of an icon that are weighed."""
ICON_FEATURES = (
    "log odds",
    "look-alike",
    "rivals",
    "words found",
    "no icon asked for",
    "model agrees",
    "model says absent",
)
"""Names of the numbers of `IconEvidence.features`."""
_ACTS = frozenset(("close", "change", "move", "drag", "read", "use", "turn", "switch", "toggle", "adjust"))
"""Verbs that say what to do with a thing: "close account" does not mean the icon that is called account."""
_REACH = 6.0  # pixels around an icon at which a point of the model means it
_RIVAL = 0.5  # of the best probability


@dataclass(frozen=True)
class IconEvidence:
    """A place that may be the icon.

    Attributes:
        match: The shape there.
        rivals: Other shapes that may as well be meant.
        agreement: Score of the model's best point there, 0 without any.
    """

    match: IconMatch
    rivals: int
    agreement: float

    def features(self, best_text: float, absent: float, asked_icon: bool) -> list[float]:
        """Gives the evidence as numbers of about the same size, for a logistic regression.

        Args:
            best_text: Probability of the best place where the label is written, 0 without any.
            absent: The model's probability that nothing matches, NaN where it is not known.
            asked_icon: Whether the query says that it wants an icon.

        Returns:
            A number for each of `ICON_FEATURES`.
        """
        return [
            clipped(self.match.probability),
            self.match.alike,
            math.log1p(self.rivals),
            best_text,
            float(not asked_icon),
            self.agreement,
            0.5 if math.isnan(absent) else absent,
        ]


def icon_evidence(
    icons: SeenIcons | None, query: ParsedQuery, points: Sequence[tuple[float, float, float]]
) -> list[IconEvidence] | None:
    """Finds where the icon is that a query names.

    Args:
        icons: The shapes of the image; None where nobody looked.
        query: What is asked.
        points: (x, y, score) of the model's points, in pixels.

    Returns:
        The places, the likeliest first; None where the query names no icon that is known.
    """
    named = _named(query)
    if icons is None or named is None:
        return None
    found = _meant(icons.find(named)[:MOST], query)
    return [
        IconEvidence(
            match,
            sum(other.probability >= _RIVAL * match.probability for other in found) - 1,
            _agreed(match, points),
        )
        for match in found
    ]


def names_icon(query: ParsedQuery) -> bool:
    """Tells whether a query names an icon that can be recognised."""
    return _named(query) is not None


def _named(query: ParsedQuery) -> str | None:
    """The longest label of a query that names an icon; None for a quoted one, which is written."""
    known = icon_network().vocabulary
    labels = [plain(reading.label) for reading in query.readings if known.find(reading.label)]
    first = query.text.casefold().partition(" ")[0]
    if first in _ACTS:
        labels = [label for label in labels if first in label.split()]
    return None if query.quoted else max(labels, key=len, default=None)


def _meant(found: list[IconMatch], query: ParsedQuery) -> list[IconMatch]:
    """The one that an ordinal or a side means; all where nothing is said."""
    if not found or (query.ordinal is None and query.side is None):
        return found
    likely = [one for one in found if one.probability >= _RIVAL * found[0].probability]
    upright = query.side in (None, "top", "bottom")
    ordered = sorted(likely, key=lambda one: one.middle[::-1] if upright else one.middle)
    if query.side is not None:
        return [ordered[0 if query.side in ("top", "left") else -1]]
    index = -1 if query.ordinal == -1 else (query.ordinal or 1) - 1
    return [ordered[index] if index < len(ordered) else ordered[-1]]


def _agreed(match: IconMatch, points: Sequence[tuple[float, float, float]]) -> float:
    """The best score of the model's points at an icon, 0 without any."""
    return max((score for x, y, score in points if reaches(match, x, y)), default=0.0)


def reaches(match: IconMatch, x: float, y: float) -> bool:
    """Tells whether a point means an icon: it lies on it, or just beside it."""
    x0, y0, x1, y1 = match.box
    return x0 - _REACH <= x < x1 + _REACH and y0 - _REACH <= y < y1 + _REACH
