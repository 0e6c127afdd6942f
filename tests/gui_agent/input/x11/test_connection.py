"""The connection of pyautogui: for the right display, and alive."""

from __future__ import annotations

import socket
from types import SimpleNamespace

import pytest

from gui_agent.input.x11.connection import of, require_display
from molmo_act.errors import PlatformError


@pytest.fixture
def connected():
    """pyautogui connected to ":7", and the server's end of the connection."""
    client, server = socket.socketpair()
    display = SimpleNamespace(get_display_name=lambda: ":7", display=SimpleNamespace(socket=client))
    with client, server:
        yield SimpleNamespace(platformModule=SimpleNamespace(_display=display)), server


def test_a_server_that_is_there(connected) -> None:
    pyautogui, server = connected
    assert of(pyautogui).get_display_name() == ":7"
    require_display(pyautogui, ":7")
    server.send(b"an event that nobody has read yet")
    require_display(pyautogui, ":7")
    assert of(pyautogui).display.socket.recv(100) == b"an event that nobody has read yet"


@pytest.mark.parametrize("display", [":8", None])
def test_another_display(connected, display) -> None:
    with pytest.raises(
        PlatformError, match=f"bound to display :7 since its import, but DISPLAY is now {display}"
    ):
        require_display(connected[0], display)


def test_a_server_that_has_gone(connected) -> None:
    pyautogui, server = connected
    server.close()
    with pytest.raises(PlatformError, match="Display :7 went away"):
        require_display(pyautogui, ":7")
    of(pyautogui).display.socket.close()
    with pytest.raises(PlatformError, match="Display :7 went away"):
        require_display(pyautogui, ":7")
