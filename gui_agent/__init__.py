"""A desktop worked by words: what is on the screen and a query become a click. The table of contents."""

from __future__ import annotations

from gui_agent.backends import InputBackend, PyAutoGuiBackend
from gui_agent.desktop import Desktop, Found
from gui_agent.errors import DesktopError, NotFound, NotTyped, Refused
from gui_agent.screen import Screenshot
from gui_agent.virtual_display import virtual_display

__all__ = [
    "Desktop",
    "DesktopError",
    "Found",
    "InputBackend",
    "NotFound",
    "NotTyped",
    "PyAutoGuiBackend",
    "Refused",
    "Screenshot",
    "virtual_display",
]
