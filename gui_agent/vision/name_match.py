"""Tells how well a widget's names and kind fit a query, as a probability."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from gui_agent.accessibility.widget import Widget
from molmo_act.reading import words
from molmo_act.reading.matching import folded, weighted_distance
from molmo_act.reading.query import ParsedQuery, Reading
from molmo_act.reading.scoring import Logistic
from molmo_act.reading.words import BESIDE, Kind

LEAST_ALIKE = 0.7
"""Names of a lower similarity to a label are no match: they are other names."""
_ORNAMENTS = " .…:"
NAME_FILE = Path(__file__).with_name("name_weights.json")
"""What ``python -m tests.gui_agent.name_weights --write`` fitted."""
TRUST = 0.98
"""Probability that a program tells the truth of a widget whose window is where it says; chosen, not fitted:
the programs that weights are fitted on tell the truth."""
NAME_FEATURES = (
    "difference",
    "not exact",
    "longer",
    "shorter",
    "uncovered",
    "alias",
    "other kind",
    "beside",
    "kind only",
    "unlikely reading",
)
"""What speaks against a widget: how much its name differs, that it does, that it says more than the label or
less, which share of it the label is not, that it is the description, how unlike the kinds are, that the label
stands beside it and others could be meant, that the query names no label, and how unlikely the reading is."""
_NAMES = tuple(name.replace(" ", "_") for name in NAME_FEATURES)


@dataclass(frozen=True)
class Fit:
    """How well a widget fits a query.

    Attributes:
        widget: The widget.
        score: Probability that it is meant, as far as its names and its kind tell.
        label: The name that fits.
        at_label: Where the label stands that is not the widget's own, as a widget; None for its own.
        against: A number for each of `NAME_FEATURES`.
    """

    widget: Widget
    score: float
    label: str
    at_label: Widget | None = None
    against: tuple[float, ...] = (0.0,) * len(NAME_FEATURES)

    @classmethod
    def of(cls, widget: Widget, label: str, at_label: Widget | None = None, **against: float) -> Fit:
        """Weighs what speaks against a widget.

        Args:
            widget: The widget.
            label: The name that fits.
            at_label: See the attributes.
            **against: Some of `NAME_FEATURES`, with ``_`` for spaces; others are 0.

        Returns:
            The fit.
        """
        numbers = tuple(float(against.get(name, 0)) for name in _NAMES)
        return cls(widget, TRUST * name_weights()(numbers), label, at_label, numbers)


@cache
def name_weights() -> Logistic:
    """Reads the weights of `NAME_FEATURES` that come with the package."""
    stored = json.loads(NAME_FILE.read_text(encoding="utf-8"))
    return Logistic(float(stored["offset"]), tuple(float(stored["weights"][name]) for name in NAME_FEATURES))


def fit_of(widget: Widget, query: ParsedQuery) -> Fit | None:
    """Compares a widget with a query.

    Args:
        widget: The widget.
        query: What is asked.

    Returns:
        How well it fits; None where it is something else.
    """
    fits = [fit for reading in query.readings if (fit := _fit(widget, reading)) is not None]
    return max(fits, key=lambda fit: fit.score, default=None)


def likeness(label: str, name: str) -> tuple[float, float]:
    """Compares a label of a query with a name.

    Args:
        label: The label.
        name: The name.

    Returns:
        Similarity in [0, 1], and which share of the longer one the shorter one is where one holds the
        other in whole words, else 1. Case, spaces and accents do not count.

    Example:
        >>> likeness("save", "Save As…")
        (1.0, 0.67)
        >>> likeness("Copy", "Paste")
        (0.0, 1.0)
    """
    label, name = (text.strip(_ORNAMENTS) or text for text in (label, name))
    wanted, known = folded(label), folded(name)
    if not wanted or not known:
        return 0.0, 1.0
    if wanted == known:
        return 1.0, 1.0
    if _holds(name, label) or _holds(label, name):
        return 1.0, round(min(len(wanted), len(known)) / max(len(wanted), len(known)), 2)
    longer = max(len(wanted), len(known))
    if min(len(wanted), len(known)) < LEAST_ALIKE * longer:
        return 0.0, 1.0
    alike = 1 - weighted_distance(wanted, known) / longer
    return (alike if alike >= LEAST_ALIKE else 0.0), 1.0


def is_other(label: str, readings: Sequence[Reading], *, strictly: bool = False) -> bool:
    """Tells whether a label is clearly not what a query names, in any way to understand it.

    Args:
        label: What is written at a place, or how its program calls it.
        readings: Of the query.
        strictly: Whether one other letter is enough, as between "Page 1" and "Page 2"; letters that readers
            mistake for each other are not others.
    """
    return bool(folded(label)) and all(_is_unlike(reading.label, label, strictly) for reading in readings)


def _is_unlike(first: str, second: str, strictly: bool) -> bool:
    one, other = (folded(text.strip(_ORNAMENTS) or text) for text in (first, second))
    if one in other or other in one:
        return False
    return likeness(first, second)[0] == 0 or (strictly and weighted_distance(one, other) >= 1)


def _holds(text: str, part: str) -> bool:
    """Whether a text holds another in whole words."""
    inner = " ".join(part.casefold().split())
    return bool(re.search(rf"(?<!\w){re.escape(inner)}(?!\w)", " ".join(text.casefold().split())))


def _fit(widget: Widget, reading: Reading) -> Fit | None:
    unlike = _unlike_kind(widget, reading.kind)
    if names_only_a_kind(reading):
        if not widget.kinds or reading.kind not in widget.kinds:
            return None
        return Fit.of(widget, widget.name, kind_only=1)
    found: list[Fit] = []
    for name, is_alias in [(widget.name, False), *((alias, True) for alias in widget.aliases)]:
        alike, share = likeness(reading.label, name)
        if not alike:
            continue
        is_part = share < 1
        is_shorter = len(folded(reading.label)) > len(folded(name))
        fit = Fit.of(
            widget,
            name,
            difference=1 - alike,
            not_exact=alike < 1,
            longer=is_part and not is_shorter,
            shorter=is_part and is_shorter,
            uncovered=1 - share,
            alias=is_alias,
            other_kind=unlike,
            unlikely_reading=-math.log(reading.weight),
        )
        found.append(fit)
    return max(found, key=lambda fit: fit.score, default=None)


def names_only_a_kind(reading: Reading) -> bool:
    """Whether the label of a reading is no more than a word for its kind, as in "the text field"."""
    said = words.KIND.fullmatch(reading.label.casefold())
    return said is not None and words.kind_of(said.group()) == reading.kind


def fits_beside(widgets: Sequence[Widget], query: ParsedQuery) -> list[Fit]:
    """Finds fields and the like that have no name, by the label right before or above them.

    Args:
        widgets: Of one window.
        query: What is asked.

    Returns:
        The nearest such widget of each label that fits.
    """
    if query.kind not in BESIDE:
        return []
    labels = [one for one in widgets if one.kinds[:1] == ("text",) and one.shown is not None]
    nameless = [one for one in widgets if query.kind in one.kinds and not one.name and one.shown is not None]
    plain = replace(query, readings=tuple(replace(one, kind=None) for one in query.readings))
    found = []
    for label in labels:
        fit = fit_of(label, plain)
        if fit is None or not nameless:
            continue
        nearest = min(nameless, key=lambda one: _distance(label, one))
        if _distance(label, nearest) < math.inf:
            against = dict(zip(_NAMES, fit.against, strict=True))
            against |= {"other_kind": 0.0, "beside": float(len(nameless) > 1)}
            found.append(Fit.of(nearest, label.name, label, **against))
    return found


def without_labels(fits: Sequence[Fit], query: ParsedQuery) -> list[Fit]:
    """Leaves out labels where the field or the check box that they are of fits, too.

    Args:
        fits: Of one window.
        query: What is asked.

    Returns:
        The others.
    """
    if query.kind not in BESIDE:
        return list(fits)
    named = {folded(fit.label) for fit in fits if query.kind in fit.widget.kinds}
    return [fit for fit in fits if query.kind in fit.widget.kinds or folded(fit.label) not in named]


def _distance(label: Widget, widget: Widget) -> float:
    """How far a widget begins behind or below its label, in pixels; infinite for elsewhere."""
    assert label.shown is not None
    assert widget.shown is not None
    first, second = label.shown, widget.shown
    overlap = min(first.top + first.height, second.top + second.height) - max(first.top, second.top)
    behind, below = second.left - first.left - first.width, second.top - first.top - first.height
    if overlap > 0.5 * first.height and behind >= -2:
        return behind if behind < 400 else math.inf
    is_under = abs(second.left - first.left) < 60 and -2 <= below < 2 * first.height
    return below + 0.5 if is_under else math.inf


def _unlike_kind(widget: Widget, kind: Kind | None) -> float:
    """0 for the kind of thing that was asked for, 1 for something else altogether."""
    if kind is None:
        return 0.0 if widget.is_pressed else 0.3
    if kind in widget.kinds:
        return 0.0
    if kind in BESIDE:  # nothing can be typed into a button, nor a label be checked
        return 1.5
    return 0.4 if widget.is_pressed else 1.0
