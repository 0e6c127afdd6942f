"""What the desktop needs of mouse, keyboard and windows, as a protocol."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from gui_agent.input.x11.windows import Pointed, Surface, WindowInfo
from molmo_act.errors import InputError

BUTTONS = ("left", "middle", "right")
DIRECTIONS = ("up", "down", "left", "right")
BeforeStroke = Callable[[int], object]
"""Is told how many characters were delivered."""


class InputBackend(Protocol):
    """Mouse, keyboard and windows of a desktop. Positions are whole input points of the desktop."""

    def size(self) -> tuple[int, int]:
        """Measures the screen in input points.

        Returns:
            (width, height) of the screen at the origin: primary monitor; on X11 the whole desktop.
        """

    def position(self) -> tuple[int, int]:
        """Tells where the pointer is.

        Returns:
            (x, y) in whole input points of the desktop.
        """

    def move(self, x: int, y: int) -> None:
        """Moves the pointer.

        Args:
            x: In input points.
            y: In input points.

        Raises:
            ActionBlockedError: The fail-safe is held.
        """

    def exclusive(self) -> AbstractContextManager[None]:
        """Keeps every other program from changing windows, pointer and focus until the end of the block.

        What is checked in the block therefore still holds when something is pressed in it. Keep it short:
        nothing on the screen moves meanwhile, and the screen cannot be captured.

        Returns:
            A context manager for the block; it does nothing where no system can do that.
        """

    def pointed(self, likely: WindowInfo | None = None) -> Pointed:
        """Finds the pointer, and the topmost window below it.

        Args:
            likely: A window that is expected there, which makes it quicker.

        Returns:
            Both; no window where that cannot be asked.

        Raises:
            ActionBlockedError: The fail-safe is held.
        """

    def button_down(self, button: str = "left", point: tuple[int, int] | None = None) -> None:
        """Presses a button.

        Args:
            button: One of `BUTTONS`.
            point: Where the pointer goes first, in the same breath; where it is unless given.

        Raises:
            InputError: There is no such button.
        """

    def button_up(self, button: str = "left", point: tuple[int, int] | None = None) -> None:
        """Releases a button, also while the fail-safe is held.

        Args:
            button: One of `BUTTONS`.
            point: See `button_down`.
        """

    def turn_wheel(self, direction: str, point: tuple[int, int] | None = None) -> None:
        """Turns the wheel by one notch.

        Args:
            direction: One of `DIRECTIONS`.
            point: See `button_down`.
        """

    def wait_until_released(self) -> None:
        """Waits until nobody holds a button or a modifier, for a short while."""

    def wait_until_passed_on(self, pressed_at: tuple[int, int] | None = None) -> bool:
        """Waits until no window manager holds a click back, for a short while.

        Args:
            pressed_at: Where a button was pressed that is still down, and the pointer has been moved since.

        Returns:
            Whether it came to that.
        """

    def watching(
        self, point: tuple[int, int], window: WindowInfo | None
    ) -> AbstractContextManager[Callable[[], Sequence[WindowInfo | None]]]:
        """Notices within a block which windows come over a place, if only for a moment.

        Args:
            point: (x, y) in input points of the desktop.
            window: The window that is there; None where that is not known, and then nothing is noticed.

        Returns:
            A context manager for the block. It gives a function that tells those of other programs, None for
            one that is gone again, and ends the watch; none where no system can tell.
        """

    def wait_until_clicked(self) -> None:
        """Waits until a click is over and the clicked window has the keyboard, or never will."""

    def press(self, *keys: str) -> None:
        """Presses keys together and releases them in reverse order.

        Args:
            *keys: Such as ``"ctrl", "s"``; see `gui_agent.input.key_names`.

        Raises:
            InputError: There is no such key on this keyboard; nothing was pressed.
            ActionBlockedError: The fail-safe is held.
        """

    def holding(self, *keys: str) -> AbstractContextManager[None]:
        """Holds keys down until the end of the block; they are released in any case.

        Args:
            *keys: Names; see `gui_agent.input.key_names`.

        Returns:
            A context manager for the block.

        Raises:
            InputError: There is no such key on this keyboard; nothing was pressed.
            ActionBlockedError: The fail-safe is held.
        """

    def require_keys(self, *keys: str) -> None:
        """Checks that there are such keys.

        Args:
            *keys: Names; see `gui_agent.input.key_names`.

        Raises:
            InputError: There is no such key on this keyboard.
        """

    def is_held(self, key: str) -> bool:
        """Tells whether somebody holds a key down now.

        Args:
            key: Its name; see `gui_agent.input.key_names`.

        Returns:
            Whether it is down; False where that cannot be asked.
        """

    def is_locked(self) -> bool:
        """Tells whether the screen is locked.

        Returns:
            Whether it is; False where that cannot be asked.
        """

    def require_typable(self, text: str, *, secret: bool = False) -> None:
        """Checks that a text can be typed on this machine.

        Args:
            text: The text.
            secret: Whether it is a secret.

        Raises:
            InputError: The text is empty, or holds a character that cannot be typed.
            PlatformError: The clipboard is needed and not available.
        """

    def type(self, text: str, before_stroke: BeforeStroke, *, secret: bool = False) -> None:
        """Types a text so that each character reaches the application, or raises.

        Args:
            text: The text; not empty.
            before_stroke: Called within `exclusive` before each key or paste with the number of characters
                that were delivered; what it raises ends the typing.
            secret: Whether no other program may read it on its way.

        Raises:
            InputError: It is empty, or holds a character that cannot be typed; nothing was typed.
            PlatformError: The clipboard is needed and not available; nothing was typed.
            TypingError: The focused application did not take a pasted piece.
            ActionBlockedError: The fail-safe is held.
        """

    def windows(self) -> list[WindowInfo]:
        """Lists the windows that are shown.

        Returns:
            The windows, the lowest first.

        Raises:
            PlatformError: That cannot be asked here.
        """

    def activate_window(self, window: WindowInfo) -> None:
        """Asks for a window to be raised and to get the keyboard, which takes a moment.

        Args:
            window: One of `windows`.

        Raises:
            PlatformError: That cannot be asked here.
        """

    def close_window(self, window: WindowInfo) -> None:
        """Asks for a window to be closed; its program may ask back first.

        Args:
            window: One of `windows`.

        Raises:
            PlatformError: That cannot be asked here.
        """

    def popups(self) -> list[WindowInfo]:
        """Lists what is shown past the window manager: menus, lists of combo boxes, tooltips.

        Returns:
            The windows; none where that cannot be asked.
        """

    def surfaces(self) -> Mapping[int, Surface]:
        """Lists the top-level windows that are shown, frames included, whoever manages them.

        Returns:
            By number; none where that cannot be asked.
        """

    def window_at(self, x: int, y: int, below: WindowInfo | None = None) -> WindowInfo | None:
        """Finds the topmost window at a place.

        Args:
            x: In input points.
            y: In input points.
            below: What is looked through, with all above it; nothing unless given.

        Returns:
            The window; None for the bare desktop, or where that cannot be asked.
        """

    def accessibility_bus(self) -> str | None:
        """Tells where programs of this display answer accessibility tools.

        Returns:
            The address of a D-Bus bus; None where the display does not tell.
        """

    def focused(self, likely: WindowInfo | None = None) -> WindowInfo | None:
        """Finds the window that has the keyboard focus.

        Args:
            likely: A window that is expected to have it, which makes it quicker.

        Returns:
            The window; None for none, or where that cannot be asked.
        """


def require_button(button: str, count: int = 1) -> None:
    """Checks a mouse button and how often it is to be pressed.

    Args:
        button: Name of the button.
        count: How many times in quick succession.

    Raises:
        InputError: There is no such button, or the count is not 1, 2 or 3.
    """
    if button not in BUTTONS:
        raise InputError(f"There is no mouse button {button!r}; give one of {', '.join(BUTTONS)}.")
    if count not in (1, 2, 3):
        raise InputError(f"A click of count {count!r} was asked for; give 1, 2 or 3.")
