"""What people would call the widgets of a screen: queries, with where each is and of what kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from gui_agent.geometry import Area
from tests.gui_agent.program_screens import KIND_OF, ProgramScreen

PHRASES = {
    "field": ("the {name} field", "the field labelled {name}", "the text field '{name}'"),
    "list": ("the {name} list", "the list labelled {name}", "the drop-down list '{name}'"),
    "checkbox": ("the {name} checkbox", "tick {name}", "the check box '{name}'"),
}
OTHER_PHRASES = ("the {name} {kind}", "click {name}", "'{name}'")
SPOKEN = {
    "+": "the plus key",
    "-": "the minus key",
    "*": "the multiply key",
    "/": "the divide key",
    "=": "the equals key",
    "sqrt": "the square root key",
    "<-": "the backspace key",
    "+/-": "the key that changes the sign",
    "C": "the clear key",
    "AC": "the key that clears everything",
}
"""What people call signs on keys; their names are no words."""
SIGNS = "one or two characters"
ABSENT = (
    "the Subscribe button",
    "click Checkout",
    "'Boarding pass'",
    "the Mute microphone checkbox",
    "the Passenger menu",
)
"""No program here has these."""


@dataclass(frozen=True)
class Asked:
    """A query about a screen.

    Attributes:
        query: In words of people.
        name: The name of what is wanted.
        kind: What it is; `SIGNS` for buttons with so short a name.
        box: Where it is (left, top, width, height); None for what is nowhere.
    """

    query: str
    name: str
    kind: str
    box: tuple[int, int, int, int] | None

    def is_hit(self, x: float, y: float) -> bool:
        """Whether a place, in input points, is on it."""
        return self.box is not None and Area(*self.box).covers(x, y)


def queries(screen: ProgramScreen) -> Iterator[Asked]:
    """Asks once for each widget that can be reached and that no other can be meant by."""
    height, width = screen.image.shape[:2]
    shown = [(_name(one), KIND_OF.get(one["role"]), tuple(one["box"])) for one in screen.in_reach()]
    same_kind = Counter((name, kind) for name, kind, _ in shown)
    places = {name: {box for other, _, box in shown if other == name} for name, *_ in shown}
    number = 0
    for name, kind, box in shown:
        if not (name and kind) or same_kind[name, kind] > 1 or not _lies_in(box, width, height):
            continue
        phrases = PHRASES.get(kind, OTHER_PHRASES)
        words = phrases[number % len(phrases)]
        if "{kind}" not in words and kind not in PHRASES and len(places[name]) > 1:
            words = OTHER_PHRASES[0]  # a name alone could be that of something else
        number += 1
        is_sign = kind == "button" and len(name) <= 2
        query = SPOKEN.get(name, words.format(name=name, kind=kind))
        yield Asked(query, name, SIGNS if is_sign else kind, box)


def _name(widget: dict[str, Any]) -> str:
    return (widget["name"] or widget["label"]).strip(" :.…") or widget["name"]


def _lies_in(box: Sequence[int], width: int, height: int) -> bool:
    left, top, wide, high = box
    return left >= 0 and top >= 0 and left + wide <= width and top + high <= height
