"""Mouse and keyboard: the protocol, and pyautogui behind it; knows no query and no picture."""

from __future__ import annotations

import io
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from typing import Any, Protocol

from gui_agent import x11_click, x11_clipboard, x11_connection, x11_keyboard
from gui_agent.errors import NotTyped, Refused
from gui_agent.keystrokes import Paste, Press, plan_strokes
from gui_agent.session import require_screen
from molmo_act.errors import InputError, MissingExtraError, PlatformError

ON_X11 = sys.platform not in ("win32", "darwin")


class InputBackend(Protocol):
    """What a desktop needs of its mouse and keyboard. Positions are whole input points of the desktop."""

    def size(self) -> tuple[int, int]:
        """(width, height) of the screen at the origin: the primary monitor; on X11 the whole desktop."""

    def position(self) -> tuple[int, int]:
        """Where the pointer is."""

    def move(self, x: int, y: int) -> None:
        """Moves the pointer there."""

    def click(self, button: str = "left") -> None:
        """Presses and releases a button where the pointer is."""

    def press(self, *keys: str) -> None:
        """Presses keys together, such as ``"ctrl", "s"``."""

    def type(self, text: str) -> None:
        """Types a text so that each character reaches the application, or raises."""


class PyAutoGuiBackend:
    """Mouse and keyboard through pyautogui, its fail-safe left on.

    Args:
        focus_timeout: Seconds that a clicked window may take to get the keyboard focus; panels never do.
        paste_timeout: Seconds that an application may take to ask for a pasted text.
        paste_settle: Seconds without a further request after which it has the text.

    Raises:
        MissingExtraError: pyautogui is not installed.
        PlatformError: There is no display, or it cannot be reached.
    """

    def __init__(
        self, focus_timeout: float = 0.5, paste_timeout: float = 2.0, paste_settle: float = 0.15
    ) -> None:
        self._pyautogui = _import_pyautogui()
        self._focus_timeout = focus_timeout
        self._paste_timeout = paste_timeout
        self._paste_settle = paste_settle

    def size(self) -> tuple[int, int]:
        """(width, height) of the primary monitor in input points; on X11 of the whole desktop."""
        with self._input() as pyautogui:
            width, height = pyautogui.size()
        return int(width), int(height)

    def position(self) -> tuple[int, int]:
        """Where the pointer is, in input points."""
        with self._input() as pyautogui:
            x, y = pyautogui.position()
        return int(x), int(y)

    def move(self, x: int, y: int) -> None:
        """Moves the pointer there.

        Raises:
            Refused: The pointer is held in the fail-safe corner.
        """
        with self._input() as pyautogui:
            pyautogui.moveTo(x, y, _pause=False)

    def click(self, button: str = "left") -> None:
        """Presses and releases a button where the pointer is; returns when the keyboard focus has followed.

        Raises:
            Refused: The pointer is held in the fail-safe corner.
        """
        with self._input() as pyautogui:
            pyautogui.click(button=button, _pause=False)
            if ON_X11:
                x11_click.wait_until_over(x11_connection.of(pyautogui), self._focus_timeout)

    def press(self, *keys: str) -> None:
        """Presses keys together and releases them in reverse order; names as pyautogui has them.

        Raises:
            InputError: pyautogui knows no such key; nothing was pressed.
            Refused: The pointer is held in the fail-safe corner.
        """
        with self._input() as pyautogui:
            for key in keys:
                if not pyautogui.isValidKey(key):
                    raise InputError(
                        f"There is no key {key!r} on this keyboard; pyautogui.KEY_NAMES has them all."
                    )
            pyautogui.hotkey(*keys, _pause=False)

    def type(self, text: str) -> None:
        """Types a text so that each character reaches the application, or raises.

        Raises:
            InputError: The text holds a character that cannot be typed; nothing was typed.
            PlatformError: The clipboard is needed and xclip is missing; nothing was typed.
            NotTyped: The focused application did not take a pasted piece.
            Refused: The pointer is held in the fail-safe corner.
        """
        strokes = plan_strokes(text, self._key_delivers())
        if any(isinstance(stroke, Paste) for stroke in strokes):
            _require_pasting()
        delivered = 0
        for stroke in strokes:
            if isinstance(stroke, Press):
                self.press(stroke.key)
                delivered += 1
            else:
                self._paste(stroke.text, delivered)
                delivered += len(stroke.text)

    def _key_delivers(self) -> Callable[[str], bool]:
        with self._input() as pyautogui:
            if ON_X11:
                return x11_keyboard.learn_keys(pyautogui)
            return lambda character: " " <= character <= "~" and pyautogui.isValidKey(character)

    def _paste(self, text: str, delivered_before: int) -> None:
        with x11_clipboard.lend(text) as lent:
            lent.forget_requests(settle=self._paste_settle)
            self.press("ctrl", "v")
            if not lent.wait_until_taken(self._paste_timeout, self._paste_settle):
                raise NotTyped(
                    f"The focused application did not take {len(text)} characters pasted with Ctrl+V, as a "
                    f"terminal or a window without a text field would not; {delivered_before} characters "
                    "before them were typed. Focus a text field first."
                )

    @contextmanager
    def _input(self) -> Iterator[Any]:
        require_screen()
        if ON_X11:
            x11_connection.require_display(self._pyautogui, os.environ.get("DISPLAY"))
        try:
            yield self._pyautogui
        except self._pyautogui.FailSafeException as error:
            raise Refused(
                "The pointer is in the top-left corner of the screen, which stops every act (fail-safe). "
                "Move it away to go on."
            ) from error


def _require_pasting() -> None:
    if not ON_X11:
        raise PlatformError(
            "This text holds characters that the keyboard cannot produce; pasting them works on X11 only. "
            "Nothing was typed."
        )
    x11_clipboard.require_xclip()


def _import_pyautogui() -> Any:
    require_screen()
    display = os.environ.get("DISPLAY")
    try:
        with warnings.catch_warnings(), redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")  # its parts leave pipes open, and print where results belong
            import pyautogui
    except ImportError as error:
        raise MissingExtraError("pyautogui", extra="gui", purpose="Moving mouse and keyboard") from error
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
    return pyautogui
