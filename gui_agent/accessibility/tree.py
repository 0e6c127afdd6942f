"""Reads the widgets of every program on the accessibility bus; one that hangs is left out."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from gui_agent.accessibility.bus import AccessibilityBus, Address, Call, Silent
from gui_agent.accessibility.widget import STATES, Widget, WidgetTree
from gui_agent.geometry import Area

ROOT = Address("org.a11y.atspi.Registry", "/org/a11y/atspi/accessible/root")
BUS = Address("org.freedesktop.DBus", "/org/freedesktop/DBus")
_ACCESSIBLE = "org.a11y.atspi.Accessible"
_COMPONENT = "org.a11y.atspi.Component"
_PROPERTIES = "org.freedesktop.DBus.Properties"
_ON_SCREEN = 0  # coordinates of the whole display
_LABELLED_BY = 2  # number of the relation
FIRST_SECONDS = 0.5
"""A program that takes longer for its first answer is taken for hung."""
PROGRAM_SECONDS = 2.0
"""The longest that reading one program may take."""
FORGIVEN_SECONDS = 30.0
"""After that a hung program is asked again."""
MOST_CHILDREN = 300
MOST_WIDGETS = 5000
_CLIPPING = frozenset({"scroll pane", "viewport", "document frame", "document web"})
_MENUS = frozenset({"menu", "popup menu", "combo box"})
_FIELDS = 6


class TreeReader:
    """Reads trees again and again, and remembers who did not answer.

    Args:
        bus: The accessibility bus.
        clock: Gives seconds.

    Attributes:
        silent: The programs that did not answer, by their name on the bus, and when.
    """

    def __init__(self, bus: AccessibilityBus, clock: Callable[[], float] = time.monotonic) -> None:
        self._bus, self._clock = bus, clock
        self.silent: dict[str, float] = {}

    def read(self) -> list[WidgetTree]:
        """Reads every window of every program that answers.

        Returns:
            The windows, in no order of the screen.

        Raises:
            PlatformError: The bus is gone.
        """
        trees: list[WidgetTree] = []
        for program in self._programs():
            since = self.silent.get(program.program)
            if since is not None and self._clock() - since < FORGIVEN_SECONDS:
                continue
            try:
                trees += self._windows(program)
                self.silent.pop(program.program, None)
            except Silent:
                self.silent[program.program] = self._clock()
        return trees

    def area_now(self, address: Address) -> tuple[Area | None, frozenset[str]]:
        """Asks for one widget again.

        Args:
            address: Of the widget.

        Returns:
            Its area and states; no area where it is gone or does not answer.
        """
        calls = [Call(address, _COMPONENT, "GetExtents", "u", (_ON_SCREEN,)), _get_states(address)]
        try:
            extents, states = self._bus.ask(calls, FIRST_SECONDS)
        except Silent:
            return None, frozenset()
        return _area(extents), _states(states)

    def _programs(self) -> list[Address]:
        try:
            [answer] = self._bus.ask([Call(ROOT, _ACCESSIBLE, "GetChildren")], FIRST_SECONDS)
        except Silent:
            return []
        return [Address(*one) for one in answer[0]] if answer else []

    def _windows(self, program: Address) -> Iterator[WidgetTree]:
        pid_call = Call(BUS, BUS.program, "GetConnectionUnixProcessID", "s", (program.program,))
        pid, children = self._bus.ask([pid_call, Call(program, _ACCESSIBLE, "GetChildren")], FIRST_SECONDS)
        deadline = self._clock() + PROGRAM_SECONDS
        for address in _addresses(children):
            found = self._tree(address, deadline)
            if found and "showing" in found[0].states:
                labelled = self._labelled(found[1:], deadline)
                yield WidgetTree(found[0], tuple(labelled), int(pid[0]) if pid else None)

    def _tree(self, top: Address, deadline: float) -> list[Widget]:
        """A window and all that is shown in it, the window first."""
        found: list[Widget] = []
        level: list[tuple[Address, Area | None, bool]] = [(top, None, False)]
        while level and len(found) < MOST_WIDGETS:
            calls = [call for address, *_ in level for call in _questions(address)]
            answers = self._ask(calls, deadline)
            below: list[tuple[Address, Area | None, bool]] = []
            for number, (address, clip, in_menu) in enumerate(level):
                told = answers[_FIELDS * number : _FIELDS * (number + 1)]
                widget = _widget(address, told, clip, in_menu)
                if "showing" not in widget.states or "defunct" in widget.states:
                    continue
                found.append(widget)
                inner = widget.shown or widget.area if widget.role in _CLIPPING else clip
                is_menu = in_menu or widget.role in _MENUS
                below += [(child, inner, is_menu) for child in _addresses(told[-1])]
            level = below[:MOST_WIDGETS]
        return found

    def _labelled(self, widgets: Sequence[Widget], deadline: float) -> list[Widget]:
        """Widgets, those without a name with that of the label that they say is theirs."""
        nameless = [n for n, one in enumerate(widgets) if not one.name and one.kinds and one.address]
        calls = [Call(widgets[n].address, _ACCESSIBLE, "GetRelationSet") for n in nameless]  # type: ignore[arg-type]
        names = {one.address: one.name for one in widgets}
        labelled = list(widgets)
        for n, answer in zip(nameless, self._ask(calls, deadline), strict=True):
            for kind, targets in answer[0] if answer else ():
                if kind == _LABELLED_BY and targets:
                    name = names.get(Address(*targets[0]), "")
                    labelled[n] = replace(widgets[n], name=name)
        return labelled

    def _ask(self, calls: Sequence[Call], deadline: float) -> list[tuple[Any, ...] | None]:
        left = deadline - self._clock()
        if left <= 0:
            raise Silent
        return self._bus.ask(calls, left)


def _questions(address: Address) -> list[Call]:
    """What is asked of each widget; the last answer lists its children."""
    return [
        Call(address, _ACCESSIBLE, "GetRoleName"),
        _get_states(address),
        Call(address, _PROPERTIES, "Get", "ss", (_ACCESSIBLE, "Name")),
        Call(address, _PROPERTIES, "Get", "ss", (_ACCESSIBLE, "Description")),
        Call(address, _COMPONENT, "GetExtents", "u", (_ON_SCREEN,)),
        Call(address, _ACCESSIBLE, "GetChildren"),
    ]


def _get_states(address: Address) -> Call:
    return Call(address, _ACCESSIBLE, "GetState")


def _widget(
    address: Address, told: Sequence[tuple[Any, ...] | None], clip: Area | None, in_menu: bool
) -> Widget:
    role, states, name, description, extents, _ = told
    area = _area(extents)
    return Widget(
        role=str(role[0]) if role else "",
        name=_text(name),
        area=area,
        description=_text(description),
        states=_states(states),
        address=address,
        shown=area if clip is None or area is None else area.shared_with(clip),
        in_menu=in_menu,
    )


def _text(answer: tuple[Any, ...] | None) -> str:
    """The text of a property, which D-Bus gives with its type."""
    value = answer[0][1] if answer else ""
    return value.strip() if isinstance(value, str) else ""


def _states(answer: tuple[Any, ...] | None) -> frozenset[str]:
    words = list(answer[0]) if answer else []
    bits = sum(int(word) << 32 * number for number, word in enumerate(words))
    return frozenset(name for name, bit in STATES.items() if bits >> bit & 1)


def _area(answer: tuple[Any, ...] | None) -> Area | None:
    left, top, width, height = answer[0] if answer else (0, 0, 0, 0)
    return Area(left, top, width, height) if width > 0 and height > 0 else None


def _addresses(answer: tuple[Any, ...] | None) -> list[Address]:
    return [Address(*one) for one in answer[0][:MOST_CHILDREN]] if answer else []
