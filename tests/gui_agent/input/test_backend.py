"""What a backend has to have, and which buttons there are."""

from __future__ import annotations

import inspect

import pytest

from gui_agent.input.backend import BUTTONS, InputBackend, require_button
from gui_agent.input.pyautogui_backend import PyAutoGuiBackend
from molmo_act.errors import InputError
from tests.support.fake_desktop import FakeBackend


def methods(one: type) -> dict[str, list[str]]:
    """Names of the arguments of each public method."""
    return {
        name: [*inspect.signature(member).parameters]
        for name, member in inspect.getmembers(one, inspect.isfunction)
        if not name.startswith("_")
    }


@pytest.mark.parametrize("backend", [PyAutoGuiBackend, FakeBackend])
def test_backends_have_what_the_protocol_asks_for(backend) -> None:
    wanted = methods(InputBackend)
    assert {name: arguments for name, arguments in methods(backend).items() if name in wanted} == wanted


def test_buttons() -> None:
    for button in BUTTONS:
        for count in (1, 2, 3):
            require_button(button, count)
    with pytest.raises(InputError, match="no mouse button 'fourth'; give one of left, middle, right"):
        require_button("fourth")
    for count in (0, 4, 1.5):
        with pytest.raises(InputError, match=f"A click of count {count} was asked for"):
            require_button("left", count)
