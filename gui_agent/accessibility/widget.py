"""Widget: what a program says of a part of its window, and what kind of thing people call it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gui_agent.accessibility.bus import Address
from gui_agent.geometry import Area
from molmo_act.reading.words import Kind

STATES: Mapping[str, int] = {
    "active": 1,
    "checked": 4,
    "defunct": 6,
    "editable": 7,
    "focused": 12,
    "modal": 16,
    "sensitive": 24,
    "showing": 25,
    "stale": 27,
}
"""State: its bit, as AT-SPI's ``StateType`` numbers them."""

_KINDS: Mapping[str, tuple[Kind, ...]] = {
    "push button": ("button", "icon"),
    "button": ("button", "icon"),  # at-spi2-core 2.54 and newer
    "push button menu": ("button", "menu", "list"),
    "toggle button": ("button", "check box", "icon"),
    "switch": ("check box",),
    "check box": ("check box",),
    "radio button": ("choice", "button", "tab"),
    "link": ("link",),
    "page tab": ("tab",),
    "menu": ("menu", "item"),
    "menu item": ("item",),
    "check menu item": ("item", "check box"),
    "radio menu item": ("item", "choice"),
    "list item": ("item",),
    "tree item": ("item",),
    "table cell": ("item", "icon"),
    "table row": ("item",),
    "table column header": ("button", "text"),
    "icon": ("icon", "item"),
    "image": ("icon",),
    "text": ("field",),
    "entry": ("field",),
    "password text": ("field",),
    "terminal": ("field",),
    "spin button": ("field",),
    "combo box": ("list", "field"),
    "slider": ("slider",),
    "scroll bar": ("slider",),
    "label": ("text",),
    "static": ("text",),
    "heading": ("text",),
    "paragraph": ("text",),
}
"""Role: what people may call it, the likeliest first; other roles hold things or are none."""
_CONTENT = ("text", "field", "slider", "list")  # their name, or what is written on them, may be their value
PRESSED = frozenset(role for role, kinds in _KINDS.items() if kinds[0] not in _CONTENT)
"""Roles of what is clicked, and has its name on it."""


@dataclass(frozen=True)
class Widget:
    """A part of a window, as its program describes it.

    Attributes:
        role: Such as "push button".
        name: Such as "Save"; that of its label where it has none, "" where it has no label either.
        area: Where it is, in pixels of the display; None for none, or one without a size.
        description: What it says beside its name, as tooltips do.
        states: Those of `STATES` that it has.
        address: Where to ask for it again; None where it was not asked.
        shown: The part of ``area`` that scrolled panes around it let through; None for nothing.
        in_menu: Whether it is part of a menu or of the list of a combo box, which have windows of their own.
    """

    role: str
    name: str
    area: Area | None = None
    description: str = ""
    states: frozenset[str] = frozenset()
    address: Address | None = field(default=None, repr=False)
    shown: Area | None = None
    in_menu: bool = False

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """What people may call it, the likeliest first; nothing for what only holds other things."""
        return _KINDS.get(self.role, ())

    @property
    def is_pressed(self) -> bool:
        """Whether it is a thing to click whose name is what is written on it."""
        return self.role in PRESSED

    @property
    def is_secret(self) -> bool:
        """Whether what is typed into it is a secret."""
        return "password" in self.role

    @property
    def aliases(self) -> tuple[str, ...]:
        """Its description in parts, since toolkits put keys behind it."""
        parts = (part.strip() for part in self.description.split("   "))
        return tuple(part for part in parts if part)


@dataclass(frozen=True)
class WidgetTree:
    """A top-level window, as its program describes it.

    Attributes:
        window: The window itself.
        widgets: Its parts that are shown, in the order of the tree.
        pid: The program's process; None where the bus does not tell.
    """

    window: Widget
    widgets: tuple[Widget, ...]
    pid: int | None = None

    @property
    def is_modal(self) -> bool:
        """Whether other windows of its program wait for it."""
        return "modal" in self.window.states
