"""Waiting until something is visible, or hidden, on a desktop in memory."""

from __future__ import annotations

import pytest

from gui_agent.assertions import Expectation
from gui_agent.errors import ActionBlockedError, Ambiguous, DesktopError, TimeoutError
from gui_agent.geometry import Area
from gui_agent.input.x11.windows import WindowInfo
from gui_agent.locator import Locator, expect
from gui_agent.vision.regions import Window
from gui_agent.vision.selector import Selector
from molmo_act.errors import InputError
from tests.support.blob_model import BlobFinder
from tests.support.fake_desktop import fake_context

RED, GREEN = "#e01020", "#10a040"


def test_it_is_visible_from_the_start() -> None:
    context = fake_context()
    context.screen.paint(RED, 100, 100)
    result = Expectation(context, Selector(RED)).wait_for("visible")
    assert (result.action, result.effect, result.point) == ("expect", "unchanged", (120, 110))
    assert result.arguments == {}
    assert context.screen.taken == 1


def test_it_becomes_visible_and_is_returned() -> None:
    context = fake_context()
    context.screen.before_take = lambda number: number == 3 and context.screen.paint(RED, 100, 100)
    assert Expectation(context, Selector(RED)).to_be_visible().point == (120, 110)
    assert context.grounder.model.looks == 2


def test_it_becomes_hidden() -> None:
    context = fake_context()
    context.screen.paint(RED, 100, 100)
    context.screen.before_take = lambda number: number == 3 and context.screen.paint("#ffffff", 100, 100)
    result = Expectation(context, Selector(RED)).wait_for("hidden", timeout=9)
    assert (result.action, result.effect, result.targets) == ("expect_hidden", "changed", ())
    assert result.arguments == {"timeout": 9}
    assert Expectation(context, Selector(RED)).to_be_hidden(timeout=0) is None


@pytest.mark.parametrize(("state", "words"), [("visible", "appear"), ("hidden", "disappear")])
def test_it_does_not_come_about_in_time(state, words) -> None:
    context = fake_context(timeout=2.0)
    if state == "hidden":
        context.screen.paint(RED, 100, 100)
    began = context.clock.time
    with pytest.raises(TimeoutError, match=f"'{RED}' did not {words} within 2 s") as raised:
        Expectation(context, Selector(RED)).wait_for(state)
    assert 2 <= context.clock.time - began < 3
    assert isinstance(raised.value, DesktopError)


def test_one_of_several_is_enough() -> None:
    context = fake_context()
    context.screen.paint(RED, 20, 100)
    context.screen.paint(RED, 200, 100)
    assert Expectation(context, Selector(RED)).to_be_visible(timeout=0).query == RED
    with pytest.raises(TimeoutError):
        Expectation(context, Selector(RED)).to_be_hidden(timeout=0)


def test_several_windows_of_the_title_are_an_error() -> None:
    context = fake_context()
    context.backend.shown = [WindowInfo(n, "Pad", Area(0, 0, 99, 99), None) for n in (1, 2)]
    with pytest.raises(Ambiguous, match="2 windows titled"):
        Expectation(context, Selector(RED, Window("Pad"))).to_be_visible(timeout=0)


def test_a_low_score_is_not_visible() -> None:
    context = fake_context(BlobFinder(score=0.05))
    context.screen.paint(RED, 100, 100)
    with pytest.raises(TimeoutError):
        Expectation(context, Selector(RED)).to_be_visible(timeout=0)
    Expectation(context, Selector(RED)).to_be_hidden(timeout=0)


def test_a_locked_screen_is_not_waited_for() -> None:
    context = fake_context()
    context.backend.locked = True
    with pytest.raises(ActionBlockedError, match="The screen is locked"):
        Expectation(context, Selector(RED)).to_be_visible()


def test_what_cannot_be_waited_for() -> None:
    expectation = Expectation(fake_context(), Selector(RED))
    with pytest.raises(InputError, match="expected 'visible' or 'hidden'"):
        expectation.wait_for("gone")
    with pytest.raises(InputError, match="timeout is -1"):
        expectation.to_be_hidden(timeout=-1)


def test_the_words_of_playwright_mean_the_same() -> None:
    context = fake_context()
    context.screen.paint(RED, 100, 100)
    assert expect(Locator(context, Selector(RED))).not_to_be_hidden(timeout=0).point == (120, 110)
    expect(Locator(context, Selector(GREEN))).not_to_be_visible(timeout=0)
    with pytest.raises(InputError, match=r"expect\('the Save button'\).*desktop\.locator"):
        expect("the Save button")


def test_a_count_comes_about() -> None:
    context = fake_context()
    context.screen.paint(RED, 20, 100)
    context.screen.before_take = lambda number: number == 3 and context.screen.paint(RED, 200, 100)
    Expectation(context, Selector(RED)).to_have_count(2)
    assert context.grounder.model.looks == 2
    Expectation(context, Selector(RED)).not_to_have_count(1, timeout=0)
    Expectation(context, Selector(GREEN)).to_have_count(0, timeout=0)
    Expectation(context, Selector(RED).nth(1)).to_have_count(1, timeout=0)


def test_a_count_does_not_come_about() -> None:
    context = fake_context()
    context.screen.paint(RED, 20, 100)
    with pytest.raises(TimeoutError, match=f"'{RED}' has 1 matches instead of 3 within 1 s"):
        Expectation(context, Selector(RED)).to_have_count(3, timeout=1)
    with pytest.raises(TimeoutError, match="still has 1 matches"):
        Expectation(context, Selector(RED)).not_to_have_count(1, timeout=0)
    for count in (-1, 1.0, "1", True):
        with pytest.raises(InputError, match="expected a whole number"):
            Expectation(context, Selector(RED)).to_have_count(count)


def test_a_time_out_tells_what_was_seen() -> None:
    context = fake_context(BlobFinder(score=0.05))
    context.screen.before_take = lambda number: number == 3 and context.screen.paint(RED, 100, 100)
    with pytest.raises(TimeoutError) as raised:
        Expectation(context, Selector(RED)).to_be_visible(timeout=2)
    seen = [line.split("s  ", 1)[1] for line in raised.value.call_log]
    assert seen == [
        f"looked for '{RED}': saw nothing",
        f"looked for '{RED}': saw 1 match of 0.05",
        "gave up: TimeoutError",
    ]
    assert 2 <= float(raised.value.call_log[-1].split()[0]) < 3
    assert str(raised.value).endswith("\n".join(["Call log:", *raised.value.call_log]))
