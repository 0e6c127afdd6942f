"""Whether another window can have got a press, on a desktop in memory."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gui_agent.actions.hand import Hand
from gui_agent.context import Aim
from gui_agent.errors import ActionBlockedError
from gui_agent.geometry import Area
from tests.gui_agent.actions.test_hand import AIM, FORM, POPUP, context_with


@pytest.mark.parametrize("window", [POPUP, replace(FORM, id=3, area=Area(0, 0, 90, 90))])
def test_a_window_that_came_while_a_click_was_held_back(window) -> None:
    context = context_with()
    context.backend.on_click = lambda: context.backend.shown.append(window)
    hand = Hand(context, [AIM])
    if window.client == FORM.client:  # its own menu is what the click has opened
        hand.click(count=1)
        return
    with pytest.raises(ActionBlockedError, match=r"'Popup' came to that place and may have got the press"):
        hand.click()
    assert hand.done == ["the click"]


PRESSES = {
    "click": (lambda hand: hand.click(count=3), "1 of 3 clicks"),
    "drag": (lambda hand: hand.drag(), f"the press at {AIM.point}"),
    "hold": (lambda hand: hand.hold_button("left"), f"the press at {AIM.point}"),
}


@pytest.mark.parametrize("act", PRESSES)
@pytest.mark.parametrize(
    ("came", "name"), [(None, "a window that is gone again"), (POPUP, "the window 'Popup'")]
)
def test_a_window_that_came_and_went_while_a_press_was_held_back(act, came, name) -> None:
    context = context_with()
    context.backend.came = [came]
    context.pointer.aim = AIM
    hand = Hand(context, [AIM, Aim((150, 150), FORM, "the bin")])
    press, done = PRESSES[act]
    with pytest.raises(ActionBlockedError, match=f"{name} came to that place and may have got the press"):
        press(hand)
    context.pointer.held.let_go()
    assert hand.done[0] == done


def test_a_click_that_is_never_passed_on_is_not_done() -> None:
    context = context_with()
    context.backend.passes_on = False
    with pytest.raises(ActionBlockedError, match="a button still counts as down"):
        Hand(context, [AIM]).click()


def test_a_menu_of_the_window_manager_is_no_intruder() -> None:
    context = context_with()
    frame = replace(FORM, id=9, frame=9, client=7)  # of the window manager
    form, menu = replace(FORM, frame=9), replace(POPUP, client=7, is_popup=True)
    context.backend.shown = [frame, form]
    context.backend.on_click = lambda: context.backend.shown.append(menu)
    Hand(context, [replace(AIM, window=form)]).click()


def test_what_lay_below_a_window_that_closed_is_no_intruder() -> None:
    context = context_with()
    context.backend.shown.insert(0, POPUP)
    context.backend.on_click = lambda: context.backend.shown.remove(FORM)
    Hand(context, [AIM]).click()
