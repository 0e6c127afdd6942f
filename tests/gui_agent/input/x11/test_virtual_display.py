"""A display of its own comes up managed, and leaves nothing behind."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from gui_agent.input.x11.virtual_display import virtual_display

pytestmark = pytest.mark.display


def test_it_comes_up_managed_and_leaves_nothing_behind(display: str, monkeypatch) -> None:
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-7")
    with virtual_display(640, 480) as own:
        assert own == os.environ["DISPLAY"] != display
        assert "WAYLAND_DISPLAY" not in os.environ
        access_file = Path(os.environ["XAUTHORITY"])
        assert access_file.exists()
        size = subprocess.run(["xwininfo", "-root"], capture_output=True, text=True, check=True).stdout
        assert "Width: 640" in size
        assert "Height: 480" in size
        manager = subprocess.run(
            ["xprop", "-root", "_NET_SUPPORTING_WM_CHECK"], capture_output=True, text=True
        )
        assert "window id" in manager.stdout
    assert os.environ["DISPLAY"] == display
    assert os.environ["WAYLAND_DISPLAY"] == "wayland-7"
    assert not access_file.exists()
    gone = subprocess.run(["xwininfo", "-root", "-display", own], capture_output=True, text=True)
    assert gone.returncode != 0


def test_it_ends_when_the_block_fails(display: str) -> None:
    with pytest.raises(KeyError), virtual_display(320, 240) as own:
        raise KeyError
    gone = subprocess.run(["xwininfo", "-root", "-display", own], capture_output=True, text=True)
    assert gone.returncode != 0


def test_nobody_else_can_look_at_it_or_type(display: str) -> None:
    with virtual_display(320, 240) as own:
        access_file = Path(os.environ["XAUTHORITY"])
        assert access_file.stat().st_mode & 0o777 == 0o600
        assert access_file.parent.stat().st_mode & 0o777 == 0o700
        strangers = [{"env": {"PATH": os.environ["PATH"], "XAUTHORITY": os.devnull, "DISPLAY": own}}]
        if os.geteuid() == 0:
            strangers.append({"user": "nobody", "env": dict(os.environ)})
        for stranger in strangers:
            for command in (["xwininfo", "-root"], ["xdotool", "key", "a"]):
                refused = subprocess.run(command, capture_output=True, text=True, cwd="/", **stranger)
                assert refused.returncode != 0, command
        subprocess.run(["xwininfo", "-root"], check=True, capture_output=True)
