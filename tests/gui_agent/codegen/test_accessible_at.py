"""The innermost widget at a place, of programs that tell about theirs."""

from __future__ import annotations

from types import SimpleNamespace

from gui_agent.codegen.accessible_at import described, widget_at

ATSPI = SimpleNamespace(
    CoordType=SimpleNamespace(SCREEN=0),
    StateType=SimpleNamespace(SHOWING="showing"),
    get_desktop=lambda number: DESKTOP,
)


class Gone(Exception):
    """A widget went away meanwhile."""


class Widget:
    """As the accessibility bus has it."""

    def __init__(self, name, box, *parts, is_shown=True, label=None):
        self.name, self.box, self.parts, self.is_shown, self.label = name, box, parts, is_shown, label

    def get_name(self):
        return self.name

    def get_role_name(self):
        return "push button"

    def get_extents(self, kind):
        if self.box is None:
            raise Gone
        return SimpleNamespace(**dict(zip(("x", "y", "width", "height"), self.box, strict=True)))

    def get_state_set(self):
        return SimpleNamespace(contains=lambda state: self.is_shown)

    def get_child_count(self):
        return len(self.parts)

    def get_child_at_index(self, number):
        return self.parts[number]

    def get_relation_set(self):
        kind = SimpleNamespace(value_nick="labelled-by")
        label = SimpleNamespace(get_relation_type=lambda: kind, get_target=lambda number: self.label)
        return [label] if self.label is not None else []


SAVE = Widget(" Save ", (20, 20, 40, 20))
FIELD = Widget("", (20, 50, 40, 20), label=Widget("Name", (0, 50, 20, 20)))
DESKTOP = Widget(
    "desktop",
    (0, 0, 0, 0),
    Widget("gone", (0, 0, 0, 0), Widget("window", None)),
    Widget("editor", (0, 0, 0, 0), Widget("window", (0, 0, 100, 100), SAVE, FIELD)),
    Widget("below", (0, 0, 0, 0), Widget("large window", (0, 0, 500, 500), Widget("page", (0, 0, 500, 500)))),
    Widget("closed", (0, 0, 0, 0), Widget("window", (10, 10, 60, 40), is_shown=False)),
)


def test_the_innermost_and_smallest_widget() -> None:
    assert widget_at(ATSPI, Gone, 30, 30) is SAVE
    assert widget_at(ATSPI, Gone, 30, 60) is FIELD
    assert widget_at(ATSPI, Gone, 90, 90).name == "window"
    assert widget_at(ATSPI, Gone, 300, 300).name == "page"
    assert widget_at(ATSPI, Gone, 600, 600) is None


def test_what_is_said_of_it() -> None:
    assert described(SAVE) == {"role": "push button", "name": "Save"}
    assert described(FIELD)["name"] == "Name"
    assert described(Widget(None, (0, 0, 1, 1)))["name"] == ""
