"""Mouse, keyboard and windows: the protocol, and pyautogui behind it; knows no query and no picture."""

from __future__ import annotations

import io
import os
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, redirect_stdout
from difflib import get_close_matches
from typing import Any, Protocol

from gui_agent import x11_click, x11_clipboard, x11_connection, x11_keyboard, x11_lock, x11_windows
from gui_agent.errors import NotTyped, Refused
from gui_agent.keystrokes import Paste, Press, plan_strokes
from gui_agent.session import require_screen
from gui_agent.x11_windows import WindowInfo
from molmo_act.errors import InputError, MissingExtraError, PlatformError

ON_X11 = sys.platform not in ("win32", "darwin")
DRAG_SECONDS = 0.25  # toolkits take a pointer that jumps for a click
DROP_SECONDS = 0.15  # what is dropped before the application below has said that it takes it goes back


BUTTONS = ("left", "middle", "right")


class InputBackend(Protocol):
    """What a desktop needs of its mouse and keyboard. Positions are whole input points of the desktop."""

    def size(self) -> tuple[int, int]:
        """(width, height) of the screen at the origin: the primary monitor; on X11 the whole desktop."""

    def position(self) -> tuple[int, int]:
        """Where the pointer is."""

    def move(self, x: int, y: int) -> None:
        """Moves the pointer there."""

    def click(self, button: str = "left", count: int = 1) -> None:
        """Presses and releases a button where the pointer is, so many times in quick succession."""

    def drag(self, x: int, y: int, button: str = "left") -> None:
        """Presses a button where the pointer is, moves there, and releases it."""

    def scroll(self, down: int, right: int = 0) -> None:
        """Turns the wheel where the pointer is, by so many notches; negative ones are up and left."""

    def press(self, *keys: str) -> None:
        """Presses keys together, such as ``"ctrl", "s"``."""

    def holding(self, *keys: str) -> AbstractContextManager[None]:
        """Holds keys down until the end of the block."""

    def require_keys(self, *keys: str) -> None:
        """Checks that there are such keys."""

    def is_held(self, key: str) -> bool:
        """Whether somebody holds a key down now; False where that cannot be asked."""

    def is_locked(self) -> bool:
        """Whether the screen is locked; False where that cannot be asked."""

    def require_typable(self, text: str) -> None:
        """Checks that a text can be typed on this machine."""

    def type(self, text: str) -> None:
        """Types a text so that each character reaches the application, or raises."""

    def windows(self) -> list[WindowInfo]:
        """The windows that are shown, the lowest first; PlatformError where that cannot be asked."""

    def window_at(self, x: int, y: int) -> WindowInfo | None:
        """The topmost window at a place; None for the bare desktop, or where that cannot be asked."""

    def focused(self) -> WindowInfo | None:
        """The window that has the keyboard; None for none, or where that cannot be asked."""


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
            if ON_X11:  # pyautogui keeps the size of its import, but a screen may be resized
                root = x11_connection.of(pyautogui).screen().root.get_geometry()
                return root.width, root.height
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

    def click(self, button: str = "left", count: int = 1) -> None:
        """Presses and releases a button where the pointer is; returns when the keyboard focus has followed.

        Raises:
            InputError: There is no such button, or the count is not positive.
            Refused: The pointer is held in the fail-safe corner.
        """
        require_button(button, count)
        with self._input() as pyautogui:
            pyautogui.click(button=button, clicks=count, _pause=False)
            if ON_X11:
                x11_click.wait_until_over(x11_connection.of(pyautogui), self._focus_timeout)

    def drag(self, x: int, y: int, button: str = "left") -> None:
        """Presses a button where the pointer is, moves there in small steps, and releases it in any case.

        Raises:
            InputError: There is no such button.
            Refused: The pointer is held in the fail-safe corner; the button is up again.
        """
        require_button(button)
        with self._input() as pyautogui:
            pyautogui.mouseDown(button=button, _pause=False)
            try:
                pyautogui.moveTo(x, y, duration=DRAG_SECONDS, _pause=False)
                time.sleep(DROP_SECONDS)
            finally:  # not pyautogui.mouseUp, which the fail-safe would stop, too
                pyautogui.platformModule._mouseUp(*pyautogui.position(), button)

    def scroll(self, down: int, right: int = 0) -> None:
        """Turns the wheel where the pointer is.

        Args:
            down: Notches; negative ones are up.
            right: Notches; negative ones are left.

        Raises:
            Refused: The pointer is held in the fail-safe corner.
        """
        with self._input() as pyautogui:
            if down:
                pyautogui.scroll(-down, _pause=False)
            if right:
                pyautogui.hscroll(right, _pause=False)

    def press(self, *keys: str) -> None:
        """Presses keys together and releases them in reverse order; names as pyautogui has them.

        Raises:
            InputError: There is no such key on this keyboard; nothing was pressed.
            Refused: The pointer is held in the fail-safe corner.
        """
        self.require_keys(*keys)
        with self._input() as pyautogui:
            pyautogui.hotkey(*keys, _pause=False)

    @contextmanager
    def holding(self, *keys: str) -> Iterator[None]:
        """Holds keys down until the end of the block; they are released in any case.

        Raises:
            InputError: There is no such key on this keyboard; nothing was pressed.
            Refused: The pointer is held in the fail-safe corner.
        """
        self.require_keys(*keys)
        with self._input() as pyautogui:
            try:
                for key in keys:
                    pyautogui.keyDown(key, _pause=False)
                yield
            finally:  # not pyautogui.keyUp, which the fail-safe would stop, too
                for key in reversed(keys):
                    pyautogui.platformModule._keyUp(key)

    def require_keys(self, *keys: str) -> None:
        """Checks that there are such keys; pyautogui presses nothing, in silence, for others.

        Raises:
            InputError: There is no such key on this keyboard.
        """
        with self._input() as pyautogui:
            for key in keys:
                if not pyautogui.isValidKey(key) or not pyautogui.platformModule.keyboardMapping[key]:
                    likely = get_close_matches(key, pyautogui.KEY_NAMES, n=1)
                    hint = f"did you mean {likely[0]!r}?" if likely else "pyautogui.KEY_NAMES has the names."
                    raise InputError(f"There is no key {key!r} on this keyboard; {hint} Nothing was pressed.")

    def is_held(self, key: str) -> bool:
        """Whether somebody holds a key down now; always False elsewhere than on X11."""
        if not ON_X11:
            return False
        with self._input() as pyautogui:
            keycode = pyautogui.platformModule.keyboardMapping[key]
            return x11_keyboard.is_held(x11_connection.of(pyautogui), keycode)

    def is_locked(self) -> bool:
        """Whether the screen is locked; always False elsewhere than on X11."""
        if not ON_X11:
            return False
        with self._input() as pyautogui:
            return x11_lock.is_locked(x11_connection.of(pyautogui))

    def require_typable(self, text: str) -> None:
        """Checks that a text can be typed on this machine.

        Raises:
            InputError: The text is empty, or holds a character that cannot be typed.
            PlatformError: The clipboard is needed and xclip is missing.
        """
        self._strokes(text)

    def windows(self) -> list[WindowInfo]:
        """The windows that are shown, the lowest first.

        Raises:
            PlatformError: This is not X11, or no window manager keeps a list.
        """
        if not ON_X11:
            raise PlatformError(
                "Windows can be found by title on X11 only. Elsewhere give a region as an Area or a monitor."
            )
        with self._input() as pyautogui:
            return x11_windows.list_windows(x11_connection.of(pyautogui))

    def window_at(self, x: int, y: int) -> WindowInfo | None:
        """The topmost window at a place; None for the bare desktop, and always elsewhere than on X11."""
        if not ON_X11:
            return None
        with self._input() as pyautogui:
            return x11_windows.window_at(x11_connection.of(pyautogui), x, y)

    def focused(self) -> WindowInfo | None:
        """The window that has the keyboard; None for none, and always elsewhere than on X11."""
        if not ON_X11:
            return None
        with self._input() as pyautogui:
            return x11_windows.focused(x11_connection.of(pyautogui))

    def type(self, text: str) -> None:
        """Types a text so that each character reaches the application, or raises.

        Raises:
            InputError: The text is empty, or holds a character that cannot be typed; nothing was typed.
            PlatformError: The clipboard is needed and xclip is missing; nothing was typed.
            NotTyped: The focused application did not take a pasted piece.
            Refused: The pointer is held in the fail-safe corner.
        """
        delivered = 0
        for stroke in self._strokes(text):
            if isinstance(stroke, Press):
                self.press(stroke.key)
                delivered += 1
            else:
                self._paste(stroke.text, delivered)
                delivered += len(stroke.text)

    def _strokes(self, text: str) -> list[Press | Paste]:
        strokes = plan_strokes(text, self._key_delivers())
        if any(isinstance(stroke, Paste) for stroke in strokes):
            _require_pasting()
        return strokes

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


def require_button(button: str, count: int = 1) -> None:
    """Checks a mouse button and how often it is to be pressed.

    Raises:
        InputError: There is no such button, or the count is not 1, 2 or 3.
    """
    if button not in BUTTONS:
        raise InputError(f"There is no mouse button {button!r}; give one of {', '.join(BUTTONS)}.")
    if count not in (1, 2, 3):
        raise InputError(f"A click of count {count!r} was asked for; give 1, 2 or 3.")


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
