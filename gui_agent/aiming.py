"""Waits until what is to be acted on is there, is one thing, and holds still; presses nothing."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gui_agent.capture import Capture
from gui_agent.changes import BLOCK, changed_blocks
from gui_agent.errors import NotFound, Unstable
from gui_agent.eye import Found
from gui_agent.scene import Scene
from gui_agent.screen import Screenshot
from gui_agent.x11_windows import WindowInfo
from molmo_act.errors import InputError

if TYPE_CHECKING:
    from gui_agent.desktop import Desktop
    from gui_agent.locator import Locator

STILL_SECONDS = 0.05
"""So long the picture must stay the same between the look and the act."""
NEAR = 64
"""Pixels around a place that must not change, when other parts of the screen do."""
POLL_SECONDS = 0.25
"""Between looks while nothing matches."""
IDLE_TIMES = 30
"""At least so many times as long as a look took lies between two: no screen is to keep a core busy."""


def require_seconds(timeout: float, name: str = "timeout") -> float:
    """The time to wait, checked; `name` is what it is called in an error.

    Raises:
        InputError: It is below 0.
    """
    if not timeout >= 0:
        raise InputError(f"{name} is {timeout!r}; give seconds, not below 0.")
    return timeout


@dataclass(frozen=True)
class Aim:
    """Places that were found and held still.

    Attributes:
        targets: One for each locator.
        windows: The topmost window at each of them.
        shot: The newest picture; within its restless blocks it differs from the one they were found on.
        restless: Blocks of the picture that change by themselves (`gui_agent.changes`).
        model_seconds: How long the model took.
    """

    targets: tuple[Found, ...]
    windows: tuple[WindowInfo | None, ...]
    shot: Screenshot
    restless: np.ndarray
    model_seconds: float


def aim(desk: Desktop, capture: Capture, locators: Sequence[Locator], deadline: float) -> Aim:
    """Finds each locator's place on a screen that holds still.

    A place counts when the picture stays the same for a while after it was looked at, so that asking again
    would give the same answer; or, where other parts of the screen never rest, when two looks in a row find
    it at the same place and its neighbourhood stays the same. One that scores too little to be acted on is
    looked for again when the screen changes; what is left of it at the deadline is for the caller to refuse.

    Args:
        desk: What to look at.
        capture: Takes the pictures.
        locators: What to find.
        deadline: Of ``time.monotonic()``; at least one look is taken, and a second where the first does
            not hold still.

    Raises:
        NotFound: One of them does not appear by then.
        Ambiguous: One of them matches several things.
        Unstable: Something moves until then.
        Refused: Somebody stops the desktop meanwhile.
    """
    earlier: Sequence[Found] | None = None
    model_seconds = 0.0
    while True:
        desk.guard.require_going_on()
        scene = Scene(desk.eye, capture, desk.backend, desk.monitor)
        try:
            targets = tuple(locator.choose(scene) for locator in locators)
        except NotFound:
            if not wait_for_change(desk, capture, scene.shot, deadline):
                raise
            continue
        finally:
            model_seconds += scene.model_seconds
        is_sure = all(found.score >= desk.min_score for found in targets)
        if not is_sure and wait_for_change(desk, capture, scene.shot, deadline):
            continue
        windows = tuple(desk.backend.window_at(*found.point) for found in targets)
        time.sleep(max(0.0, scene.shot.time + STILL_SECONDS - time.monotonic()))
        shot = capture.take(desk.monitor)
        restless = changed_blocks(scene.shot, shot)
        if not restless.any() or (
            earlier is not None
            and _same_places(earlier, targets)
            and not any(_touches(restless, found, scene.shot) for found in targets)
        ):
            return Aim(targets, windows, shot, restless, model_seconds)
        if earlier is not None and time.monotonic() > deadline:
            raise Unstable(
                f"{named(targets)} does not hold still, or the screen around it does not; nothing was done. "
                "Wait until it has come to rest, or give a longer timeout."
            )
        earlier = targets


def around(found: Found, shot: Screenshot) -> tuple[slice, slice]:
    """The blocks, as slices of rows and columns, that lie near a place of a screenshot."""
    x, y = shot.view.to_pixels(found.point[0] + 0.5, found.point[1] + 0.5)
    first_column, first_row = (max(0, int(value - NEAR) // BLOCK) for value in (x, y))
    return (
        slice(first_row, int(y + NEAR) // BLOCK + 1),
        slice(first_column, int(x + NEAR) // BLOCK + 1),
    )


def _touches(blocks: np.ndarray, found: Found, shot: Screenshot) -> bool:
    return bool(blocks[around(found, shot)].any())


def _same_places(before: Sequence[Found], after: Sequence[Found]) -> bool:
    return all(math.dist(a.point, b.point) <= 2 for a, b in zip(before, after, strict=True))


def wait_for_change(desk: Desktop, capture: Capture, shot: Screenshot, deadline: float) -> bool:
    """Whether the screen looks different from a capture before a deadline."""
    pause = POLL_SECONDS
    while time.monotonic() < deadline:
        time.sleep(max(0.0, min(pause, deadline - time.monotonic())))
        began = time.monotonic()
        desk.guard.require_going_on()
        if changed_blocks(shot, capture.take(desk.monitor)).any():
            return True
        pause = max(POLL_SECONDS, IDLE_TIMES * (time.monotonic() - began))
    return False


def named(targets: Sequence[Found]) -> str:
    """What was asked for, for messages."""
    return " and ".join(repr(found.query) for found in targets)
