"""Steps of records are done on a desktop; steps that make no sense are one error."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gui_agent import ActionBlockedError, Area, Desktop, Safety
from gui_agent.input.x11.windows import WindowInfo
from gui_agent.recording.step import ACTIONS, ActionStep
from gui_agent.recording.trace import read_steps
from gui_agent.replay import do_step, prepare_step
from molmo_act.errors import InputError
from tests.support.blob_model import BlobFinder
from tests.support.fake_desktop import FakeBackend, fake_context

RED, GREEN = "#e01020", "#10a040"
OLD_TRACE = Path(__file__).with_name("recording") / "trace_of_before"


@pytest.fixture
def desktop() -> Desktop:
    """A desktop in memory that shows a red and a green rectangle."""
    made = Desktop(BlobFinder(), backend=FakeBackend())
    consent = Safety(confirm=lambda question: question.startswith("Close"))
    made.context = replace(fake_context(safety=consent), timeout=0.3, verify_seconds=0.1)
    files = WindowInfo(1, "Files", Area(0, 0, 320, 240), None, wm_class=("thunar", "Thunar"))
    made.context.backend.shown = [files]
    made.context.backend.focus = files
    made.context.screen.paint(RED, 20, 20)
    made.context.screen.paint(GREEN, 200, 100)
    return made


PRESS = [("button down", "left"), ("button up", "left")]
CLICK = [("down",), *PRESS, ("up",)]
DONE = [
    (
        ActionStep("click", [RED], {"modifiers": ["ctrl"]}),
        [("down", "ctrl"), *PRESS, ("up", "ctrl")],
    ),
    (ActionStep("hover", [RED]), []),
    (ActionStep("drag", [RED, GREEN]), PRESS),
    (ActionStep("scroll", [RED], {"down": 2}), [("wheel", "down")] * 2),
    (ActionStep("scroll", [], {"down": 2, "right": -1}), [("wheel", "down")] * 2 + [("wheel", "left")]),
    (ActionStep("press", [], {"chord": "ctrl+s"}), [("press", "ctrl", "s")]),
    (ActionStep("press", [RED], {"chord": "enter"}), [*CLICK, ("press", "enter")]),
    (ActionStep("type", [], {"text": "hello"}), [("type", "hello")]),
    (ActionStep("expect", [{"query": RED, "index": 0}], {"timeout": 0}), []),
    (ActionStep("expect_hidden", ["#fefe01"], {"timeout": 0}), []),
    (ActionStep("expect_count", [RED], {"count": 1, "timeout": 0}), []),
    (ActionStep("expect_other_count", [RED], {"count": 2}), []),
    (ActionStep("scroll_until", [GREEN, RED]), []),
    (
        ActionStep("press_sequentially", [RED], {"text": "ab", "delay": 0.1}),
        [*CLICK, ("type", "a"), ("type", "b")],
    ),
    (ActionStep("activate", [], {"title": "Files"}), [("activate", 1)]),
    (ActionStep("close", [], {"wm_class": "Thunar", "timeout": 0.1}), [("close", 1)]),
]


@pytest.mark.parametrize(("step", "log"), DONE)
def test_steps_are_done(desktop, step, log) -> None:
    do_step(desktop, step)
    assert [entry for entry in desktop.backend.log if entry[0] != "move"] == log


def test_fill_and_clear_replace_the_content(desktop) -> None:
    do_step(desktop, ActionStep("clear", [RED]))
    cleared = list(desktop.backend.log)
    assert cleared[-1] == ("press", "end")
    desktop.backend.log.clear()
    do_step(desktop, ActionStep("fill", [RED], {"text": "x"}))
    assert desktop.backend.log == [*cleared, ("type", "x")]


def test_every_action_is_tried_here() -> None:
    assert {step.action for step, _ in DONE} | {"fill", "clear", "mouse_down", "mouse_up"} == set(ACTIONS)


def test_a_button_is_held_between_steps(desktop) -> None:
    for step in (ActionStep("hover", [RED]), ActionStep("mouse_down"), ActionStep("hover", [GREEN])):
        do_step(desktop, step)
    assert desktop.backend.log[-1][0] == "move"
    do_step(desktop, ActionStep("mouse_up"))
    assert [entry for entry in desktop.backend.log if entry[0] != "move"] == PRESS


def test_a_secret_is_asked_for(desktop) -> None:
    step = ActionStep("type", [], {"text": "•••", "secret": True})
    with pytest.raises(InputError, match="types a secret"):
        do_step(desktop, step)
    do_step(desktop, step, lambda purpose: f"the {purpose}")
    assert desktop.backend.log == [("type", "the secret to type")]


def test_a_trace_of_before_the_renaming_is_replayed(desktop) -> None:
    steps = read_steps(OLD_TRACE)
    assert [step.action for step in steps] == ["expect", "click", "fill", "expect_hidden", "drag"]
    for step in steps:
        do_step(desktop, step)
    log = desktop.backend.log
    assert log[:5] == [("move", 40, 30), ("down", "shift"), *PRESS, ("up", "shift")]
    assert log[log.index(("type", "plain")) + 1 :][:2] == [("move", 40, 30), PRESS[0]]
    assert log[-2:] == [("move", 220, 110), PRESS[1]]


def test_rules_hold_for_steps_too(desktop) -> None:
    with pytest.raises(ActionBlockedError, match="Consent to act on 'delete' was not given"):
        do_step(desktop, ActionStep("click", ["delete"]))


BAD_STEPS = [
    (ActionStep("dance"), "There is no action 'dance'"),
    (ActionStep("click"), "'click' has 0 targets; expected 1"),
    (ActionStep("click", ["it"], {"force": 1}), "The step 'click' has the arguments ['force']"),
    (ActionStep("click", [{"words": "it"}]), "is no target"),
    (ActionStep("click", [{"query": "it", "region": "here"}]), "'here' is no region"),
    (ActionStep("click", [{"query": "it", "index": "2"}]), "index is '2'; expected a whole number"),
    (ActionStep("click", ["it"], {"timeout": "soon"}), "timeout is 'soon'; expected a number"),
    (ActionStep("click", ["it"], {"modifiers": "ctrl"}), "modifiers is one string, 'ctrl'"),
    (ActionStep("scroll", [], {"down": "far"}), "down is 'far'; expected a whole number"),
    (ActionStep("scroll_until", ["it"], {"most": 2.5}), "most is 2.5; expected a whole number"),
    (ActionStep("click", ["it"], {1: 2, "force": 1}), "The step 'click' has the arguments [1, 'force']"),
]


@pytest.mark.parametrize(("step", "message"), BAD_STEPS)
def test_steps_that_make_no_sense(step, message) -> None:
    with pytest.raises(InputError) as raised:
        do_step(Desktop(BlobFinder(), backend=FakeBackend()), step)
    assert message in str(raised.value)


UNUSABLE = [
    (ActionStep("click", [RED], {"button": "fourth"}), "no mouse button 'fourth'"),
    (ActionStep("click", [RED], {"modifiers": ["hyper"]}), "'hyper' is none"),
    (ActionStep("click", [RED], {"modifiers": "ctrl"}), "modifiers is one string"),
    (ActionStep("click", [RED], {"modifiers": {"ctrl": True}}), "give a list of keys"),
    (ActionStep("click", [RED], {"timeout": -1}), "timeout is -1"),
    (ActionStep("scroll", [], {"down": 10**7}), "down is 10000000"),
    (ActionStep("scroll_until", [RED], {"most": -1}), "most is -1"),
    (ActionStep("fill", [RED], {"text": None}), "text is None"),
    (ActionStep("expect_count", [RED], {"count": -1}), "count is -1"),
    (ActionStep("drag", [RED, GREEN], {"button": "fourth"}), "no mouse button 'fourth'"),
    (ActionStep("drag", [RED, GREEN], {"steps": 0}), "steps is 0; expected a whole number"),
    (ActionStep("press_sequentially", [RED], {"text": "a", "delay": -1}), "delay is -1; expected seconds"),
    (ActionStep("mouse_down", [], {"button": "fourth"}), "no mouse button 'fourth'"),
    (ActionStep("activate"), "without anything to tell it by"),
    (ActionStep("close", [], {"title": 5}), "title is 5; expected the title of a window"),
    (ActionStep("press", [], {"chord": "hyper"}), "no key 'hyper'"),
    (ActionStep("type", [], {"text": ""}), "text to type is empty"),
    (ActionStep("click", [RED], {"secret": True}), "types a secret"),
    (ActionStep("click", [RED, GREEN]), "has 2 targets"),
    (ActionStep("click", [{"query": RED, "region": "here"}]), "is no region"),
]


@pytest.mark.parametrize(("step", "message"), UNUSABLE)
def test_a_step_is_checked_before_anything_is_looked_at(desktop, step, message) -> None:
    with pytest.raises(InputError, match=message):
        prepare_step(desktop, step)
    assert desktop.model.looks == 0


def test_a_prepared_step_has_done_nothing_yet(desktop) -> None:
    do = prepare_step(desktop, ActionStep("click", [RED]))
    assert desktop.context.backend.log == []
    assert do().action == "click"
    assert PRESS[0] in desktop.context.backend.log
