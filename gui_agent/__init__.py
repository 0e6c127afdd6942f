"""A desktop worked by words: what is on the screen and a query become a click. The table of contents."""

from __future__ import annotations

from gui_agent.backends import InputBackend, PyAutoGuiBackend
from gui_agent.desktop import Desktop
from gui_agent.errors import Ambiguous, DesktopError, NotFound, NotTyped, Refused, Timeout, Unstable
from gui_agent.expectation import Expectation
from gui_agent.eye import Found
from gui_agent.locator import Locator
from gui_agent.regions import Monitor, Window
from gui_agent.results import ActionResult
from gui_agent.safety import Safety
from gui_agent.screen import Area, Screenshot
from gui_agent.virtual_display import virtual_display

__all__ = [
    "ActionResult",
    "Ambiguous",
    "Area",
    "Desktop",
    "DesktopError",
    "Expectation",
    "Found",
    "InputBackend",
    "Locator",
    "Monitor",
    "NotFound",
    "NotTyped",
    "PyAutoGuiBackend",
    "Refused",
    "Safety",
    "Screenshot",
    "Timeout",
    "Unstable",
    "Window",
    "virtual_display",
]
