"""Waits until the targets of an action are there, are unique, and hold still."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gui_agent.actions.dragged import dragged_from, window_to_drop_on
from gui_agent.call_log import CallLog
from gui_agent.context import DesktopContext
from gui_agent.errors import NotFound, Unstable
from gui_agent.input.x11.windows import WindowInfo
from gui_agent.safety.cancellation import require_not_cancelled
from gui_agent.vision.capture import Capture
from gui_agent.vision.diff import BLOCK, changed_blocks
from gui_agent.vision.grounder import Match
from gui_agent.vision.regions import Window
from gui_agent.vision.screenshot import Screenshot
from gui_agent.vision.selector import Selector

STILL_SECONDS = 0.05
"""How long the screen must stay the same between the look and the action."""
NEAR = 64
"""Pixels around a target that must not change, when other parts of the screen do."""
POLL_SECONDS = 0.25
"""Between captures while nothing matches."""
IDLE_TIMES = 30
"""The pause between captures is at least this many times as long as one, so that no core is kept busy."""


@dataclass(frozen=True)
class Actionable:
    """Targets that were found and held still.

    Attributes:
        targets: One match for each selector.
        windows: The topmost window at each of them.
        shot: The newest screenshot; it differs from the one they were found on in restless blocks only.
        restless: bool (rows, columns), blocks of the screenshot that change by themselves
            (`gui_agent.vision.diff`).
        model_seconds: How long the model took.
        subject: The window that the action itself is about, where it is about one.
    """

    targets: tuple[Match, ...]
    windows: tuple[WindowInfo | None, ...]
    shot: Screenshot
    restless: np.ndarray
    model_seconds: float
    subject: WindowInfo | None = None


def wait_until_actionable(
    context: DesktopContext,
    capture: Capture,
    selectors: Sequence[Selector],
    deadline: float,
    log: CallLog,
    wanted: Window | None = None,
) -> Actionable:
    """Finds the target of each selector on a screen that holds still.

    A match counts when the screen stays the same for a while after it was captured, so that asking again
    would give the same answer; or, where other parts of the screen never rest, when two captures in a row
    have it at the same place and its neighborhood stays the same. One that scores too little to be acted on
    is looked for again when the screen changes; at the deadline it is returned for the caller to refuse.

    Args:
        context: The desktop.
        capture: Takes the screenshots.
        selectors: What to find.
        deadline: By the context's clock; at least one look is taken, and a second where the first does not
            hold still.
        log: Is told of each look.
        wanted: A window that must be there, too.

    Returns:
        The targets, and the screen they were found on.

    Raises:
        NotFound: One of them does not appear by then.
        Ambiguous: One of them matches several things.
        Unstable: Something moves until then.
        ActionBlockedError: Somebody stops the desktop meanwhile.
    """
    earlier: Sequence[Match] | None = None
    model_seconds = 0.0
    while True:
        context.guard.require_going_on()
        snapshot = context.snapshot(capture)
        try:
            targets = tuple(selector.choose(snapshot, context.min_score) for selector in selectors)
            subject = None if wanted is None else snapshot.window(wanted)
        except NotFound:
            if not wait_for_change(context, capture, snapshot.shot, deadline):
                raise
            continue
        finally:
            model_seconds += snapshot.model_seconds
            for query, matches in snapshot.answers():
                log.note_matches(query, matches)
        is_sure = all(match.score >= context.min_score for match in targets)
        if not is_sure and wait_for_change(context, capture, snapshot.shot, deadline):
            continue
        dragged = dragged_from(context)
        windows = tuple(window_to_drop_on(context.backend, match.point, dragged) for match in targets)
        context.clock.sleep_until(snapshot.shot.time + STILL_SECONDS)
        shot = capture.take()
        restless = changed_blocks(snapshot.shot, shot)
        if not restless.any() or (
            earlier is not None
            and _same_places(earlier, targets)
            and not any(restless[neighborhood(match, snapshot.shot)].any() for match in targets)
        ):
            return Actionable(targets, windows, shot, restless, model_seconds, subject)
        log.note("the screen changed after the look")
        if earlier is not None and context.clock.now() > deadline:
            raise Unstable(
                f"{describe(targets)} does not hold still, or the screen around it does not. Wait until it "
                "has come to rest, or give a longer timeout."
            )
        earlier = targets


def neighborhood(match: Match, shot: Screenshot) -> tuple[slice, slice]:
    """Finds the blocks of a screenshot that lie near a match.

    Args:
        match: The match.
        shot: The screenshot; it may show another part of the desktop than the one that was searched.

    Returns:
        Slices of rows and of columns of blocks, as `gui_agent.vision.diff.changed_blocks` counts them.
    """
    x, y = shot.view.to_pixels(match.point[0] + 0.5, match.point[1] + 0.5)
    first_column, first_row = (max(0, int(value - NEAR) // BLOCK) for value in (x, y))
    return (
        slice(first_row, int(y + NEAR) // BLOCK + 1),
        slice(first_column, int(x + NEAR) // BLOCK + 1),
    )


def wait_for_change(context: DesktopContext, capture: Capture, shot: Screenshot, deadline: float) -> bool:
    """Waits until the screen looks different from a screenshot.

    Args:
        context: The desktop.
        capture: Takes the screenshots.
        shot: What the screen is compared with.
        deadline: By the context's clock.

    Returns:
        Whether it looked different before the deadline.

    Raises:
        ActionBlockedError: Somebody stops the desktop meanwhile.
    """
    clock, pause = context.clock, POLL_SECONDS
    while clock.now() < deadline:
        _sleep_unless_cancelled(context, min(pause, deadline - clock.now()))
        began = clock.now()
        context.guard.require_going_on()
        if changed_blocks(shot, capture.take()).any():
            return True
        pause = max(POLL_SECONDS, IDLE_TIMES * (clock.now() - began))
    return False


def _sleep_unless_cancelled(context: DesktopContext, seconds: float) -> None:
    end = context.clock.now() + seconds
    while (left := end - context.clock.now()) > 0:
        require_not_cancelled()
        context.clock.sleep(min(left, POLL_SECONDS))


def describe(targets: Sequence[Match]) -> str:
    """Names targets in a message by the words they were asked for with.

    Args:
        targets: At least one match.

    Returns:
        Their queries, quoted.
    """
    return " and ".join(repr(match.query) for match in targets)


def _same_places(before: Sequence[Match], after: Sequence[Match]) -> bool:
    return all(math.dist(a.point, b.point) <= 2 for a, b in zip(before, after, strict=True))
