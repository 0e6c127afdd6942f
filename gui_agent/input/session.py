"""Checks that this session has a screen that can be seen and clicked."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping

from molmo_act.errors import PlatformError

VIRTUAL_DISPLAY_HINT = "or run inside gui_agent.virtual_display() (apt install xvfb openbox)"


def require_screen(environment: Mapping[str, str] | None = None, platform: str = sys.platform) -> None:
    """Checks that there is a screen to work on.

    Args:
        environment: Environment variables; those of the process unless given.
        platform: As ``sys.platform`` names it. Windows and macOS always have a screen.

    Raises:
        PlatformError: No display, or a Wayland session, which lets no program see or click other windows.
    """
    environment = os.environ if environment is None else environment
    if platform in ("win32", "darwin"):
        return
    wayland = environment.get("WAYLAND_DISPLAY")
    display = environment.get("DISPLAY")
    if wayland and not display:
        raise PlatformError(
            f"This is a Wayland session (WAYLAND_DISPLAY={wayland}, no DISPLAY), which lets no program see "
            f"or click other windows. Log in to an Xorg session, {VIRTUAL_DISPLAY_HINT}."
        )
    if wayland:
        raise PlatformError(
            f"DISPLAY={display} beside WAYLAND_DISPLAY={wayland} is most likely Xwayland, which shows only "
            f"some windows. Log in to an Xorg session, {VIRTUAL_DISPLAY_HINT}; if {display} is "
            "a real X server, unset WAYLAND_DISPLAY."
        )
    if display and (screen := re.search(r":\d+\.([1-9]\d*)$", display)):
        raise PlatformError(
            f"DISPLAY={display} names screen {screen[1]} of an X server, of which only the first can be seen "
            f"and clicked. Set DISPLAY={display[: screen.start(1) - 1]}.0 and use monitors."
        )
    if not display:
        raise PlatformError(
            "There is no display: DISPLAY is not set. Run in a desktop session, set DISPLAY, "
            f"{VIRTUAL_DISPLAY_HINT}."
        )
