"""What mouse and keyboard do in one action, once its targets are found and the pointer is on the first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Protocol

from gui_agent.actions.hand import DRAG_STEPS, Hand
from gui_agent.vision.regions import Window
from molmo_act.validation import check_int

MOST_NOTCHES = 10_000
MOST_STEPS = 1_000


class Gesture(Protocol):
    """Input that is given to the desktop as it is now."""

    def perform(self, hand: Hand) -> None:
        """Gives the input.

        Args:
            hand: Knows the targets, and checks just before each press; the pointer is on the first target.

        Raises:
            ActionBlockedError: The fail-safe is held, a rule of `Safety` forbids it, or something else has
                come to the place.
        """


@dataclass(frozen=True)
class Click:
    """A click on the target.

    Attributes:
        button: "left", "middle" or "right".
        count: 2 for a double click, 3 for a triple click.
        modifiers: Keys held meanwhile.
    """

    button: str = "left"
    count: int = 1
    modifiers: tuple[str, ...] = ()

    def perform(self, hand: Hand) -> None:
        """Clicks the target; see `Gesture.perform`."""
        hand.click(self.button, self.count, self.modifiers)


@dataclass(frozen=True)
class Drag:
    """A drag from the first target to the second.

    Attributes:
        button: "left", "middle" or "right".
        steps: Moves of the pointer on the way.

    Raises:
        InputError: The steps are no whole number above 0, or more than make sense.
    """

    button: str = "left"
    steps: int = DRAG_STEPS

    def __post_init__(self) -> None:
        check_int("steps", self.steps, most=MOST_STEPS)

    def perform(self, hand: Hand) -> None:
        """Drags from the first target to the second; see `Gesture.perform`."""
        hand.drag(self.button, self.steps)


@dataclass(frozen=True)
class HoldButton:
    """A press of a button that stays down, at the place that was acted on last.

    Attributes:
        button: "left", "middle" or "right".
    """

    button: str = "left"

    def perform(self, hand: Hand) -> None:
        """Presses the button; see `Gesture.perform`."""
        hand.hold_button(self.button)


@dataclass(frozen=True)
class ReleaseButton:
    """The release of the button that is held, at the place that was acted on last."""

    def perform(self, hand: Hand) -> None:
        """Releases the button; see `Gesture.perform`."""
        hand.release_button()


@dataclass(frozen=True)
class Scroll:
    """Turns of the wheel over the target, or where the pointer is.

    Attributes:
        down: Notches; negative ones are up.
        right: Notches; negative ones are left.

    Raises:
        InputError: They are no whole numbers, or more than anybody turns.
    """

    down: int
    right: int = 0

    def __post_init__(self) -> None:
        check_int("down", self.down, least=-MOST_NOTCHES, most=MOST_NOTCHES)
        check_int("right", self.right, least=-MOST_NOTCHES, most=MOST_NOTCHES)

    def perform(self, hand: Hand) -> None:
        """Turns the wheel; see `Gesture.perform`."""
        hand.wheel(self.down, self.right)


@dataclass(frozen=True)
class TypeText:
    """Typing into what has the keyboard focus.

    Attributes:
        text: Not empty.
        secret: Whether no other program may read it on its way.
        delay: Seconds between two characters.
    """

    text: str = field(repr=False)
    secret: bool = False
    delay: float = 0.0

    def perform(self, hand: Hand) -> None:
        """Types the text; see `Gesture.perform`.

        Raises:
            TypingError: The application did not take a pasted piece, or another one took the keyboard.
        """
        hand.type(self.text, secret=self.secret, delay=self.delay)


@dataclass(frozen=True)
class PressKeys:
    """Keys pressed together in what has the keyboard focus.

    Attributes:
        keys: Their names (`gui_agent.input.key_names`).
    """

    keys: tuple[str, ...]

    def perform(self, hand: Hand) -> None:
        """Presses the keys; see `Gesture.perform`."""
        hand.press(self.keys)


@dataclass(frozen=True)
class Focus:
    """A click that gives the target the keyboard."""

    def perform(self, hand: Hand) -> None:
        """Clicks, and checks the window that has the keyboard then; see `Gesture.perform`."""
        hand.focus()


@dataclass(frozen=True)
class DeleteContent:
    """The deletion of all that the focused field holds.

    Attributes:
        chords: That select everything and delete it.
    """

    # Not Ctrl+A, which goes to the start of the line in Tk, in Emacs and in some GTK themes. In a field that
    # was empty, Tk keeps a selection of no length, which Backspace then deletes; End takes it away.
    chords: ClassVar = (("ctrl", "home"), ("ctrl", "shift", "end"), ("delete",), ("end",))

    def perform(self, hand: Hand) -> None:
        """Selects everything and deletes it; see `Gesture.perform`."""
        for keys in self.chords:
            hand.press(keys)


@dataclass(frozen=True)
class ActivateWindow:
    """The wish that a window come to the front and get the keyboard.

    Attributes:
        window: Which one.
    """

    window: Window

    def perform(self, hand: Hand) -> None:
        """Asks for it, and waits until it has the keyboard; see `Gesture.perform`."""
        hand.activate_window()


@dataclass(frozen=True)
class CloseWindow:
    """The wish that a window be closed.

    Attributes:
        window: Which one.
    """

    window: Window

    def perform(self, hand: Hand) -> None:
        """Asks for it; see `Gesture.perform`."""
        hand.close_window()


def window_of(gestures: Sequence[Gesture]) -> Window | None:
    """Finds the window that gestures themselves are about.

    Args:
        gestures: Of one action.

    Returns:
        The window; None where they are about places and keys.
    """
    return next((one.window for one in gestures if isinstance(one, (ActivateWindow, CloseWindow))), None)
