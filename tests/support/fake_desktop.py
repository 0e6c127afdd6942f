"""A desktop in memory: pixels, windows and a pointer that obey at once, and a clock that never sleeps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np

from gui_agent.clock import Clock
from gui_agent.context import DesktopContext
from gui_agent.geometry import Area, ScreenView
from gui_agent.input.x11.windows import Pointed, Surface, WindowInfo
from gui_agent.safety.guard import Guard
from gui_agent.safety.policy import Safety
from gui_agent.safety.redaction import Secrets
from gui_agent.vision.combined_grounder import CombinedGrounder
from gui_agent.vision.model_grounder import ModelGrounder
from gui_agent.vision.screenshot import Screenshot
from molmo_act.errors import InputError, PlatformError
from tests.support.blob_model import BlobFinder

KEYS = {"ctrl", "shift", "home", "end", "delete", "enter", "esc", "x", "s"}


class FakeClock(Clock):
    """Time that passes only when somebody sleeps, and a little at each look at the clock."""

    def __init__(self) -> None:
        self.time = 100.0

    def now(self) -> float:
        """Reads the clock."""
        self.time += 1e-4
        return self.time

    def sleep(self, seconds: float) -> None:
        """Lets time pass."""
        self.time += max(0.0, seconds)


class FakeBackend:
    """Mouse, keyboard and windows that write down what they are told.

    Args:
        width: Of the screen, in input points.
        height: Of the screen, in input points.

    Attributes:
        log: What was done, as tuples that begin with the name of the method.
        on_click: Called after each release of a button, as an application is.
        on_move: Called after each move of the pointer.
        shown: The windows, the lowest first; None where windows cannot be told apart.
        focus: The window that has the keyboard.
        held: Keys that somebody holds down.
        locked: Whether the screen is locked.
        passes_on: Whether a window manager passes clicks on.
        came: The windows that come over a place that is pressed, and are gone again.
    """

    def __init__(self, width: int = 320, height: int = 240) -> None:
        self.log: list[tuple] = []
        self.on_click: Callable[[], object] = lambda: None
        self.on_move: Callable[[], object] = lambda: None
        self.shown: list[WindowInfo] | None = []
        self.focus: WindowInfo | None = None
        self.held: set[str] = set()
        self.locked = False
        self.passes_on = True
        self.came: list[WindowInfo | None] = []
        self.pointer = (0, 0)
        self._size = width, height

    def size(self) -> tuple[int, int]:
        return self._size

    def position(self) -> tuple[int, int]:
        return self.pointer

    def move(self, x: int, y: int) -> None:
        self.pointer = x, y
        self.log.append(("move", x, y))
        self.on_move()

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        yield

    def pointed(self, likely: WindowInfo | None = None) -> Pointed:
        return Pointed(self.position(), self.window_at(*self.position()))

    def button_down(self, button: str = "left", point: tuple[int, int] | None = None) -> None:
        self.log.append(("button down", button))

    def button_up(self, button: str = "left", point: tuple[int, int] | None = None) -> None:
        self.log.append(("button up", button))
        self.on_click()

    def turn_wheel(self, direction: str, point: tuple[int, int] | None = None) -> None:
        self.log.append(("wheel", direction))

    def wait_until_released(self) -> None:
        pass

    def wait_until_passed_on(self, pressed_at: tuple[int, int] | None = None) -> bool:
        return self.passes_on

    @contextmanager
    def watching(
        self, point: tuple[int, int], window: WindowInfo | None
    ) -> Iterator[Callable[[], list[WindowInfo | None]]]:
        yield lambda: self.came

    def wait_until_clicked(self) -> None:
        pass

    def press(self, *keys: str) -> None:
        self.log.append(("press", *keys))

    @contextmanager
    def holding(self, *keys: str) -> Iterator[None]:
        self.log.append(("down", *keys))
        yield
        self.log.append(("up", *keys))

    def require_keys(self, *keys: str) -> None:
        if unknown := set(keys) - KEYS:
            raise InputError(f"There is no key {unknown.pop()!r}")

    def is_held(self, key: str) -> bool:
        return key in self.held

    def is_locked(self) -> bool:
        return self.locked

    def require_typable(self, text: str, *, secret: bool = False) -> None:
        if not text:
            raise InputError("The text to type is empty")

    def type(self, text: str, before_stroke: Callable[[int], object], *, secret: bool = False) -> None:
        delivered = 0
        try:
            for _ in text:
                before_stroke(delivered)
                delivered += 1
        finally:
            if delivered:
                self.log.append(("type", text[:delivered]))

    def popups(self) -> list[WindowInfo]:
        return [window for window in self.shown or [] if window.is_popup]

    def windows(self) -> list[WindowInfo]:
        if self.shown is None:
            raise PlatformError("Windows cannot be told apart.")
        return [window for window in self.shown if not window.is_popup]

    def surfaces(self) -> dict[int, Surface]:
        return {window.id: Surface(window.area, window.client) for window in self.shown or []}

    def activate_window(self, window: WindowInfo) -> None:
        self.log.append(("activate", window.id))
        self.focus = window

    def close_window(self, window: WindowInfo) -> None:
        self.log.append(("close", window.id))

    def window_at(self, x: int, y: int, below: WindowInfo | None = None) -> WindowInfo | None:
        lower = list(self.shown or [])
        if below is not None:
            lower = lower[: [one.id for one in lower].index(below.id)]
        return next((one for one in reversed(lower) if one.area.covers(x, y)), None)

    def accessibility_bus(self) -> str | None:
        return None

    def focused(self, likely: WindowInfo | None = None) -> WindowInfo | None:
        return self.focus


class FakeScreen:
    """A screen of pixels that tests paint on; it is its own `Capture`.

    Args:
        backend: Gives the size.
        clock: Stamps screenshots.

    Attributes:
        bgrx: uint8 (height, width, 4).
        before_take: Called with the number of each capture, 0 and up, before it is taken.
        taken: How many captures there were.
    """

    def __init__(self, backend: FakeBackend, clock: FakeClock) -> None:
        width, height = backend.size()
        self.bgrx = np.full((height, width, 4), 255, np.uint8)
        self.before_take: Callable[[int], object] = lambda number: None
        self.taken = 0
        self._clock = clock

    def paint(self, colour: str, left: int, top: int, width: int = 40, height: int = 20) -> None:
        """Paints a rectangle in a colour such as "#e01020"."""
        rgb = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
        self.bgrx[top : top + height, left : left + width, :3] = rgb[::-1]

    def capture(self) -> FakeScreen:
        return self

    def area(self, monitor: int) -> Area:
        if monitor not in (0, 1):
            raise InputError(f"There is no monitor {monitor}")
        return Area(0, 0, self.bgrx.shape[1], self.bgrx.shape[0])

    def take(self) -> Screenshot:
        self.before_take(self.taken)
        self.taken += 1
        height, width = self.bgrx.shape[:2]
        view = ScreenView((width, height), Area(0, 0, width, height))
        return Screenshot(self.bgrx.copy(), view, self._clock.now())

    def screenshot(self) -> Screenshot:
        return self.take()


def fake_context(model: object | None = None, **options) -> DesktopContext:
    """A context around a fake backend, screen and clock.

    Args:
        model: `BlobFinder` unless given.
        **options: ``safety``, and fields of `DesktopContext`.
    """
    clock, backend = FakeClock(), FakeBackend()
    safety, secrets = options.pop("safety", Safety()), Secrets(backend)
    return DesktopContext(
        grounder=CombinedGrounder(None, None, ModelGrounder(BlobFinder() if model is None else model)),
        backend=backend,
        screen=FakeScreen(backend, clock),
        guard=Guard(safety, backend, clock, secrets),
        secrets=secrets,
        clock=clock,
        **options,
    )
