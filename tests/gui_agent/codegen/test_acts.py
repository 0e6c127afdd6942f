"""What mouse and keyboard did becomes acts."""

from __future__ import annotations

import pytest

from gui_agent.codegen.acts import Act, ActReader, moves_focus
from gui_agent.input.x11.input_recorder import InputEvent

HERE, THERE = (100, 100), (300, 200)


def press(time: float, point=HERE, button: int = 1, held=()) -> InputEvent:
    return InputEvent("press", point, time, button, held=held)


def release(time: float, point=HERE, button: int = 1) -> InputEvent:
    return InputEvent("release", point, time, button)


def key(time: float, name: str, *held: str) -> InputEvent:
    return InputEvent("key", HERE, time, key=name, held=held)


def acts_of(*events: InputEvent) -> list[Act]:
    reader = ActReader()
    found = [act for event in events for act in reader.take(event)]
    return found + reader.close()


def click(time: float, **options) -> list[InputEvent]:
    return [press(time, **options), release(time + 0.05, button=options.get("button", 1))]


CLICKS = [
    (click(0), [("left", 1, ())]),
    (click(0, button=3), [("right", 1, ())]),
    (click(0, held=("ctrl",)), [("left", 1, ("ctrl",))]),
    ([*click(0), *click(0.2)], [("left", 2, ())]),
    ([*click(0), *click(0.2), *click(0.4)], [("left", 3, ())]),
    ([*click(0), *click(0.2), *click(0.4), *click(0.6)], [("left", 3, ()), ("left", 1, ())]),
    ([*click(0), *click(2)], [("left", 1, ())] * 2),
    ([*click(0), *click(0.2, button=3)], [("left", 1, ()), ("right", 1, ())]),
    ([press(0), release(0.1, (103, 102))], [("left", 1, ())]),  # a hand that trembles
    ([*click(0, button=9)], []),  # a button on the side
]


@pytest.mark.parametrize(("events", "expected"), CLICKS)
def test_clicks(events, expected) -> None:
    assert [(act.button, act.count, act.held) for act in acts_of(*events)] == expected
    assert {act.kind for act in acts_of(*events)} <= {"click"}


def test_drags() -> None:
    [before, act] = acts_of(*click(0), press(0.2), release(1, THERE))
    assert before.kind == "click"
    assert (act.kind, act.point, act.end) == ("drag", HERE, THERE)


def test_turns_of_the_wheel_belong_together() -> None:
    turns = [press(0.1 * n, button=5) for n in range(3)] + [press(0.4, button=4)]
    assert [(act.kind, act.notches) for act in acts_of(*turns)] == [("scroll", (2, 0))]
    assert len(acts_of(press(0, button=5), press(3, button=5))) == 2
    assert len(acts_of(press(0, button=5), press(0.1, THERE, button=5))) == 2
    assert acts_of(press(0, button=7))[0].notches == (0, 1)


def test_keys_become_texts_and_chords() -> None:
    events = [key(0, "H", "shift"), key(1, "i"), key(9, "space"), key(9, "@", "shift"), key(9.1, "enter")]
    events += [key(10, "s", "ctrl"), key(11, "S", "ctrl", "shift"), key(12, "tab", "shift"), key(13, "")]
    found = [(act.kind, act.text) for act in acts_of(*events, key(14, "+", "ctrl", "shift"))]
    assert found == [
        *[("type", "Hi @"), ("press", "enter"), ("press", "ctrl+s"), ("press", "ctrl+shift+s")],
        *[("press", "shift+tab"), ("press", ""), ("press", "ctrl++")],
    ]


def test_characters_of_the_keypad_are_text() -> None:
    [act] = acts_of(*[key(n, name) for n, name in enumerate(("num1", "num0", "add", "decimal", "divide"))])
    assert (act.kind, act.text) == ("type", "10+./")


def test_keys_that_may_move_the_keyboard() -> None:
    def press_of(name: str, *held: str) -> Act:
        return acts_of(key(0, name, *held))[0]

    assert all(map(moves_focus, (press_of("tab"), press_of("tab", "shift"), press_of("n", "alt"))))
    assert not any(map(moves_focus, (press_of("left"), press_of("backspace"), press_of("a", "ctrl"))))


def test_modifiers_of_drags_and_wheels_are_kept() -> None:
    [drag] = acts_of(press(0, held=("ctrl",)), release(1, THERE))
    turns = acts_of(press(0, button=5, held=("ctrl",)), press(0.1, button=5))
    assert (drag.held, [turn.held for turn in turns]) == (("ctrl",), [("ctrl",), ()])


def test_an_act_is_complete_after_a_while() -> None:
    reader = ActReader()
    for event in click(0):
        assert reader.take(event) == []
    assert reader.rest(0.2) == []  # it may become a double click
    assert [act.kind for act in reader.rest(0.7)] == ["click"]
    assert reader.rest(5) == reader.close() == []
    reader.take(press(6))
    assert reader.rest(60) == []  # a button that is held
    reader.take(release(61))
    assert [act.kind for act in reader.take(key(62, "a"))] == ["click"]
    assert reader.rest(99) == []  # a text that goes on after a pause
    assert [act.text for act in reader.close()] == ["a"]
