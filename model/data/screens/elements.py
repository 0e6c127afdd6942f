"""What is visible on a screen, as values: elements, texts and boxes."""

from __future__ import annotations

from dataclasses import dataclass

Box = tuple[float, float, float, float]

ROLES = (
    *("button", "link", "field", "search", "dropdown", "checkbox", "radio", "toggle", "tab", "menu"),
    *("menu item", "item", "slider", "heading", "text", "icon"),
)


@dataclass(frozen=True)
class Element:
    """One element of a screen that somebody could ask for.

    Attributes:
        role: One of `ROLES`.
        label: What is written on or beside it; for an icon the key of its concept.
        box: (x0, y0, x1, y1) image pixels.
        intents: What people who want it may say without its label: "put the blue mug in the cart".
    """

    role: str
    label: str
    box: Box
    intents: tuple[str, ...] = ()


@dataclass(frozen=True)
class ScreenContent:
    """Everything that one screen shows.

    Attributes:
        elements: What can be asked for and is wholly visible.
        texts: (text, box) of every run of text that is wholly visible.
        half_seen: Lower-case labels that are cut, covered or doubtful; nothing may be asked about them, not
            even as something absent.
    """

    elements: tuple[Element, ...]
    texts: tuple[tuple[str, Box], ...]
    half_seen: frozenset[str]


def reading_order(texts: tuple[tuple[str, Box], ...], row_height: float) -> tuple[str, ...]:
    """Sorts texts row by row, left to right in a row.

    Args:
        texts: (text, box) in any order.
        row_height: Pixels; texts whose middles are closer than this are in the same row.

    Returns:
        The texts.
    """
    rows: list[tuple[float, list[tuple[float, str]]]] = []
    for text, (x0, y0, _, y1) in sorted(texts, key=lambda entry: entry[1][1] + entry[1][3]):
        middle = (y0 + y1) / 2
        if not rows or middle - rows[-1][0] > row_height:
            rows.append((middle, []))
        rows[-1][1].append((x0, text))
    return tuple(text for _, row in rows for _, text in sorted(row))


def cut_out(shown: ScreenContent, window: Box) -> ScreenContent:
    """Returns what is visible through a window onto a screen.

    What the page itself says of its elements may speak of others outside, so it is left out.

    Args:
        shown: What the whole screen shows.
        window: (x0, y0, x1, y1) pixels of the screen.

    Returns:
        What the window shows, in pixels of the window.
    """
    x0, y0, x1, y1 = window

    def moved(box: Box) -> Box:
        return box[0] - x0, box[1] - y0, box[2] - x0, box[3] - y0

    def inside(box: Box) -> bool:
        return x0 <= box[0] and y0 <= box[1] and box[2] <= x1 and box[3] <= y1

    def touched(box: Box) -> bool:
        return box[0] < x1 and x0 < box[2] and box[1] < y1 and y0 < box[3]

    named = [(element.label, element.box) for element in shown.elements] + list(shown.texts)
    cut = {name.casefold() for name, box in named if touched(box) and not inside(box)}
    return ScreenContent(
        tuple(Element(e.role, e.label, moved(e.box)) for e in shown.elements if inside(e.box)),
        tuple((text, moved(box)) for text, box in shown.texts if inside(box)),
        shown.half_seen | cut,
    )
