"""Wrong arguments are one error each, which names the argument, wherever they are given."""

from __future__ import annotations

import pytest

from gui_agent import Area, Desktop, Monitor, Safety, Window
from molmo_act.errors import InputError
from tests.support.blob_model import BlobFinder
from tests.support.fake_desktop import FakeBackend


def make(**options) -> Desktop:
    return Desktop(BlobFinder(), **{"backend": FakeBackend()} | options)


MISTAKES = {
    "monitor": lambda: make(monitor="1"),
    "monitor below 0": lambda: make(monitor=-1),
    "safety": lambda: make(safety={"min_score": 1}),
    "record": lambda: make(record=5),
    "backend": lambda: make(backend=5),
    "timeout": lambda: make().locator("red").click(timeout="5"),
    "verify_seconds": lambda: make(verify_seconds="1"),
    "down": lambda: make().scroll("3"),
    "down of a locator": lambda: make().locator("red").scroll(1.5),
    "right": lambda: make().scroll(0, None),
    "down without end": lambda: make().scroll(10**9),
    "most": lambda: make().scroll_until("red", most="x"),
    "path": lambda: make().screenshot(5),
    "title": lambda: Window(5),
    "pid": lambda: make().window(pid="1"),
    "wm_class": lambda: make().window(wm_class=5),
    "active": lambda: make().window(active=1),
    "index of a window": lambda: make().window("Files", index=-2),
    "a title that all have": lambda: make().window(" "),
    "a window told by nothing": lambda: make().window(),
    "nothing to filter by": lambda: make().locator("red").filter(),
    "has_text": lambda: make().locator("red").filter(has_text=""),
    "has_not_text": lambda: make().locator("red").filter(has_not_text=5),
    "within": lambda: make().locator("red").filter(within="Files"),
    "steps": lambda: make().locator("red").drag_to("blue", steps=0),
    "delay": lambda: make().locator("red").press_sequentially("x", delay="1"),
    "seconds of a frame": lambda: make().locator("red").highlight(seconds=-1),
    "button that is held": lambda: make().mouse.down("fourth"),
    "no place to press a button at": lambda: make().mouse.down(),
    "no button to release": lambda: make().mouse.up(),
    "number": lambda: Monitor("x"),
    "area": lambda: Area("1", 2, 3, 4),
    "area that ends nowhere": lambda: Area(0, 0, float("inf"), 4),
    "area that is none": lambda: Area(float("nan"), 0, 3, 4),
    "abort_key": lambda: Safety(abort_key=5),
    "respect_lock": lambda: Safety(respect_lock="no"),
    "deny_windows": lambda: Safety(deny_windows=[1]),
    "allow_windows": lambda: Safety(allow_windows=None),
    "deny_areas": lambda: Safety(deny_areas=[(1, 2, 3, 4)]),
    "deny_keys": lambda: Safety(deny_keys="ctrl+w"),
    "confirm": lambda: Safety(confirm="yes"),
    "max_actions_per_minute": lambda: Safety(max_actions_per_minute="9"),
    "min_score": lambda: Safety(min_score="0.5"),
    "count": lambda: make().locator("red").click(count="2"),
    "button": lambda: make().locator("red").click(button=1),
    "modifiers": lambda: make().locator("red").click(modifiers=5),
    "modifiers that are keys": lambda: make().locator("red").click(modifiers=["ctrl", "enter"]),
    "chord": lambda: make().press(["ctrl", "s"]),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_wrong_argument_is_one_error(name) -> None:
    with pytest.raises(InputError) as raised:
        MISTAKES[name]()
    assert "\n" not in str(raised.value)


async def consent(question: str) -> bool:
    return True


class AsyncConsent:
    async def __call__(self, question: str) -> bool:
        return True


@pytest.mark.parametrize("confirm", [consent, AsyncConsent()])
def test_consent_that_nobody_would_wait_for(confirm) -> None:
    with pytest.raises(InputError, match="a coroutine function"):
        Safety(confirm=confirm)
