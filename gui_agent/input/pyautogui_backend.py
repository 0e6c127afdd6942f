"""Mouse and keyboard through pyautogui, with what X11 knows of keys, clicks and windows beside it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from difflib import get_close_matches
from typing import Any, TypeVar

from gui_agent.errors import ActionBlockedError, TypingError
from gui_agent.input.backend import BeforeStroke, require_button
from gui_agent.input.key_names import KEYSYM_OF, OTHER_NAMES, PASTING, key_name, pasting_chord
from gui_agent.input.keystrokes import Paste, Press, plan_strokes
from gui_agent.input.pyautogui_import import import_pyautogui
from gui_agent.input.session import require_screen
from gui_agent.input.x11 import click as x11_click
from gui_agent.input.x11 import clipboard as x11_clipboard
from gui_agent.input.x11 import connection as x11_connection
from gui_agent.input.x11 import keyboard as x11_keyboard
from gui_agent.input.x11 import lock as x11_lock
from gui_agent.input.x11 import window_manager as x11_manager
from gui_agent.input.x11 import windows as x11_windows
from gui_agent.input.x11.place_watch import PlaceWatch
from gui_agent.input.x11.windows import Pointed, Surface, WindowInfo
from molmo_act.errors import InputError, PlatformError
from molmo_act.signals import undisturbed

ON_X11 = sys.platform not in ("win32", "darwin")
RELEASE_SECONDS = 2.0
BUTTON_NUMBERS = {"left": 1, "middle": 2, "right": 3}
WHEEL_NUMBERS = {"up": 4, "down": 5, "left": 6, "right": 7}

Answer = TypeVar("Answer")


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
        self._pyautogui = import_pyautogui()
        self._focus_timeout = focus_timeout
        self._paste_timeout = paste_timeout
        self._paste_settle = paste_settle
        self._keymap: x11_keyboard.Keymap | None = None
        self._held_codes: dict[str, int] = {}

    def size(self) -> tuple[int, int]:
        """Measures the screen in input points.

        Returns:
            (width, height) of the primary monitor; on X11 of the whole desktop.
        """
        with self._input() as pyautogui:
            if ON_X11:  # pyautogui keeps the size of its import, but a screen may be resized
                root = x11_connection.of(pyautogui).screen().root.get_geometry()
                return root.width, root.height
            width, height = pyautogui.size()
        return int(width), int(height)

    def position(self) -> tuple[int, int]:
        """Tells where the pointer is.

        Returns:
            (x, y) in whole input points of the desktop.
        """
        with self._input() as pyautogui:
            x, y = pyautogui.position()
        return int(x), int(y)

    def move(self, x: int, y: int) -> None:
        """Moves the pointer.

        Args:
            x: In input points of the desktop.
            y: In input points of the desktop.

        Raises:
            ActionBlockedError: The pointer is held in the fail-safe corner, or is to go there.
        """
        with self._input() as pyautogui:
            if pyautogui.FAILSAFE and (x, y) in pyautogui.FAILSAFE_POINTS:
                raise ActionBlockedError(
                    f"The target lies at {(x, y)}, in the corner where the pointer stops every action "
                    "(fail-safe)."
                )
            if not ON_X11:
                pyautogui.moveTo(x, y, _pause=False)
                return
            pyautogui.failSafeCheck()
            x11_click.move(x11_connection.of(pyautogui), x, y)

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Keeps every other program from changing windows, pointer and focus until the end of the block.

        Elsewhere than on X11 it does nothing.

        Yields:
            Nothing.
        """
        if not ON_X11:
            yield
            return
        with self._input() as pyautogui, x11_connection.exclusive(x11_connection.of(pyautogui)):
            yield

    def pointed(self, likely: WindowInfo | None = None) -> Pointed:
        """Finds the pointer, and the topmost window below it.

        Args:
            likely: A window that is expected there, which makes it quicker.

        Returns:
            Both; no window elsewhere than on X11.

        Raises:
            ActionBlockedError: The pointer is held in the fail-safe corner.
        """
        with self._input() as pyautogui:
            if not ON_X11:
                pyautogui.failSafeCheck()
                return Pointed(self.position(), None)
            found = x11_windows.pointed(x11_connection.of(pyautogui), likely)
            if pyautogui.FAILSAFE and found.point in pyautogui.FAILSAFE_POINTS:
                raise pyautogui.FailSafeException
            return found

    def button_down(self, button: str = "left", point: tuple[int, int] | None = None) -> None:
        """Presses a button.

        Args:
            button: "left", "middle" or "right".
            point: Where the pointer goes first, in the same breath; where it is unless given.

        Raises:
            InputError: There is no such button.
        """
        self._set_button(button, point, is_down=True)

    def button_up(self, button: str = "left", point: tuple[int, int] | None = None) -> None:
        """Releases a button, also while the fail-safe is held.

        Args:
            button: "left", "middle" or "right".
            point: See `button_down`.

        Raises:
            InputError: There is no such button.
        """
        self._set_button(button, point, is_down=False)

    def _set_button(self, button: str, point: tuple[int, int] | None, *, is_down: bool) -> None:
        require_button(button)
        with self._input() as pyautogui:
            if ON_X11:
                number = BUTTON_NUMBERS[button]
                x11_click.set_button(x11_connection.of(pyautogui), number, point, is_down=is_down)
                return
            x, y = point or pyautogui.position()  # not pyautogui.mouseUp, which the fail-safe would stop, too
            change = pyautogui.platformModule._mouseDown if is_down else pyautogui.platformModule._mouseUp
            change(x, y, button)

    def turn_wheel(self, direction: str, point: tuple[int, int] | None = None) -> None:
        """Turns the wheel by one notch.

        Args:
            direction: "up", "down", "left" or "right".
            point: See `button_down`.
        """
        with self._input() as pyautogui:
            if ON_X11:
                for is_down in (True, False):
                    number = WHEEL_NUMBERS[direction]
                    x11_click.set_button(x11_connection.of(pyautogui), number, point, is_down=is_down)
            elif direction in ("up", "down"):
                pyautogui.scroll(1 if direction == "up" else -1, _pause=False)
            else:
                pyautogui.hscroll(1 if direction == "right" else -1, _pause=False)

    def wait_until_released(self) -> None:
        """Waits until nobody holds a button or a modifier, for a short while; see `Pointed.is_pressed`."""
        self._ask_x11(lambda display: x11_click.wait_until_released(display, RELEASE_SECONDS), otherwise=None)

    def wait_until_passed_on(self, pressed_at: tuple[int, int] | None = None) -> bool:
        """Waits until no window manager holds a click back, for a short while; see `Pointed.is_pressed`.

        Args:
            pressed_at: Where a button was pressed that is still down, and the pointer has been moved since:
                until the press is passed on, it seems to be there.

        Returns:
            Whether it came to that.
        """

        def wait(display: Any) -> bool:
            if pressed_at is None:
                return x11_click.wait_until_up(display, RELEASE_SECONDS)
            return x11_click.wait_until_away(display, pressed_at, RELEASE_SECONDS)

        return self._ask_x11(wait, otherwise=True)

    @contextmanager
    def watching(
        self, point: tuple[int, int], window: WindowInfo | None
    ) -> Iterator[Callable[[], Sequence[WindowInfo | None]]]:
        """Notices within the block which windows come over a place, if only for a moment.

        Args:
            point: (x, y) in input points of the desktop.
            window: The window that is there; None where that is not known, and then nothing is noticed.

        Yields:
            A function that tells those of other programs and ends the watch; None for one that is gone again.
        """
        if window is None or not ON_X11:
            yield lambda: ()
            return
        with self._input() as pyautogui:
            watch = PlaceWatch(x11_connection.of(pyautogui), point, window)

        def came() -> Sequence[WindowInfo | None]:
            with self._input():
                return watch.came()

        try:
            yield came
        finally:
            with self._input():
                watch.close()

    def wait_until_clicked(self) -> None:
        """Waits until a click is over and the clicked window has the keyboard, or never will."""
        self._ask_x11(lambda display: x11_click.wait_until_over(display, self._focus_timeout), otherwise=None)

    def press(self, *keys: str) -> None:
        """Presses keys together and releases them in reverse order.

        Args:
            *keys: Names; see `gui_agent.input.key_names`.

        Raises:
            InputError: There is no such key on this keyboard; nothing was pressed.
        """
        with self.holding(*keys):
            pass

    @contextmanager
    def holding(self, *keys: str) -> Iterator[None]:
        """Holds keys down until the end of the block; they are released in any case.

        Args:
            *keys: Names; see `gui_agent.input.key_names`.

        Yields:
            Nothing.

        Raises:
            InputError: There is no such key on this keyboard; nothing was pressed.
        """
        if not keys:
            yield
            return
        codes = self._codes(keys)
        with self._input() as pyautogui:
            down = []
            try:
                for code in codes:
                    self._set_key(pyautogui, code, is_down=True)
                    down.append(code)
                yield
            finally:  # not pyautogui.keyUp, which the fail-safe would stop, too
                for code in reversed(down):
                    self._set_key(pyautogui, code, is_down=False)

    @staticmethod
    def _set_key(pyautogui: Any, code: Any, *, is_down: bool) -> None:
        if ON_X11:
            x11_keyboard.set_down(x11_connection.of(pyautogui), code, is_down=is_down)
        else:
            change = pyautogui.platformModule._keyDown if is_down else pyautogui.platformModule._keyUp
            change(code)

    def _codes(self, keys: Sequence[str]) -> Sequence[Any]:
        """What `_set_key` takes for these keys: numbers on X11, elsewhere names."""
        names = [key_name(key) for key in keys]
        with self._input() as pyautogui:
            if not ON_X11:
                for key in names:
                    if not pyautogui.isValidKey(key):
                        raise _no_such_key(key)
                return names
            keymap = x11_keyboard.Keymap.read(x11_connection.of(pyautogui))
            codes = keymap.chord(names)
        if codes is None:
            raise _no_such_key(next(key for key in names if keymap.of_key(key) is None))
        return codes

    def require_keys(self, *keys: str) -> None:
        """Checks that there are such keys.

        Args:
            *keys: Names; see `gui_agent.input.key_names`.

        Raises:
            InputError: There is no such key on this keyboard.
        """
        self._codes(keys)

    def is_held(self, key: str) -> bool:
        """Tells whether somebody holds a key down now.

        Args:
            key: Its name; see `gui_agent.input.key_names`.

        Returns:
            Whether it is down; always False elsewhere than on X11.
        """
        if not ON_X11:
            return False
        with self._input() as pyautogui:
            if key not in self._held_codes:
                self._held_codes[key] = self._codes([key])[-1]
            return x11_keyboard.is_held(x11_connection.of(pyautogui), self._held_codes[key])

    def is_locked(self) -> bool:
        """Tells whether the screen is locked.

        Returns:
            Whether it is; always False elsewhere than on X11.
        """
        return self._ask_x11(x11_lock.is_locked, otherwise=False)

    def require_typable(self, text: str, *, secret: bool = False) -> None:
        """Checks that a text can be typed on this machine.

        Args:
            text: The text.
            secret: Whether it is a secret.

        Raises:
            InputError: The text is empty, or holds a character that cannot be typed.
            PlatformError: The clipboard is needed and xclip is missing.
        """
        self._strokes(text, secret)

    def windows(self) -> list[WindowInfo]:
        """Lists the windows that are shown.

        Returns:
            The windows, the lowest first.

        Raises:
            PlatformError: This is not X11, or no window manager keeps a list.
        """
        with self._window_manager() as display:
            return x11_windows.list_windows(display)

    def activate_window(self, window: WindowInfo) -> None:
        """Asks for a window to be raised and to get the keyboard, which takes a moment.

        Args:
            window: One of `windows`.

        Raises:
            PlatformError: This is not X11.
        """
        with self._window_manager() as display:
            x11_manager.activate(display, window.id)

    def close_window(self, window: WindowInfo) -> None:
        """Asks for a window to be closed; its program may ask back first.

        Args:
            window: One of `windows`.

        Raises:
            PlatformError: This is not X11.
        """
        with self._window_manager() as display:
            x11_manager.close(display, window.id)

    @contextmanager
    def _window_manager(self) -> Iterator[Any]:
        if not ON_X11:
            raise PlatformError(
                "Windows can be told apart on X11 only. Elsewhere give a region as an Area or a monitor."
            )
        with self._input() as pyautogui:
            yield x11_connection.of(pyautogui)

    def popups(self) -> list[WindowInfo]:
        """Lists what is shown past the window manager: menus, lists of combo boxes, tooltips.

        Returns:
            The windows; none elsewhere than on X11.
        """
        return self._ask_x11(x11_windows.list_popups, otherwise=[])

    def surfaces(self) -> dict[int, Surface]:
        """Lists the top-level windows that are shown, frames included, whoever manages them.

        Returns:
            By number; none elsewhere than on X11.
        """
        return self._ask_x11(x11_windows.list_surfaces, otherwise={})

    def window_at(self, x: int, y: int, below: WindowInfo | None = None) -> WindowInfo | None:
        """Finds the topmost window at a place.

        Args:
            x: In input points of the desktop.
            y: In input points of the desktop.
            below: What is looked through, with all above it; nothing unless given.

        Returns:
            The window; None for the bare desktop, and always elsewhere than on X11.
        """
        return self._ask_x11(lambda display: x11_windows.window_at(display, x, y, below), otherwise=None)

    def accessibility_bus(self) -> str | None:
        """Tells where programs of this display answer accessibility tools.

        Returns:
            The address of a D-Bus bus; None where the display does not tell.
        """
        return self._ask_x11(x11_windows.accessibility_bus, otherwise=None)

    def focused(self, likely: WindowInfo | None = None) -> WindowInfo | None:
        """Finds the window that has the keyboard focus.

        Args:
            likely: A window that is expected to have it, which makes it quicker.

        Returns:
            The window; None for none, and always elsewhere than on X11.
        """
        return self._ask_x11(lambda display: x11_windows.focused(display, likely), otherwise=None)

    def _ask_x11(self, ask: Callable[[Any], Answer], *, otherwise: Answer) -> Answer:
        """Asks an Xlib ``Display``; elsewhere than on X11 there is none, hence the other value."""
        if not ON_X11:
            return otherwise
        with self._input() as pyautogui:
            return ask(x11_connection.of(pyautogui))

    def type(
        self, text: str, before_stroke: BeforeStroke = lambda delivered: None, *, secret: bool = False
    ) -> None:
        """Types a text so that each character reaches the application, or raises.

        Args:
            text: Not empty; line breaks and tabs are the keys Enter and Tab.
            before_stroke: Called within `exclusive` before each key or paste with the number of characters
                that were delivered; what it raises ends the typing.
            secret: Whether no other program may read it on its way.

        Raises:
            InputError: The text is empty, or holds a character that cannot be typed; nothing was typed.
            PlatformError: The clipboard is needed and xclip is missing; nothing was typed.
            TypingError: The focused application did not take a pasted piece.
        """
        delivered = 0
        strokes = self._strokes(text, secret)
        missing = sum(len(stroke.text) for stroke in strokes if isinstance(stroke, Paste))
        if missing and pasting_chord(self._focused_class()) is None:
            raise TypingError(
                f"No key of this keyboard gives {missing} of the characters, and this terminal pastes none "
                "by keys. Nothing was typed. Choose a keyboard layout that has them."
            )
        for stroke in strokes:
            if isinstance(stroke, Paste):
                self._paste(stroke.text, delivered, before_stroke, secret)
                delivered += len(stroke.text)
                continue
            with self.exclusive(), self._input() as pyautogui:
                before_stroke(delivered)
                if self._keymap is None:
                    self.press(stroke.key)
                elif (key := _key_of(self._keymap, stroke)) is not None:
                    x11_keyboard.press(x11_connection.of(pyautogui), key)
            delivered += 1

    def _strokes(self, text: str, secret: bool) -> list[Press | Paste]:
        with self._input() as pyautogui:
            if ON_X11:
                keymap = self._keymap = x11_keyboard.Keymap.read(x11_connection.of(pyautogui))
                pasting = pasting_chord(self._focused_class())
                split = secret or pasting != PASTING  # shells act on each piece that is pasted
                strokes = plan_strokes(text, lambda one: keymap.of_character(one) is not None, split=split)
            else:
                strokes = plan_strokes(text, lambda one: " " <= one <= "~" and pyautogui.isValidKey(one))
        if any(isinstance(stroke, Paste) for stroke in strokes):
            _require_pasting()
        return strokes

    def _focused_class(self) -> tuple[str, ...]:
        focused = self.focused()
        return () if focused is None else focused.wm_class

    def _paste(self, text: str, delivered: int, before_stroke: BeforeStroke, secret: bool) -> None:
        with x11_clipboard.lend(text, only_for_target=secret) as lent:
            if not secret:
                lent.forget_requests(settle=self._paste_settle)
            with self.exclusive(), self._input() as pyautogui:
                before_stroke(delivered)
                lent.target = x11_windows.focused_client(x11_connection.of(pyautogui))
                self.press(*(pasting_chord(self._focused_class()) or PASTING))
            if not lent.wait_until_taken(self._paste_timeout, self._paste_settle):
                raise TypingError(
                    f"The focused application did not take {len(text)} characters pasted with Ctrl+V, as a "
                    f"terminal or a window without a text field would not; {delivered} characters "
                    "before them were typed. Focus a text field first."
                )

    @contextmanager
    def _input(self) -> Iterator[Any]:
        require_screen()
        with ExitStack() as stack:
            stack.enter_context(x11_connection.LOCK)
            stack.enter_context(undisturbed())
            if ON_X11:
                stack.enter_context(x11_connection.explained_loss(self._pyautogui))
                x11_connection.require_display(self._pyautogui, os.environ.get("DISPLAY"))
            try:
                yield self._pyautogui
            except self._pyautogui.FailSafeException as error:
                raise ActionBlockedError(
                    "The pointer is in the top-left corner of the screen, which stops every action "
                    "(fail-safe). Move it away to go on."
                ) from error


def _key_of(keymap: x11_keyboard.Keymap, stroke: Press) -> x11_keyboard.KeyStroke | None:
    return keymap.of_character(stroke.key) if len(stroke.key) == 1 else keymap.of_key(stroke.key)


def _no_such_key(key: str) -> InputError:
    likely = get_close_matches(key, [*KEYSYM_OF, *OTHER_NAMES], n=1)
    hint = f"did you mean {likely[0]!r}?" if likely else "gui_agent.input.key_names has the names."
    return InputError(f"There is no key {key!r} on this keyboard; {hint} Nothing was pressed.")


def _require_pasting() -> None:
    if not ON_X11:
        raise PlatformError(
            "This text holds characters that the keyboard cannot produce; pasting them works on X11 only. "
            "Nothing was typed."
        )
    x11_clipboard.require_xclip()
