"""What actions need of a desktop, in one value that is passed down to them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from gui_agent.clock import Clock
from gui_agent.input.backend import InputBackend
from gui_agent.input.held_button import HeldButton
from gui_agent.input.x11.windows import WindowInfo
from gui_agent.safety.guard import Guard
from gui_agent.safety.redaction import Secrets
from gui_agent.vision.capture import Capture, Screen
from gui_agent.vision.combined_grounder import CombinedGrounder
from gui_agent.vision.rhythm import Rhythm
from gui_agent.vision.selector import Selector
from gui_agent.vision.snapshot import Snapshot

if TYPE_CHECKING:
    from PIL import Image


class Outcome(Protocol):
    """What a step came to: an `ActionResult` or a `Match`."""

    def draw(self) -> Image.Image:
        """Draws the places of the step on the screen, RGB."""


class Recorder(Protocol):
    """Records the steps of a run; `gui_agent.recording.trace.Trace` is one."""

    def step(
        self, action: str, selectors: Sequence[Selector], arguments: Mapping[str, Any], screen: Screen
    ) -> AbstractContextManager[Callable[[Outcome], None]]:
        """Records the block as one step, also when it fails; steps within a step are not recorded.

        Args:
            action: Name of the step.
            selectors: What it is about.
            arguments: Its arguments by name, as plain values.
            screen: Captured where the step fails.

        Returns:
            A context manager that gives a function, which the block calls with its outcome.
        """


@dataclass(frozen=True)
class Aim:
    """A place to act on.

    Attributes:
        point: (x, y) in input points.
        window: The topmost window there when it was found.
        query: The words it was found by.
    """

    point: tuple[int, int]
    window: WindowInfo | None
    query: str


class Pointer:
    """What the next action must know of what the mouse did before.

    Args:
        backend: Presses and releases buttons.

    Attributes:
        held: The button that stays down between actions, if one does.
        aim: The place that was acted on last, where the pointer is unless somebody has moved it.
        pressed: The place at which the held button was pressed.
        click_point: Where the newest click was, in input points, so that the next one does not become a
            double click with it.
        click_time: When that ended, by the desktop's clock.
    """

    def __init__(self, backend: InputBackend) -> None:
        self.held = HeldButton(backend)
        self.aim: Aim | None = None
        self.pressed: Aim | None = None
        self.click_point = (-1000, -1000)
        self.click_time = 0.0


@dataclass(frozen=True, eq=False)
class DesktopContext:
    """One desktop as actions see it.

    Attributes:
        grounder: Finds what words name.
        backend: Mouse, keyboard and windows.
        screen: The part of the desktop that is looked at.
        guard: Holds every action to the rules of `Safety`.
        secrets: Windows that images must not show.
        recorder: Records each step; None where nothing is recorded.
        timeout: Seconds that actions and expectations wait unless they are given another timeout.
        verify_seconds: How long an action waits for a visible effect.
        dry_run: Whether actions find and check, but do nothing.
        clock: By which everything waits.
        pointer: What the next action must know of what the mouse did before.
        rhythm: Which small parts of the screen change by themselves.
    """

    grounder: CombinedGrounder
    backend: InputBackend
    screen: Screen
    guard: Guard
    secrets: Secrets
    recorder: Recorder | None = None
    timeout: float = 5.0
    verify_seconds: float = 1.0
    dry_run: bool = False
    clock: Clock = field(default_factory=Clock)
    pointer: Pointer = field(init=False)
    rhythm: Rhythm = field(default_factory=Rhythm)

    def __post_init__(self) -> None:
        object.__setattr__(self, "pointer", Pointer(self.backend))

    @property
    def min_score(self) -> float:
        """The least score of a match that is acted on: that of the rules, or what suits the model."""
        return self.guard.min_score(calibrated=self.grounder.calibrated)

    def snapshot(self, capture: Capture) -> Snapshot:
        """Captures this moment of the screen, about which the grounder can be asked.

        Args:
            capture: Takes the screenshot.

        Returns:
            The snapshot.
        """
        return Snapshot(self.grounder, capture, self.backend, self.guard.tellable_title)

    def current_snapshot(self) -> Snapshot:
        """Captures the screen once.

        Returns:
            The snapshot.

        Raises:
            ActionBlockedError: The screen is locked.
            PlatformError: There is no display, or it cannot be captured.
        """
        self.guard.require_unlocked()
        return self.snapshot(self.screen.capture())

    @contextmanager
    def step(
        self, action: str, selectors: Sequence[Selector], arguments: Mapping[str, Any]
    ) -> Iterator[Callable[[Outcome], None]]:
        """Makes the block one step of the run, which is recorded where this desktop records.

        Args:
            action: Name of the step.
            selectors: What it is about.
            arguments: Its arguments by name, as plain values.

        Yields:
            A function that the block calls with its outcome.
        """
        if self.recorder is None:
            yield lambda outcome: None
            return
        with self.recorder.step(action, selectors, arguments, self.screen) as finish:
            yield finish
