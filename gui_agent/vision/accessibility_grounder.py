"""AccessibilityGrounder: finds what a query names by what programs tell of their widgets."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from gui_agent.accessibility.screen import AccessibleScreen, Told
from gui_agent.accessibility.widget import Widget
from gui_agent.geometry import Area
from gui_agent.vision.grounder import Evidence, Matches, points_of
from gui_agent.vision.name_match import Fit, fit_of, fits_beside, without_labels
from gui_agent.vision.screenshot import Screenshot
from molmo_act.reading.query import ParsedQuery, parse_query

LEAST = 0.05
"""Widgets that fit with a lower probability are left out."""
KEPT_SECONDS = 2.0
"""What programs told of a screen that looks the same is asked again after that."""


@dataclass(frozen=True)
class Named:
    """A widget that may be meant, on a screenshot.

    Attributes:
        fit: Why.
        area: Where it can be seen, in pixels of the screenshot: (left, top, right, bottom).
        label_area: Where its label stands, if that is not its own; ``area`` otherwise.
    """

    fit: Fit
    area: tuple[float, float, float, float]
    label_area: tuple[float, float, float, float]

    @property
    def middle(self) -> tuple[float, float]:
        """The middle of the widget."""
        left, top, right, bottom = self.area
        return (left + right) / 2, (top + bottom) / 2

    @property
    def evidence(self) -> Evidence:
        """What the program tells."""
        return Evidence("accessibility", self.fit.score, self.fit.label, self.fit.widget)


class AccessibilityGrounder:
    """Asks programs, once for each look of the screen.

    Args:
        screen: Asks them.

    Attributes:
        screen: The same.
    """

    calibrated = True
    needs_windows = False

    def __init__(self, screen: AccessibleScreen) -> None:
        self.screen = screen
        self._told: Told | None = None
        self._of: tuple[Screenshot, float] | None = None

    def told(self, shot: Screenshot) -> Told:
        """Gives what programs told of a screenshot; asks them where it looks different from the one before.

        Args:
            shot: The screenshot.

        Returns:
            What they told.
        """
        now = time.monotonic()
        if self._told is not None and self._of is not None:
            earlier, when = self._of
            if earlier is shot or (now - when < KEPT_SECONDS and _looks_alike(earlier, shot)):
                return self._told
        self._told, self._of = self.screen.read(), (shot, now)
        return self._told

    def ground(self, shot: Screenshot, query: str, windows: Sequence[Area] = ()) -> Matches:
        """Finds the widgets that fit a query; see `gui_agent.vision.grounder.Grounder.ground`."""
        began = time.monotonic()
        found = self.named(shot, parse_query(query))
        best = max((one.fit.score for one in found), default=0.0)
        points = points_of(
            [one.middle for one in found],
            [one.fit.score for one in found],
            shot,
            query,
            absent=1 - best,
            source=["accessibility"] * len(found) or None,
        )
        return Matches(points, shot, time.monotonic() - began, tuple((one.evidence,) for one in found))

    def named(self, shot: Screenshot, query: ParsedQuery) -> list[Named]:
        """Finds the widgets that fit a query, on top of everything else.

        Args:
            shot: The screenshot.
            query: What is asked.

        Returns:
            The widgets, the best first.
        """
        told = self.told(shot)
        found: list[Named] = []
        modal = {tree.pid for tree, _ in told.trees if tree.is_modal}
        for tree, window in told.trees:
            if tree.pid in modal and not tree.is_modal and not window.is_popup:
                continue  # it waits for the dialog
            fits = [fit for widget in tree.widgets if (fit := fit_of(widget, query)) is not None]
            fits = without_labels([*fits, *fits_beside(tree.widgets, query)], query)
            found += [
                one
                for fit in fits
                if fit.score >= LEAST
                and (one := _on(shot, fit)) is not None
                and self.screen.is_topmost(fit.widget, tree, window)
            ]
        return _which(_apart(found), query)


def area_on(shot: Screenshot, widget: Widget) -> tuple[float, float, float, float] | None:
    """Finds where a widget can be seen on a screenshot.

    Args:
        shot: The screenshot.
        widget: The widget.

    Returns:
        (left, top, right, bottom) in its pixels; None where its middle cannot be seen.
    """
    shown = widget.shown
    if shown is None or not shot.view.area.covers(*shown.middle):
        return None
    left, top = shot.view.to_pixels(shown.left, shown.top)
    right, bottom = shot.view.to_pixels(shown.left + shown.width, shown.top + shown.height)
    width, height = shot.view.size
    return max(left, 0.0), max(top, 0.0), min(right, float(width)), min(bottom, float(height))


def _on(shot: Screenshot, fit: Fit) -> Named | None:
    area = area_on(shot, fit.widget)
    label = None if fit.at_label is None else area_on(shot, fit.at_label)
    return None if area is None else Named(fit, area, label or area)


def _apart(found: Iterable[Named]) -> list[Named]:
    """The best of those that lie in one another, as an item and the label in it do; the best first."""
    kept: list[Named] = []
    for one in sorted(found, key=lambda named: (-named.fit.score, named.area[1], named.area[0])):
        if not any(_covers(one.area, other.middle) or _covers(other.area, one.middle) for other in kept):
            kept.append(one)
    return kept


def _which(found: list[Named], query: ParsedQuery) -> list[Named]:
    """Those that an ordinal or a side means where several fit equally well."""
    if not found or (query.ordinal is None and query.side is None):
        return found
    equal = [one for one in found if one.fit.score >= 0.97 * found[0].fit.score]
    equal.sort(key=lambda one: (one.area[1], one.area[0]))
    if query.side in ("left", "right"):
        equal.sort(key=lambda one: one.area[0])
    if query.side is not None:
        return [equal[0 if query.side in ("top", "left") else -1]]
    number = -1 if query.ordinal == -1 else (query.ordinal or 1) - 1
    return [equal[number]] if number < len(equal) else []


def _covers(area: tuple[float, float, float, float], place: tuple[float, float]) -> bool:
    left, top, right, bottom = area
    return left <= place[0] < right and top <= place[1] < bottom


def _looks_alike(first: Screenshot, second: Screenshot) -> bool:
    return first.view == second.view and np.array_equal(first.bgrx, second.bgrx)
