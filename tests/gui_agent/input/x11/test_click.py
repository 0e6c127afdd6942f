"""A click is over when the button is up and the window has the keyboard."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from gui_agent.input.x11.click import wait_until_over
from tests.support.windows import focus

NO_WINDOW = 0


class FakeWindow:
    def __init__(self, parent: FakeWindow | None = None, *, is_menu: bool = False) -> None:
        self.parent, self._is_menu = parent, is_menu

    def get_attributes(self) -> SimpleNamespace:
        return SimpleNamespace(override_redirect=self._is_menu)

    def query_tree(self) -> SimpleNamespace:
        return SimpleNamespace(parent=self.parent)


def display_with(pointed: object, focus: object, mask: int = 0) -> SimpleNamespace:
    """A display whose root has the windows below it."""
    root.query_pointer = lambda: SimpleNamespace(mask=mask, child=pointed)
    return SimpleNamespace(
        screen=lambda: SimpleNamespace(root=root), get_input_focus=lambda: SimpleNamespace(focus=focus)
    )


root = FakeWindow()
frame = FakeWindow(root)
field = FakeWindow(FakeWindow(frame))
other = FakeWindow(root)
menu = FakeWindow(root, is_menu=True)
OVER = [
    (frame, field, 0, True),  # the focus is on a field in the window under the pointer
    (frame, other, 0, False),  # another window still has it
    (frame, 1, 0, False),  # whatever is under the pointer
    (frame, field, 0x0100, False),  # the button is still down
    (menu, other, 0, True),  # a menu gets keys without the focus
    (NO_WINDOW, other, 0, True),  # the bare desktop
]


@pytest.mark.parametrize(("pointed", "focused", "mask", "expected"), OVER)
def test_when_a_click_is_over(pointed, focused, mask, expected) -> None:
    assert wait_until_over(display_with(pointed, focused, mask), timeout=0.02) is expected


@pytest.mark.display
def test_keys_do_not_overtake_the_click_before_them(open_window, desktop) -> None:
    first = open_window("--field", "First", "--geometry", "300x120+80+80")
    second = open_window("--field", "Second", "--geometry", "300x120+760+480")
    typed = ""
    for key in "abcdefgh":
        typed += key
        for window, name in ((first, "First"), (second, "Second")):
            focus(desktop, window.boxes[name])
            desktop.type(key)
            assert window.final_text(typed) == typed
