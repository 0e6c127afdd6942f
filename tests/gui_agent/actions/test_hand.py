"""What the hand checks just before it presses, on a desktop in memory."""

from __future__ import annotations

from dataclasses import replace
from itertools import count

import pytest

from gui_agent.actions.hand import Hand
from gui_agent.actions.place_check import Disturbed
from gui_agent.context import Aim
from gui_agent.errors import ActionBlockedError, TypingError
from gui_agent.geometry import Area
from gui_agent.input.x11.windows import WindowInfo
from gui_agent.safety.policy import Safety
from tests.support.fake_desktop import fake_context

FORM = WindowInfo(1, "Form", Area(0, 0, 200, 200), None, frame=1, client=1)
POPUP = WindowInfo(2, "Popup", Area(10, 10, 100, 100), None, client=2)
AIM = Aim((40, 30), FORM, "the button")


def context_with(**rules):
    context = fake_context(safety=Safety(**rules))
    context.backend.shown = [FORM]
    context.backend.pointer = AIM.point
    return context


def pressed(context) -> list[tuple]:
    return [entry for entry in context.backend.log if entry[0] in ("button down", "wheel", "type", "press")]


def test_a_pointer_that_was_moved_is_brought_back() -> None:
    context = context_with()
    context.backend.pointer = 300, 200
    Hand(context, [AIM]).click()
    assert context.backend.log[0] == ("move", *AIM.point)
    assert pressed(context) == [("button down", "left")]


DISTURBANCES = {
    "another window": lambda backend: backend.shown.append(POPUP),
    "the window went": lambda backend: backend.shown.clear(),
    "the window moved": lambda backend: backend.shown.__setitem__(
        0, replace(FORM, area=Area(5, 5, 200, 200))
    ),
    "a pointer that is held": lambda backend: setattr(backend, "position", lambda: (7, 7)),
}


@pytest.mark.parametrize("name", DISTURBANCES)
def test_what_has_changed_at_the_place_stops_before_the_press(name) -> None:
    context = context_with()
    DISTURBANCES[name](context.backend)
    for act in (
        Hand(context, [AIM]).click,
        lambda: Hand(context, [AIM]).wheel(3),
        Hand(context, [AIM]).focus,
    ):
        with pytest.raises(Disturbed):
            act()
    assert pressed(context) == []


def test_a_title_that_changes_to_a_denied_one_stops_before_the_press() -> None:
    context = context_with(deny_windows=["Bank"])
    context.backend.shown[0] = replace(FORM, title="Bank")
    with pytest.raises(ActionBlockedError, match="one of deny_windows"):
        Hand(context, [AIM]).click()
    assert pressed(context) == []


def test_each_click_and_notch_is_checked() -> None:
    context = context_with()
    context.backend.on_click = lambda: context.backend.shown.append(POPUP)
    hand = Hand(context, [AIM])
    with pytest.raises(ActionBlockedError) as raised:
        hand.click(count=2)
    assert pressed(context) == [("button down", "left")]
    assert str(hand.told(raised.value)).endswith("Before that: 1 of 2 clicks.")


def test_a_wheel_without_a_target_is_checked_where_the_pointer_is() -> None:
    context = context_with(deny_windows=["Popup"], deny_areas=[Area(300, 0, 10, 10)])
    Hand(context).wheel(1)
    context.backend.shown.append(POPUP)
    with pytest.raises(ActionBlockedError, match="'Popup' is one of deny_windows"):
        Hand(context).wheel(1)
    context.backend.pointer = 305, 5
    with pytest.raises(ActionBlockedError, match="denied area"):
        Hand(context).wheel(1)
    assert pressed(context) == [("wheel", "down")]


def test_keys_stop_when_another_window_takes_the_keyboard() -> None:
    context = context_with()
    context.backend.focus = FORM
    hand = Hand(context, [AIM])
    hand.focus()

    strokes = count()

    def popup_after_three() -> None:
        if next(strokes) == 3:
            context.backend.focus = POPUP

    context.guard.require_not_stopped = popup_after_three
    with pytest.raises(
        TypingError, match="Keys were for the window 'Form', but the window 'Popup' has"
    ) as raised:
        hand.type("hunter2")
    assert pressed(context) == [("button down", "left"), ("type", "hun")]
    assert "3 of 7 characters" in str(hand.told(raised.value))
    with pytest.raises(ActionBlockedError):
        hand.press(["enter"])


def test_a_click_that_leaves_the_keyboard_elsewhere_is_refused() -> None:
    context = context_with()
    context.backend.focus = POPUP
    with pytest.raises(ActionBlockedError, match="Clicked was the window 'Form', but the window 'Popup'"):
        Hand(context, [AIM]).focus()


def test_a_dialog_of_the_same_program_does_not_get_the_keys_of_its_window() -> None:
    context = context_with()
    context.backend.focus = replace(FORM, id=3, title="Go To", transient_for=FORM.id)
    with pytest.raises(ActionBlockedError, match="Clicked was the window 'Form', but the window 'Go To'"):
        Hand(context, [AIM]).focus()
    menu = replace(FORM, id=4, is_popup=True)
    context.backend.shown.append(menu)  # a click in it leaves the keyboard where it was
    Hand(context, [Aim(AIM.point, menu, "an entry")]).focus()


def test_a_drag_whose_end_is_covered_goes_back_to_its_start() -> None:
    context = context_with()
    end = Aim((150, 150), FORM, "the bin")
    moves = iter(range(1000))

    def cover() -> None:
        if next(moves) == 5:
            context.backend.shown.append(replace(POPUP, area=Area(120, 120, 60, 60)))

    context.backend.on_move = cover
    with pytest.raises(ActionBlockedError, match="'the bin' was found at"):
        Hand(context, [AIM, end]).drag()
    assert context.backend.log[-2:] == [("move", *AIM.point), ("button up", "left")]


def test_keys_without_a_target_stay_within_areas() -> None:
    allowed = context_with(allow_areas=[Area(0, 0, 250, 250)])
    allowed.backend.focus = FORM
    Hand(allowed).press(["enter"])
    for rules in ({"allow_areas": [Area(0, 0, 100, 250)]}, {"deny_areas": [Area(150, 150, 400, 10)]}):
        context = context_with(**rules)
        context.backend.focus = FORM
        for act in (
            lambda context=context: Hand(context).press(["enter"]),
            lambda c=context: Hand(c).type("x"),
        ):
            with pytest.raises(ActionBlockedError, match="The window that has the keyboard, 200×200 at"):
                act()
        assert pressed(context) == []
