"""Sees what an action has done to the screen, and waits until that has come to rest."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gui_agent.actions.actionability import Actionable, neighborhood
from gui_agent.actions.attribution import Attribution
from gui_agent.context import DesktopContext
from gui_agent.vision.capture import Capture
from gui_agent.vision.diff import BLOCK, Effect, changed_blocks, effect_of
from gui_agent.vision.grounder import Match
from gui_agent.vision.screenshot import Screenshot

FRAME_SECONDS = 1 / 60
"""Most applications draw this often: within this time they show what is new."""
FEEDBACK_SECONDS = 0.25
"""Longer than toolkits show that a button was pressed."""
CLOCK_SECONDS = 1.0
"""The step of a clock that shows seconds."""
LONGEST_PAUSE = 0.1


def see_effect(
    context: DesktopContext,
    capture: Capture,
    ready: Actionable,
    before: Screenshot,
    attribution: Attribution,
) -> tuple[Effect, Screenshot]:
    """Waits until the screen has changed and come to rest, or for the context's ``verify_seconds``.

    A change around the target alone may be no more than a button drawn as pressed, so it has to last. One as
    small as a clock, and away from the target, is watched to see whether it goes on by itself; its place is
    remembered.

    Args:
        context: The desktop.
        capture: Takes the screenshots.
        ready: The targets.
        before: The screen before the action.
        attribution: Knows which changes can come from it.

    Returns:
        What can be said, and the newest screenshot.
    """
    clock, targets, restless = context.clock, ready.targets, _with_rhythm(context, ready.restless, before)
    deadline = clock.now() + context.verify_seconds
    pause = FRAME_SECONDS / 4
    while True:
        after = capture.take()
        changed = changed_blocks(before, after)
        effect = _effect(changed, restless, attribution, after)
        if effect == "changed":
            after = rested(context, capture, after, after.time, restless, deadline - clock.now())
            changed = changed_blocks(before, after)
            if is_local(changed, targets, before):
                clock.sleep(FEEDBACK_SECONDS)
                after = capture.take()
                changed = changed_blocks(before, after)
            effect = _effect(changed, restless, attribution, after)
        if effect == "changed" and _may_be_a_clock(context, changed & ~restless, targets, after):
            after = _watch(context, capture, after, changed & ~restless)
            restless = _with_rhythm(context, restless, after)
            effect = _effect(changed, restless, attribution, after)
        if effect == "changed" or clock.now() > deadline:
            return effect, after
        clock.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)


def _effect(changed: np.ndarray, restless: np.ndarray, attribution: Attribution, shot: Screenshot) -> Effect:
    is_new = changed.shape == restless.shape and (changed & ~restless).any()
    return effect_of(changed, restless, attribution.counted(shot) if is_new else None)


def _may_be_a_clock(
    context: DesktopContext, new: np.ndarray, targets: Sequence[Match], shot: Screenshot
) -> bool:
    if not targets or context.verify_seconds < CLOCK_SECONDS or new.shape != _blocks_of(shot):
        return False
    is_near = any(new[neighborhood(match, shot)].any() for match in targets)
    return not is_near and context.rhythm.unknown(shot, new)


def _watch(context: DesktopContext, capture: Capture, shot: Screenshot, blocks: np.ndarray) -> Screenshot:
    """Watches blocks for as long as a clock takes for a step; gives the newest screenshot."""
    clock, moved = context.clock, np.zeros_like(blocks)
    until = clock.now() + CLOCK_SECONDS + LONGEST_PAUSE
    while clock.now() < until:
        clock.sleep(LONGEST_PAUSE)
        later = capture.take()
        changed = changed_blocks(shot, later)
        shot = later
        if changed.shape != moved.shape:
            return shot
        moved |= changed & blocks
    context.rhythm.note(shot, blocks, moved)
    return shot


def _with_rhythm(context: DesktopContext, restless: np.ndarray, shot: Screenshot) -> np.ndarray:
    moving = context.rhythm.moving(shot)
    return restless | moving if moving.shape == restless.shape else restless


def _blocks_of(shot: Screenshot) -> tuple[int, int]:
    height, width = shot.bgrx.shape[:2]
    return -(-height // BLOCK), -(-width // BLOCK)


def is_local(changed: np.ndarray, targets: Sequence[Match], shot: Screenshot) -> bool:
    """Tells whether nothing has changed but what lies around targets.

    Args:
        changed: bool (rows, columns), the blocks that have changed.
        targets: The targets.
        shot: Whose blocks are meant.

    Returns:
        Whether that is so; False without targets.
    """
    elsewhere = changed.copy()
    for match in targets:
        elsewhere[neighborhood(match, shot)] = False
    return bool(targets) and not elsewhere.any()


def rested(
    context: DesktopContext,
    capture: Capture,
    earlier: Screenshot,
    since: float,
    restless: np.ndarray,
    timeout: float,
) -> Screenshot:
    """Waits until a screenshot equals the one before it but for restless blocks.

    Args:
        context: The desktop.
        capture: Takes the screenshots.
        earlier: The first of them.
        since: A moment after which the application had a frame's time to draw before the next.
        restless: Blocks that change by themselves.
        timeout: Seconds.

    Returns:
        That screenshot; the last one when none equals its predecessor in time.
    """
    clock = context.clock
    deadline = clock.now() + timeout
    while True:
        clock.sleep_until(since + FRAME_SECONDS)
        later = capture.take()
        moving = changed_blocks(earlier, later, noise=0)  # a slow fade changes little from frame to frame
        if moving.shape == restless.shape and not (moving & ~restless).any():
            return later
        if clock.now() > deadline:
            return later
        earlier, since = later, later.time
