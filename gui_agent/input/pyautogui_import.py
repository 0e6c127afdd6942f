"""Imports pyautogui, whose parts print, warn, and end the program where something is missing."""

from __future__ import annotations

import io
import os
import warnings
from contextlib import redirect_stdout
from typing import Any

from gui_agent.input.session import require_screen
from molmo_act._optional import import_optional
from molmo_act.errors import MissingExtraError, PlatformError


def import_pyautogui() -> Any:
    """Imports pyautogui, which connects to the display.

    Returns:
        The module.

    Raises:
        MissingExtraError: It is not installed.
        PlatformError: There is no display, or it cannot be reached, or tkinter is missing.
    """
    require_screen()
    display = os.environ.get("DISPLAY")
    try:
        with warnings.catch_warnings(), redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")  # its parts leave pipes open, and print where results belong
            return import_optional("pyautogui", extra="gui", purpose="Moving mouse and keyboard")
    except MissingExtraError:
        raise
    except SystemExit as error:  # one of its parts ends the whole program when tkinter is missing
        raise PlatformError(
            "pyautogui needs tkinter, which this Python lacks. Install it with: apt install python3-tk."
        ) from error
    except Exception as error:  # the X client's errors have no root of their own
        if "Xauthority" in str(error):
            raise PlatformError(
                f"pyautogui cannot read the X access file ({error}). Set XAUTHORITY to the right file; "
                "if the display needs none, an empty one will do: touch ~/.Xauthority"
            ) from error
        raise PlatformError(
            f"Display {display} cannot be reached ({error}). Check DISPLAY and that its X server runs."
        ) from error
