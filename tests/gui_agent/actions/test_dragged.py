"""What is below the icon of a drag is what gets the drop, and is what rules are about."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gui_agent.actions.dragged import dragged_from, window_to_drop_on
from gui_agent.actions.executor import perform
from gui_agent.actions.gestures import HoldButton
from gui_agent.actions.hand import Aim, Hand
from gui_agent.errors import ActionBlockedError
from gui_agent.geometry import Area
from gui_agent.input.x11.windows import WindowInfo
from gui_agent.safety.policy import Safety
from gui_agent.vision.selector import Selector
from tests.support.fake_desktop import fake_context

RED, BLUE = "#e01020", "#1040e0"
FILES = WindowInfo(1, "Files", Area(0, 0, 100, 200), None, frame=1, client=1)
FOLDER = WindowInfo(2, "Folder", Area(100, 0, 200, 200), None, frame=2, client=2)
BANK = WindowInfo(3, "Bank", Area(90, 0, 220, 220), None, frame=3, client=3)
ICON = WindowInfo(4, "", Area(120, 90, 60, 60), None, frame=4, client=1, is_popup=True)
START, END = Aim((40, 30), FILES, "the file"), Aim((150, 110), FOLDER, "the folder")


def test_the_window_below_the_icon() -> None:
    backend = fake_context().backend
    backend.shown = [FILES, FOLDER, ICON]
    assert window_to_drop_on(backend, END.point, START) == FOLDER
    assert window_to_drop_on(backend, END.point, None) == ICON
    backend.shown = [FILES, FOLDER, ICON, replace(ICON, id=5, frame=5), BANK]
    assert window_to_drop_on(backend, END.point, START) == BANK
    backend.shown = [ICON]
    assert window_to_drop_on(backend, END.point, START) is None


@pytest.mark.parametrize("other", [BANK, replace(FOLDER, area=Area(101, 0, 200, 200))])
def test_nothing_is_dropped_on_another_window_below_the_icon(other) -> None:
    context = fake_context(safety=Safety(deny_windows=["Bank"]))
    context.backend.shown, context.backend.pointer = [FILES, FOLDER], START.point
    context.backend.on_move = lambda: setattr(context.backend, "shown", [FILES, other, ICON])
    with pytest.raises(ActionBlockedError, match="has come to that place"):
        Hand(context, [START, END]).drag()
    assert context.backend.log[-2:] == [("move", *START.point), ("button up", "left")]
    context.backend.on_move = lambda: setattr(context.backend, "shown", [FILES, FOLDER, ICON])
    hand = Hand(context, [START, END])
    context.backend.shown = [FILES, FOLDER]
    hand.drag()
    assert hand.done == ["the drag"]


def test_a_target_that_the_icon_covers_already_is_in_the_window_below() -> None:
    context = fake_context(timeout=1.0, safety=Safety(deny_windows=["Bank"]))
    context.screen.paint(RED, 20, 20)
    context.screen.paint(BLUE, 130, 100)
    context.backend.shown = [FILES, FOLDER]
    perform(context, "hover", [Selector(RED)], [], {})
    perform(context, "mouse_down", [], [HoldButton()], {})
    assert dragged_from(context) == Aim(START.point, FILES, RED)
    context.backend.shown = [FILES, FOLDER, BANK, ICON]
    with pytest.raises(ActionBlockedError, match="one of deny_windows"):
        perform(context, "hover", [Selector(BLUE)], [], {})
    assert ("button up", "left") in context.backend.log  # where it was pressed
    assert context.backend.pointer == START.point
