"""A desktop worked by words: a pointing model finds what a query names, and mouse and keyboard act on it."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gui_agent.actions.result import ActionResult
    from gui_agent.assertions import Expectation
    from gui_agent.desktop import Desktop
    from gui_agent.errors import (
        ActionBlockedError,
        Ambiguous,
        DesktopError,
        NotFound,
        TimeoutError,
        TypingError,
        Unstable,
    )
    from gui_agent.geometry import Area
    from gui_agent.input.backend import InputBackend
    from gui_agent.input.pyautogui_backend import PyAutoGuiBackend
    from gui_agent.input.x11.virtual_display import virtual_display
    from gui_agent.locator import Locator, expect
    from gui_agent.mouse import Mouse
    from gui_agent.safety.policy import Safety
    from gui_agent.vision.grounder import Match
    from gui_agent.vision.regions import Monitor, Window
    from gui_agent.vision.screenshot import Screenshot
    from gui_agent.window_locator import WindowLocator

__all__ = [
    "ActionBlockedError",
    "ActionResult",
    "Ambiguous",
    "Area",
    "Desktop",
    "DesktopError",
    "Expectation",
    "InputBackend",
    "Locator",
    "Match",
    "Monitor",
    "Mouse",
    "NotFound",
    "PyAutoGuiBackend",
    "Safety",
    "Screenshot",
    "TimeoutError",
    "TypingError",
    "Unstable",
    "Window",
    "WindowLocator",
    "expect",
    "virtual_display",
]

_LAZY = {
    "ActionBlockedError": "errors",
    "ActionResult": "actions.result",
    "Ambiguous": "errors",
    "Area": "geometry",
    "Desktop": "desktop",
    "DesktopError": "errors",
    "Expectation": "assertions",
    "InputBackend": "input.backend",
    "Locator": "locator",
    "Match": "vision.grounder",
    "Monitor": "vision.regions",
    "Mouse": "mouse",
    "NotFound": "errors",
    "PyAutoGuiBackend": "input.pyautogui_backend",
    "Safety": "safety.policy",
    "Screenshot": "vision.screenshot",
    "TimeoutError": "errors",
    "TypingError": "errors",
    "Unstable": "errors",
    "Window": "vision.regions",
    "WindowLocator": "window_locator",
    "expect": "locator",
    "virtual_display": "input.x11.virtual_display",
}
"""What is imported when it is first asked for: Ctrl-C may come before all of it is there."""


def __getattr__(name: str) -> Any:
    """Imports what is first asked for."""
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"gui_agent.{_LAZY[name]}"), name)
