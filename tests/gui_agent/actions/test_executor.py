"""One action on a desktop in memory: in which order it checks and acts, and what it says of the effect."""

from __future__ import annotations

from contextlib import contextmanager

import pytest

from gui_agent.actions.effect import FEEDBACK_SECONDS
from gui_agent.actions.executor import perform
from gui_agent.actions.gestures import (
    ActivateWindow,
    Click,
    CloseWindow,
    DeleteContent,
    Drag,
    Focus,
    PressKeys,
    TypeText,
)
from gui_agent.errors import ActionBlockedError, NotFound, Unstable
from gui_agent.geometry import Area
from gui_agent.input.x11.windows import WindowInfo
from gui_agent.safety.policy import Safety
from gui_agent.vision.regions import Window
from gui_agent.vision.selector import Selector
from molmo_act.errors import InputError
from tests.support.fake_desktop import fake_context

RED, GREEN, BLUE = "#e01020", "#10a040", "#1040e0"
PRESS = [("down",), ("button down", "left"), ("button up", "left"), ("up",)]


def context_with(**options):
    context = fake_context(**{"timeout": 1.0, "verify_seconds": 0.5} | options)
    context.screen.paint(RED, 20, 20)
    return context


def click(context, *selectors: Selector, **options):
    return perform(context, "click", selectors or [Selector(RED)], [Click()], {"count": 1}, **options)


def test_the_pointer_goes_there_and_presses() -> None:
    context = context_with()
    result = click(context)
    assert context.backend.log == [("move", 40, 30), *PRESS]
    assert (result.action, result.point, result.effect) == ("click", (40, 30), "unchanged")
    assert result.arguments == {"count": 1}
    assert result.seconds > result.act_seconds + result.verify_seconds
    assert result.verify_seconds >= 0.5


EFFECTS = [
    (lambda screen: screen.paint(GREEN, 250, 200), "changed"),  # far away, as when something opens
    (lambda screen: screen.paint(GREEN, 20, 20), "changed"),  # the target, for good
    (lambda screen: None, "unchanged"),
]


@pytest.mark.parametrize(("change", "effect"), EFFECTS)
def test_the_effect(change, effect) -> None:
    context = context_with()
    context.backend.on_click = lambda: change(context.screen)
    assert click(context).effect == effect


def test_a_button_that_is_only_drawn_as_pressed_has_done_nothing() -> None:
    context = context_with()
    pressed_at = []

    def show_press() -> None:
        context.screen.paint(BLUE, 30, 25, 10, 10)
        pressed_at.append(context.clock.time)

    def release(number: int) -> None:
        if pressed_at and context.clock.time > pressed_at[0] + FEEDBACK_SECONDS / 2:
            context.screen.paint(RED, 30, 25, 10, 10)

    context.backend.on_click, context.screen.before_take = show_press, release
    assert click(context).effect == "unchanged"


def test_what_moved_before_proves_nothing() -> None:
    context = context_with()
    context.screen.before_take = lambda number: context.screen.paint(
        f"#00{number % 2 * 255:02x}00", 280, 200, 16, 16
    )
    assert click(context).effect == "unverifiable"


def test_hovering_shows_what_the_pointer_brings_about() -> None:
    context = context_with()
    context.backend.on_move = lambda: context.screen.paint(GREEN, 250, 200)
    result = perform(context, "hover", [Selector(RED)], [], {})
    assert result.effect == "changed"
    assert context.backend.log == [("move", 40, 30)]


def test_a_dry_run_does_nothing() -> None:
    context = context_with(dry_run=True)
    result = click(context)
    assert (result.effect, result.dry_run, result.point) == ("unverifiable", True, (40, 30))
    assert context.backend.log == []


def test_words_are_checked_before_anything_is_looked_at() -> None:
    context = context_with(safety=Safety(deny_words=["quit"]))
    with pytest.raises(ActionBlockedError, match="deny_words"):
        click(context, Selector("Quit"))
    assert context.screen.taken == 0


def test_rules_hold_before_the_pointer_moves() -> None:
    context = context_with(safety=Safety(deny_areas=[Area(0, 0, 100, 100)]))
    with pytest.raises(ActionBlockedError, match="denied area"):
        click(context)
    assert context.backend.log == []


def test_each_action_counts() -> None:
    context = context_with(safety=Safety(max_actions_per_minute=1))
    click(context)
    with pytest.raises(ActionBlockedError, match="1 actions within a minute"):
        click(context)
    context.clock.sleep(61)
    click(context)


def window(number: int, title: str, *place: int, pid: int | None = None, **more) -> WindowInfo:
    return WindowInfo(number, title, Area(*place), pid, **more)


def test_a_target_that_another_window_covers() -> None:
    context = context_with()
    context.backend.shown = [window(1, "Mine", 0, 0, 200, 200), window(2, "Cover", 10, 10, 100, 100)]
    with pytest.raises(ActionBlockedError, match="the window 'Cover' covers 'Mine'"):
        click(context, Selector(RED, Window("Mine")))
    assert context.backend.log == []


def test_a_menu_of_the_window_covers_nothing() -> None:
    context = context_with()
    context.backend.shown = [
        window(1, "Mine", 0, 0, 200, 200, pid=5),
        window(2, "", 10, 10, 100, 100, pid=5, is_popup=True),
    ]
    assert click(context, Selector(RED, Window("Mine"))).point == (40, 30)


def test_a_pointer_that_does_not_arrive() -> None:
    context = context_with()
    context.backend.position = lambda: (0, 0)
    with pytest.raises(ActionBlockedError, match=r"sent to \(40, 30\) but is at \(0, 0\)"):
        click(context)


def test_a_target_that_runs_away_once_is_followed() -> None:
    context = context_with()

    def run_away() -> None:
        context.screen.paint("#ffffff", 20, 20)
        context.screen.paint(GREEN, 150, 100, 8, 8)  # so that it is no mere highlight
        context.screen.paint(RED, 250, 200)

    context.backend.on_move = run_away
    assert click(context).point == (270, 210)
    assert [entry[0] for entry in context.backend.log].count("button down") == 1


def test_a_target_that_always_runs_away() -> None:
    context = context_with()

    def run_away() -> None:
        x = 20 if context.backend.pointer[0] > 100 else 250
        context.screen.bgrx[...] = 255
        context.screen.paint(RED, x, 200)

    context.backend.on_move = run_away
    with pytest.raises(Unstable, match="moved or was covered each time the pointer came"):
        click(context)
    assert ("button down", "left") not in context.backend.log


def test_a_window_that_comes_up_with_the_pointer() -> None:
    context = context_with()
    context.backend.on_move = lambda: context.backend.shown.append(
        window(len(context.backend.shown), "Tip", 0, 0, 50, 50)
    )
    with pytest.raises(Unstable):
        click(context)


def test_highlighting_under_the_pointer_is_no_move() -> None:
    context = context_with()
    context.backend.on_move = lambda: context.screen.paint(BLUE, 22, 22, 4, 4)
    click(context)
    assert [entry[0] for entry in context.backend.log].count("move") == 1


def test_two_targets() -> None:
    context = context_with()
    context.screen.paint(GREEN, 200, 100)
    result = perform(context, "drag", [Selector(RED), Selector(GREEN)], [Drag("left")], {})
    log = context.backend.log
    assert log[:2] == [("move", 40, 30), ("button down", "left")]
    assert log[-2:] == [("move", 220, 110), ("button up", "left")]
    assert [match.query for match in result.targets] == [RED, GREEN]


def test_a_secret_hides_the_window_of_the_action() -> None:
    context = context_with()
    context.backend.shown = [window(1, "Form", 0, 0, 200, 200)]
    click(context, secret=True)
    assert context.secrets.areas() == (Area(0, 0, 200, 200),)


def test_the_timeout_is_an_argument_where_it_is_given() -> None:
    context = context_with()
    assert click(context, timeout=0).arguments == {"count": 1, "timeout": 0}
    with pytest.raises(InputError, match="timeout is -1"):
        click(context, timeout=-1)


class NotingRecorder:
    def __init__(self) -> None:
        self.steps: list = []

    @contextmanager
    def step(self, action, selectors, arguments, screen):
        self.steps.append([action, list(selectors), dict(arguments)])
        yield self.steps[-1].append


def test_each_action_is_a_step_with_its_outcome() -> None:
    recorder = NotingRecorder()
    context = context_with(recorder=recorder)
    result = click(context, timeout=3)
    assert recorder.steps == [["click", [Selector(RED)], {"count": 1, "timeout": 3}, result]]
    with pytest.raises(NotFound):
        click(context, Selector(BLUE), timeout=0)
    assert len(recorder.steps[1]) == 3  # it had no outcome


@pytest.mark.parametrize("keys", [("alt", "f4", "shift"), ("ctrl", "x", "w"), ("x", "delete")])
def test_keys_that_are_added_to_a_chord_weaken_no_rule(keys) -> None:
    asked: list[str] = []
    denying = {"deny_keys": ["alt+f4", "ctrl+w", "delete"], "confirm": lambda question: True}
    for rules, message in (
        (denying, "one of deny_keys"),
        ({"confirm": asked.append}, "Consent"),
        ({"allow_keys": ["+".join(keys[:1] + keys[2:])]}, "none of allow_keys"),
    ):
        context = context_with(safety=Safety(**rules))
        with pytest.raises(ActionBlockedError, match=message):
            perform(context, "press", [], [PressKeys(keys)], {})
        assert context.backend.log == []
    assert len(asked) == 1


def test_rules_about_keys_hold_for_those_held_during_a_click() -> None:
    context = context_with(safety=Safety(deny_keys=["ctrl+*"]))
    with pytest.raises(ActionBlockedError, match="one of deny_keys"):
        perform(context, "click", [Selector(RED)], [Click(modifiers=("ctrl",))], {})
    assert context.backend.log == []


FORM = WindowInfo(1, "Form", Area(0, 0, 200, 200), None, frame=1, client=1)
OTHER = WindowInfo(2, "Other", Area(0, 0, 200, 200), None, frame=2, client=2)


@pytest.mark.parametrize("gesture", [PressKeys(("ctrl", "w")), CloseWindow(Window(active=True))])
def test_what_is_asked_about_one_window_is_done_to_no_other(gesture) -> None:
    asked: list[str] = []

    def answer(question: str) -> bool:
        asked.append(question)
        context.backend.focus = OTHER
        return True

    context = context_with(safety=Safety(confirm=answer))
    context.backend.shown, context.backend.focus = [OTHER, FORM], FORM
    if isinstance(gesture, PressKeys):
        with pytest.raises(
            ActionBlockedError, match="Keys were for the window 'Form', but the window 'Other'"
        ):
            perform(context, "press", [], [gesture], {})
        assert context.backend.log == []
    else:
        perform(context, "close", [], [gesture], {})
        assert context.backend.log == [("close", FORM.id)]
    assert len(asked) == 1
    assert "'Form'" in asked[0]


@pytest.mark.parametrize("gesture", [ActivateWindow(Window("Form")), CloseWindow(Window("Form"))])
def test_rules_for_a_window_as_a_whole(gesture) -> None:
    for rules in ({"deny_areas": [Area(150, 150, 9, 9)]}, {"allow_areas": [Area(0, 0, 100, 100)]}):
        context = context_with(safety=Safety(confirm=lambda question: True, **rules))
        context.backend.shown = [FORM]
        with pytest.raises(ActionBlockedError, match=r"_areas|denied area"):
            perform(context, "act", [], [gesture], {})
        assert context.backend.log == []
    corner = context_with(safety=Safety(confirm=lambda question: True))
    corner.backend.shown = [FORM]

    def refuse(likely=None):
        raise ActionBlockedError("The fail-safe is held.")

    corner.backend.pointed = refuse
    with pytest.raises(ActionBlockedError, match="fail-safe"):
        perform(corner, "act", [], [gesture], {})
    assert corner.backend.log == []


def test_closing_counts_as_its_keys_for_those_that_are_allowed() -> None:
    context = context_with(safety=Safety(allow_keys=["ctrl+s"], confirm=lambda question: True))
    context.backend.shown = [FORM]
    with pytest.raises(ActionBlockedError, match="none of allow_keys"):
        perform(context, "close", [], [CloseWindow(Window("Form"))], {})
    assert context.backend.log == []


def test_what_must_lie_within_a_window_is_a_part_of_it() -> None:
    context = context_with()
    context.backend.shown = [FORM, OTHER]
    selector = Selector(RED).filter(within=Window("Form"))
    with pytest.raises(ActionBlockedError, match="'Other' covers 'Form'"):
        click(context, selector)
    assert context.backend.log == []
    named = context_with()
    with pytest.raises(ActionBlockedError, match="may destroy something"):
        click(named, Selector(RED).filter(within=Window("Delete all")))


BY_TEXT = [
    ({"deny_keys": ["enter"]}, [TypeText("x\n")]),
    ({"deny_keys": ["tab"]}, [TypeText("\tx")]),
    ({"allow_keys": ["ctrl+s"]}, [TypeText("a\tb")]),
    ({"destructive_keys": ["enter"]}, [TypeText("rm\r\n")]),
    ({"deny_keys": ["delete"]}, [Focus(), DeleteContent(), TypeText("x")]),
    ({"deny_keys": ["ctrl+*"]}, [Focus(), DeleteContent()]),
]


@pytest.mark.parametrize(("rules", "gestures"), BY_TEXT)
def test_rules_about_keys_hold_for_texts_and_for_emptying_a_field(rules, gestures) -> None:
    context = context_with(safety=Safety(**rules))
    with pytest.raises(ActionBlockedError, match="The keys"):
        perform(context, "type", [Selector(RED)] * isinstance(gestures[0], Focus), gestures, {})
    assert context.backend.log == []


def test_texts_without_keys_of_their_own_need_no_rule() -> None:
    context = context_with(safety=Safety(allow_keys=["ctrl+s"]))
    perform(context, "fill", [Selector(RED)], [Focus(), DeleteContent(), TypeText("a b")], {})
    assert ("type", "a b") in context.backend.log
