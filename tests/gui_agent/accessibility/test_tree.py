"""Trees as they are read over a real bus."""

from __future__ import annotations

import pytest

from gui_agent.accessibility import tree as tree_module
from gui_agent.accessibility.bus import AccessibilityBus
from gui_agent.accessibility.tree import FORGIVEN_SECONDS, TreeReader
from gui_agent.geometry import Area
from tests.support.accessible_programs import Part, accessible_programs

NAME = Part("label", "Name", (0, 50, 40, 20))
WINDOW = Part(
    "frame",
    "Notes",
    (0, 0, 200, 100),
    (
        Part("push button", " Save ", (10, 10, 40, 20), description="Save the file    Ctrl+S"),
        NAME,
        Part("text", "", (50, 50, 100, 20), label=NAME),
        Part("push button", "Hidden", (60, 10, 40, 20), states=("sensitive",)),
        Part("push button", "Empty", (60, 10, 0, 20)),
        Part("push button", "Placeless", None),
        Part("scroll pane", "", (0, 80, 200, 20), (Part("link", "Far", (0, 300, 40, 20)),)),
    ),
    states=("showing", "active", "modal"),
)
CLOSED = Part("frame", "Closed", states=())


@pytest.fixture
def reader():
    with accessible_programs(editor=(WINDOW, CLOSED), hung=()) as address:
        bus = AccessibilityBus(address)
        yield TreeReader(bus)
        bus.close()


def test_what_is_shown_and_where(reader, monkeypatch) -> None:
    monkeypatch.setattr(tree_module, "FIRST_SECONDS", 0.3)
    [notes] = reader.read()
    assert (notes.window.name, notes.window.area, notes.is_modal) == ("Notes", Area(0, 0, 200, 100), True)
    assert notes.pid is not None
    by_name = {one.name: one for one in notes.widgets if one.role != "label"}
    assert "Hidden" not in by_name
    assert by_name["Save"].aliases == ("Save the file", "Ctrl+S")
    assert by_name["Save"].area == Area(10, 10, 40, 20)
    assert by_name["Name"].role == "text", "a field has the name of its label"
    assert by_name["Empty"].area is None
    assert by_name["Placeless"].area is None
    assert by_name["Far"].area == Area(0, 300, 40, 20)
    assert by_name["Far"].shown is None, "it is scrolled out of its pane"


def test_a_hung_program_is_asked_once_in_a_while(reader, monkeypatch) -> None:
    monkeypatch.setattr(tree_module, "FIRST_SECONDS", 0.3)
    now = [1000.0]
    reader._clock = lambda: now[0]
    monkeypatch.setattr(tree_module, "PROGRAM_SECONDS", 60.0)
    asked = []
    ask = reader._bus.ask
    monkeypatch.setattr(reader._bus, "ask", lambda calls, seconds: asked.append(calls) or ask(calls, seconds))
    assert len(reader.read()) == 1
    [hung] = reader.silent
    for passed, is_asked in ((1.0, False), (FORGIVEN_SECONDS + 1, True)):
        asked.clear()
        now[0] += passed
        assert len(reader.read()) == 1
        assert any(call.address.program == hung for calls in asked for call in calls) is is_asked


def test_a_widget_is_asked_for_again(reader, monkeypatch) -> None:
    monkeypatch.setattr(tree_module, "FIRST_SECONDS", 0.3)
    [notes] = reader.read()
    save = notes.widgets[0]
    area, states = reader.area_now(save.address)
    assert (area, "showing" in states) == (save.area, True)
