"""Finds words that a model understands as the place that somebody clicked."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from gui_agent.accessibility.widget import Widget
from gui_agent.geometry import Area
from gui_agent.vision.extent import extent_at
from gui_agent.vision.grounder import Grounder, Match
from gui_agent.vision.regions import Window
from gui_agent.vision.screenshot import Screenshot

NEARBY = 16  # input points
COMMON = (
    *("the OK button", "the Cancel button", "the Save button", "the Close button", "the Open button"),
    *("the Yes button", "the No button", "the Apply button", "the Next button", "the Back button"),
    *("the File menu", "the Edit menu", "the View menu", "the Help menu", "the menu button"),
    *("the text field", "the search field", "the address bar", "the checkbox", "the radio button"),
    *("the slider", "the dropdown list", "the first tab", "the icon", "the link", "the list", "the table"),
    *("the text area", "the image", "the button", "the field"),
)
"""Words for what most programs have, the most certain first."""
WORDS_OF_ROLE = {
    "push button": "button",
    "button": "button",
    "toggle button": "button",
    "check box": "checkbox",
    "radio button": "radio button",
    "menu item": "menu item",
    "check menu item": "menu item",
    "menu": "menu",
    "page tab": "tab",
    "text": "field",
    "entry": "field",
    "password text": "field",
    "combo box": "dropdown list",
    "link": "link",
    "list item": "row",
    "table cell": "row",
    "slider": "slider",
    "icon": "icon",
    "label": "label",
}


@dataclass(frozen=True)
class Look:
    """What was on the screen when somebody acted.

    Attributes:
        shot: The screen just before.
        point: Where, (x, y) in input points.
        window: How to find the window that was there; None where it cannot be told.
        area: Where that window was.
        widget: What its program says of the place, where it does.
    """

    shot: Screenshot
    point: tuple[int, int]
    window: Window | None = None
    area: Area | None = None
    widget: Widget | None = None


def candidates(widget: Widget | None, more: Sequence[str] = ()) -> Iterator[str]:
    """Lists words that may name a place, the likeliest first.

    Args:
        widget: What its program says of it.
        more: Words that somebody suggests.

    Yields:
        Words, each once.
    """
    seen: set[str] = set()
    likely = []
    if widget is not None and widget.name:
        kind = WORDS_OF_ROLE.get(widget.role, widget.role)
        likely = [f"the {widget.name} {kind}", f"the {kind} with the text {widget.name}", widget.name]
    if widget is not None and widget.role in WORDS_OF_ROLE:
        likely.append(f"the {WORDS_OF_ROLE[widget.role]}")
    for words in (*likely, *more, *COMMON):
        if words not in seen:
            seen.add(words)
            yield words


def words_for(
    look: Look,
    grounder: Grounder,
    min_score: float,
    more: Sequence[str] = (),
    goes_on: Callable[[], bool] = lambda: True,
) -> str | None:
    """Asks the model which words find a place, and nothing else.

    Args:
        look: What was on the screen; the model sees the window alone where it is known.
        grounder: Finds things by pixels alone, since programs tell of now only.
        min_score: The least score of a match that would be acted on.
        more: Words to try besides those of the program and those of most programs.
        goes_on: Asked before each question.

    Returns:
        Words that name the place alone; None where none of them does.
    """
    shot = look.shot
    if look.area is not None and look.area.shared_with(shot.view.area) is not None:
        shot = shot.crop(look.area)
    pixel = shot.view.to_pixels(look.point[0] + 0.5, look.point[1] + 0.5)
    box = extent_at(shot, pixel)
    for words in candidates(look.widget, more):
        if not goes_on():
            return None
        matches = grounder.ground(shot, words)
        likely = matches.likely if len(matches.points) else []
        if len(likely) == 1 and likely[0].score >= min_score and _is_at(likely[0], look.point, box):
            return words
    return None


def _is_at(match: Match, point: tuple[int, int], box: Area | None) -> bool:
    if math.dist(match.point, point) <= NEARBY:
        return True
    return box is not None and box.covers(match.point[0] + 0.5, match.point[1] + 0.5)
