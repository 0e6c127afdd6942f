"""Where acts land while people and programs move things, judged by what real windows received."""

from __future__ import annotations

import pytest

from gui_agent import ActionBlockedError, Desktop, DesktopError
from molmo_act.outputs.points import Points
from tests.gui_agent.hostile.scene import (
    BLUE,
    GREEN,
    POINTER,
    RED,
    bumped,
    desktop_with,
    events,
)
from tests.gui_agent.x_client import BackHolder
from tests.support.windows import click_at, middle

pytestmark = [pytest.mark.display, pytest.mark.slow]


ACTS = {
    "click": lambda desktop: desktop.locator(RED).click(),
    "double click": lambda desktop: desktop.locator(RED).click(count=2),
    "scroll": lambda desktop: desktop.locator(RED).scroll(5),
    "drag": lambda desktop: desktop.locator(RED).drag_to(BLUE),
    "fill": lambda desktop: desktop.locator(RED).fill("x"),
}


@pytest.mark.parametrize("milliseconds", [1, 5, 16])
@pytest.mark.parametrize("act", ACTS)
def test_a_bumped_pointer_never_acts_elsewhere(open_hostile, act, milliseconds) -> None:
    mine = open_hostile(f"dead:Save={RED}", f"dead:End={BLUE}", "--title", "Mine")
    bank = open_hostile(f"dead:Delete={GREEN}", "--title", "Bank", "--geometry", "300x200+700+120")
    desktop = desktop_with(deny_windows=["Bank"])
    done = 0
    with bumped(*middle(bank, "Delete"), milliseconds):
        for _ in range(3):
            try:
                result = ACTS[act](desktop)
            except ActionBlockedError:
                continue
            done += 1
            assert result.point == middle(mine, "Save")
    assert events(bank, *POINTER, "key") == []
    pressed = events(mine, "press", "wheel")
    assert {one["name"] for one in pressed} <= {"Save"}
    assert len(pressed) >= done
    if act in ("click", "scroll"):
        assert done == 3  # the place was free: it was aimed again


def test_a_window_that_comes_up_just_before_the_press_gets_nothing(open_hostile, monkeypatch) -> None:
    mine = open_hostile(f"dead:Save={RED}", "--title", "Mine")
    other = open_hostile(f"dead:Other={GREEN}", "--title", "Other", "--hidden")
    desktop = desktop_with()
    real = desktop.backend.exclusive

    def late(*arguments):  # after the last look and before the hand takes hold
        other.tell("show")
        other.wait_for("shown")
        monkeypatch.setattr(desktop.backend, "exclusive", real)
        return real()

    monkeypatch.setattr(desktop.backend, "exclusive", late)
    with pytest.raises(DesktopError):
        desktop.locator(RED).click(timeout=0)
    assert events(mine, *POINTER) == events(other, *POINTER) == []


def test_a_popup_that_got_a_click_and_is_gone_is_told(open_hostile, display) -> None:
    mine = open_hostile(f"dead:Save={RED}", f"dead:End={BLUE}", "--title", "Mine")
    acts = ACTS | {"held": lambda desktop: (desktop.locator(RED).hover(), desktop.mouse.down())}
    for act in ("click", "double click", "drag", "fill", "held"):
        for seconds in (0.0, 0.2):
            with BackHolder(display, middle(mine, "Save"), seconds) as popup:
                with pytest.raises(ActionBlockedError, match="gone again came to that place and may have"):
                    acts[act](desktop_with())
                popup.join()
            assert popup.got == 1
    assert events(mine, "press") == []


def test_a_wheel_is_judged_by_what_is_below_the_pointer(open_hostile) -> None:
    bank = open_hostile(f"dead:Delete={GREEN}", "--title", "Bank", "--geometry", "300x200+700+120")
    mine = open_hostile(f"dead:Save={RED}", "--title", "Mine")
    desktop = desktop_with(deny_windows=["Bank"])
    click_at(desktop.backend, *middle(mine, "Save"))
    events(mine, *POINTER)
    desktop.backend.move(*middle(bank, "Delete"))
    with pytest.raises(ActionBlockedError, match="'Bank' is one of deny_windows"):
        desktop.scroll(3)
    assert events(bank, "wheel") == []
    desktop.backend.move(*middle(mine, "Save"))
    desktop.scroll(3)
    assert len(events(mine, "wheel")) == 3


def test_a_tooltip_takes_no_click(open_hostile) -> None:
    mine = open_hostile(f"dead:Save={RED}", "--title", "Mine", "--tooltip", "Save")
    desktop = desktop_with()
    left, top, width, height = mine.boxes["Save"]
    desktop.backend.move(left + width // 2 + 5, top + height // 2)
    mine.wait_for("tip")
    model = Where(left + width // 2 + 6, top + 24)  # which the tip covers
    Desktop(model, timeout=5, verify_seconds=0.1).click("it")
    assert [one["name"] for one in events(mine, "press")] == ["Save"]


class Where:
    """A model that points at one place."""

    def __init__(self, x: int, y: int) -> None:
        self._place = x, y

    def point(self, image, query):
        return Points(xy=[self._place], score=[1.0], image_size=[image.size], query=query)
