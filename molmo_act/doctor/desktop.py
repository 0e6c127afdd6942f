"""Checks of the desktop: what can be seen and clicked. None clicks, types or changes the clipboard."""

from __future__ import annotations

import os
import shutil
import subprocess

from molmo_act.doctor.finding import AbsentError


def session() -> str:
    """Says what kind of session this is."""
    display, wayland = os.environ.get("DISPLAY"), os.environ.get("WAYLAND_DISPLAY")
    if wayland:
        raise RuntimeError(
            f"a Wayland session ({wayland}), which lets no program see or click other windows; log in to an "
            "X11 session"
        )
    if not display:
        raise AbsentError("no display: DISPLAY is not set")
    return f"X11 session, display {display}"


def capture() -> str:
    """Captures a few pixels of the screen."""
    import mss

    _require_display()
    with mss.MSS() as screen:
        whole = screen.monitors[0]
        pixels = screen.grab({"left": whole["left"], "top": whole["top"], "width": 8, "height": 8})
    if len(pixels.raw) != 8 * 8 * 4:
        raise ValueError(f"8 × 8 pixels came as {len(pixels.raw)} bytes")
    count = len(screen.monitors) - 1
    return f"{whole['width']} × {whole['height']} on {count} monitor{'' if count == 1 else 's'}"


def pointer() -> str:
    """Asks where the pointer is."""
    _require_display()
    import pyautogui

    width, height = pyautogui.size()
    x, y = pyautogui.position()
    if not (0 <= x < width and 0 <= y < height):
        raise ValueError(f"the pointer is at ({x}, {y}), outside of {width} × {height}")
    return f"the pointer is at ({x}, {y})"


def clipboard() -> str:
    """Asks xclip what the clipboard holds, and leaves it there."""
    _require_display()
    if shutil.which("xclip") is None:
        raise ModuleNotFoundError("xclip")
    asked = subprocess.run(
        ["xclip", "-selection", "clipboard", "-target", "TARGETS", "-out"],
        capture_output=True,
        text=True,
        timeout=5,
        check=False,
    )
    if asked.returncode and "not available" not in asked.stderr:  # that is an empty clipboard
        raise RuntimeError(f"xclip fails: {' '.join(asked.stderr.split())}")
    return "xclip answers"


def mcp() -> str:
    """Imports the server of the Model Context Protocol."""
    from mcp.server import MCPServer

    return f"has {MCPServer.__name__}"


def _require_display() -> None:
    if not os.environ.get("DISPLAY"):
        raise AbsentError("no display: DISPLAY is not set")
