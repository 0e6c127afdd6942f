"""CombinedGrounder: one list of places out of what a model, a reader and programs know, with the evidence."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from gui_agent.accessibility.widget import Widget
from gui_agent.geometry import Area
from gui_agent.vision.accessibility_grounder import AccessibilityGrounder, Named
from gui_agent.vision.grounder import Evidence, GroundingModel, Match, Matches, points_of
from gui_agent.vision.model_grounder import ModelGrounder
from gui_agent.vision.name_match import is_other
from gui_agent.vision.screenshot import Screenshot
from gui_agent.vision.text_grounder import CLEAR, SHORTEST, TextGrounder, label_at
from molmo_act.outputs.points import Points
from molmo_act.reading.query import ParsedQuery, parse_query
from molmo_act.reading.scripts import is_unreadable
from molmo_act.reading.seen import SeenImage
from molmo_act.reading.words import BESIDE

SURE = 0.9
"""A widget that fits with this probability, and on which its name is written, needs no model."""
LEAST_LOOKED_AT = 0.2
"""Probability of a place, by programs or by what is written, at which the model looks a second time."""
CONTRADICTED = 0.3
"""What remains of a score where another source tells another label for the place."""
_TICKED = {"check box", "choice"}
_REACH = 4.0  # pixels around a widget at which a point still means it
_LABEL_REACH = 120.0  # pixels from a field or a check box to the middle of its label


@dataclass(frozen=True)
class _Place:
    """A place that may be meant."""

    xy: tuple[float, float]
    score: float
    evidence: tuple[Evidence, ...]

    @property
    def sources(self) -> frozenset[str]:
        return frozenset(one.source for one in self.evidence if one.score > 0)

    @property
    def named_source(self) -> str:
        """What `Points.source` says of it."""
        if "accessibility" in self.sources:
            return "accessibility"
        if {"model", "text"} <= self.sources:
            return "both"
        return next((source for source in ("text", "icon") if source in self.sources), "model")


class CombinedGrounder:
    """Asks several sources, and weighs their answers.

    The model is not asked where a program names the widget and the same is written there.

    Args:
        accessibility: What programs tell; None without.
        text: What is written; None without.
        pixels: The model; None without.

    Attributes:
        accessibility: See above.
        text: See above.
        pixels: See above.
    """

    def __init__(
        self,
        accessibility: AccessibilityGrounder | None,
        text: TextGrounder | None,
        pixels: ModelGrounder | None,
    ) -> None:
        self.accessibility, self.text, self.pixels = accessibility, text, pixels

    @property
    def calibrated(self) -> bool:
        """Whether scores say how likely a place is right: those of programs and readers do."""
        return self.pixels is None or self.pixels.calibrated

    @property
    def needs_windows(self) -> bool:
        """Whether a second pass of the model may look at a window by itself."""
        return self.pixels is not None and self.pixels.needs_windows

    @property
    def model(self) -> GroundingModel | None:
        """The model; None without."""
        return None if self.pixels is None else self.pixels.model

    def of_pixels(self) -> CombinedGrounder:
        """Gives the same without what programs tell: for screenshots of earlier."""
        return CombinedGrounder(None, self.text, self.pixels)

    def ground(self, shot: Screenshot, query: str, windows: Sequence[Area] = ()) -> Matches:
        """Finds what a query names; see `gui_agent.vision.grounder.Grounder.ground`."""
        began = time.monotonic()
        parsed = parse_query(query)
        named = [] if self.accessibility is None else self.accessibility.named(shot, parsed)
        seen = None if self.text is None else self.text.read(shot)
        seen_by_all = self._pixels(shot, query, windows, named, seen)
        if self.accessibility is None:
            return seen_by_all
        places = self._named_places(named, seen_by_all, seen)
        places += self._others(shot, parsed, named, seen_by_all)
        weighed = _weighed(places)
        points = _points(weighed, shot, seen_by_all.points, bool(named))
        evidence = tuple(place.evidence for place in weighed)
        return Matches(points, shot, time.monotonic() - began, evidence)

    def _pixels(
        self,
        shot: Screenshot,
        query: str,
        windows: Sequence[Area],
        named: Sequence[Named],
        seen: SeenImage | None,
    ) -> Matches:
        """What is found without programs; by the text alone where model and program could only agree."""
        began = time.monotonic()
        is_sure = bool(named) and named[0].fit.score >= SURE and _is_written(named[0], seen)
        if self.pixels is None or is_sure:
            if self.text is not None:
                return self.text.ground(shot, query)
            nothing = points_of([], [], shot, query)
            return Matches(nothing, shot, 0.0)
        around = self._likely_elsewhere(shot, query, named) if self.pixels.refine else []
        found = self.pixels.ground(shot, query, windows, around)
        if self.text is None:
            known = tuple((Evidence("model", match.score),) for match in found.all)
            return Matches(found.points, shot, found.model_seconds, known)
        return self.text.fused(shot, found.points, self.pixels.model, began)

    def _likely_elsewhere(
        self, shot: Screenshot, query: str, named: Sequence[Named]
    ) -> list[tuple[float, float]]:
        """Places that programs and what is written make likely, for the model to look at closely."""
        places = [(one.fit.score, one.middle) for one in named]
        if self.text is not None:
            places += [(match.score, match.pixel) for match in self.text.ground(shot, query).all]
        places.sort(key=lambda place: -place[0])
        return [place for score, place in places if score >= LEAST_LOOKED_AT]

    def _named_places(self, named: Sequence[Named], found: Matches, seen: SeenImage | None) -> list[_Place]:
        """The widgets that fit, each with what else speaks for its place, and against it."""
        places = []
        for one in named:
            agreeing = [match for match in found.all if _means(one, match)]
            best = max(agreeing, key=lambda match: match.score, default=None)
            evidence = (one.evidence, *(best.evidence if best is not None else ()))
            score = one.fit.score if best is None else _either(one.fit.score, best.score)
            if best is None and (written := _contradicting(one, seen)):
                score *= CONTRADICTED
                evidence = (*evidence, Evidence("text", 0.0, written))
            places.append(_Place(one.middle, score, evidence))
        return _in_order_of_names(named, places)

    def _others(
        self, shot: Screenshot, query: ParsedQuery, named: Sequence[Named], found: Matches
    ) -> list[_Place]:
        """Places that only pixels tell, less likely where a program calls what is there something else."""
        assert self.accessibility is not None
        told = self.accessibility.told(shot)
        places = []
        for match in found.all:
            if any(_means(one, match) for one in named):
                continue
            place = shot.view.to_input(*match.pixel)
            widget = told.at(*place)
            score, evidence = match.score, match.evidence
            if (dialog := told.dialog_before(*place)) is not None:
                score *= CONTRADICTED
                evidence = (*evidence, Evidence("accessibility", 0.0, f"waits for {dialog.window.name}"))
            elif widget is not None and _contradicts(widget, query):
                score *= CONTRADICTED
                evidence = (*evidence, Evidence("accessibility", 0.0, widget.name, widget))
            places.append(_Place(match.pixel, score, evidence))
        return places


def _in_order_of_names(named: Sequence[Named], places: Sequence[_Place]) -> list[_Place]:
    """Places of widgets, of which one that only its label speaks for, too, gains nothing on the best name.

    A written label says that a program tells the truth, not which of two widgets of that name is meant.
    """
    if not named:
        return []
    best = max(range(len(named)), key=lambda number: (named[number].fit.score, places[number].score))
    kept = []
    for one, place in zip(named, places, strict=True):
        score = place.score
        if "model" not in place.sources:
            share = _odds(one.fit.score) / _odds(named[best].fit.score)
            odds = min(_odds(score), share * _odds(max(places[best].score, named[best].fit.score)))
            score = odds / (1 + odds)
        kept.append(_Place(place.xy, min(score, place.score), place.evidence))
    return kept


def _weighed(places: Sequence[_Place]) -> list[_Place]:
    """Places, each less likely by what other sources alone tell of other places; the likeliest first."""
    weighed = []
    for place in places:
        against = sum(_odds(other.score) for other in places if not (other.sources & place.sources))
        odds = _odds(place.score)
        weighed.append(_Place(place.xy, odds / (1 + odds + against), place.evidence))
    return sorted(weighed, key=lambda place: (-round(place.score, 3), place.xy[1], place.xy[0]))


def _points(places: Sequence[_Place], shot: Screenshot, found: Points, is_named: bool) -> Points:
    best = places[0].score if places else 0.0
    absent = 1 - best if is_named else found.absent
    return points_of(
        [place.xy for place in places],
        [place.score for place in places],
        shot,
        found.query,
        absent=absent,
        source=[place.named_source for place in places] or None,
        timing_ms=found.timing_ms,
        truncated=found.truncated,
    )


def _is_written(named: Named, seen: SeenImage | None) -> bool:
    """Whether the name of a widget is written where it says, or nobody reads."""
    if seen is None or seen.text is None:
        return True
    label, _ = label_at(seen, *_middle(named.label_area), named.label_area)
    return bool(label) and not is_other(label, parse_query(f"'{named.fit.label}'").readings)


def _contradicting(named: Named, seen: SeenImage | None) -> str:
    """What is clearly written on a widget that calls itself something else; "" where nothing is."""
    if seen is None or not named.fit.widget.is_pressed or named.fit.label != named.fit.widget.name:
        return ""
    if is_unreadable(named.fit.label, seen.scripts):
        return ""  # a reader takes strange letters for those that it knows
    label, confidence = label_at(seen, *_middle(named.area), named.area)
    if confidence < CLEAR or min(len(label), len(named.fit.label)) < SHORTEST:
        return ""
    return label if is_other(label, parse_query(f"'{named.fit.label}'").readings) else ""


def _contradicts(widget: Widget, query: ParsedQuery) -> bool:
    """Whether a widget has another name than is asked for, or is another kind of control."""
    kinds = BESIDE.intersection(widget.kinds)
    alike = _TICKED if query.kind in _TICKED else {query.kind}
    if query.kind in BESIDE and kinds and not kinds & alike:
        return True
    return (
        widget.is_pressed
        and all(is_other(name, query.readings) for name in (widget.name, *widget.aliases) if name)
        and bool(widget.name)
    )


def _means(named: Named, match: Match) -> bool:
    """Whether a place that pixels tell is a widget, or the label beside it."""
    x, y = match.pixel
    areas = (named.area, named.label_area)
    return any(_gap(area, x, y) <= _REACH for area in areas) or _is_label_of(named, match)


def _is_label_of(named: Named, match: Match) -> bool:
    """Whether the name of a field or a check box is what is written at a place near it."""
    written = next((one.label for one in match.evidence if one.source == "text" and one.score > 0), "")
    if not written or not BESIDE.intersection(named.fit.widget.kinds):
        return False
    is_name = not is_other(written, parse_query(f"'{named.fit.label}'").readings, strictly=True)
    return is_name and _gap(named.area, *match.pixel) <= _LABEL_REACH


def _gap(area: tuple[float, float, float, float], x: float, y: float) -> float:
    """How far a place lies from an area, in pixels along the axis on which it is farther."""
    left, top, right, bottom = area
    return max(left - x, x - right, top - y, y - bottom, 0.0)


def _middle(area: tuple[float, float, float, float]) -> tuple[float, float]:
    left, top, right, bottom = area
    return (left + right) / 2, (top + bottom) / 2


def _either(first: float, second: float) -> float:
    """Probability that one of two sources that agree is right."""
    return 1 - (1 - first) * (1 - second)


def _odds(probability: float) -> float:
    return probability / max(1 - probability, 1e-6)
