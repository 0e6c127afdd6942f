"""What each gesture presses, in which order."""

from __future__ import annotations

import pytest

from gui_agent.actions.gestures import Click, DeleteContent, Drag, Focus, PressKeys, Scroll, TypeText
from gui_agent.actions.hand import Aim, Hand
from tests.support.fake_desktop import fake_context

DOWN, UP = ("button down", "left"), ("button up", "left")
RIGHT = [("down", "ctrl", "shift"), ("button down", "right"), ("button up", "right"), ("up", "ctrl", "shift")]
GESTURES = [
    (Click(), [("down",), DOWN, UP, ("up",)]),
    (Click("right", 2, ("ctrl", "shift")), RIGHT * 2),
    (Scroll(3, -1), [("wheel", "down")] * 3 + [("wheel", "left")]),
    (TypeText("Ün"), [("type", "Ün")]),
    (PressKeys(("ctrl", "s")), [("press", "ctrl", "s")]),
    (Focus(), [("down",), DOWN, UP, ("up",)]),
    (
        DeleteContent(),  # not Ctrl+A, which does not select everything everywhere
        [("press", "ctrl", "home"), ("press", "ctrl", "shift", "end"), ("press", "delete"), ("press", "end")],
    ),
]


@pytest.mark.parametrize(("gesture", "log"), GESTURES)
def test_input_of_a_gesture(gesture, log) -> None:
    context = fake_context()
    gesture.perform(Hand(context, [Aim((0, 0), None, "it")]))
    assert context.backend.log == log


def test_a_drag_ends_on_the_second_target() -> None:
    context = fake_context()
    context.backend.pointer = 40, 30
    Drag("middle").perform(Hand(context, [Aim((40, 30), None, "it"), Aim((220, 110), None, "there")]))
    log = context.backend.log
    assert log[0] == ("button down", "middle")
    assert log[-2:] == [("move", 220, 110), ("button up", "middle")]
    assert {entry[0] for entry in log[1:-1]} == {"move"}


def test_a_secret_is_not_shown() -> None:
    assert "hunter2" not in repr(TypeText("hunter2"))
