"""One act from the call to its result: aim, check, do, see what came of it. Knows no particular act."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from gui_agent.aiming import Aim, aim, around, named
from gui_agent.capture import Capture
from gui_agent.changes import Effect, changed_blocks, effect_of
from gui_agent.errors import Refused, Unstable
from gui_agent.eye import Found
from gui_agent.regions import Window, window_titled
from gui_agent.results import ActionResult
from gui_agent.screen import Screenshot
from gui_agent.x11_windows import WindowInfo

if TYPE_CHECKING:
    from gui_agent.desktop import Desktop
    from gui_agent.locator import Locator
    from gui_agent.secret_windows import Secrets

FRAME_SECONDS = 1 / 60
"""Most applications draw so often: within this they show what is new."""
HOVER_SECONDS = 0.3
"""The longest wait for an application to finish showing that the pointer is over it."""
FEEDBACK_SECONDS = 0.25
"""Longer than toolkits show that a button was pressed."""
LONGEST_PAUSE = 0.1

Do = Callable[..., None]


def perform(
    desk: Desktop,
    action: str,
    locators: Sequence[Locator],
    do: Do | None,
    timeout: float,
    arguments: Mapping[str, Any],
    secrets: Secrets | None = None,
) -> ActionResult:
    """Does one act on places that are found first.

    Args:
        desk: Where.
        action: Its name.
        locators: What to act on; the pointer goes to the first.
        do: Does it, given the places, once the pointer is there; None where that is all.
        timeout: Seconds to wait for the places.
        arguments: For the result.
        secrets: Is told the window of the act, where that shows a secret from now on.

    Raises:
        NotFound, Ambiguous, Unstable, Refused: See `Locator`; nothing was done.
    """
    began = time.monotonic()
    for locator in locators:
        desk.guard.require_words(locator.query)
    capture = desk.capture()
    aimed, before = _get_ready(desk, capture, locators, began + timeout, is_hover=do is None)
    effect: Effect = "unverifiable"
    after = before
    act_seconds = verify_seconds = 0.0
    if not desk.dry_run:
        desk.guard.count_act()
        if secrets is not None:
            secrets.note(aimed.windows[0] if aimed.windows else desk.backend.focused())
        ready = time.monotonic()
        if do is None:
            before = aimed.shot  # what the pointer brings about is the effect
        else:
            do(*aimed.targets)
        done = time.monotonic()
        effect, after = _see_effect(desk, capture, aimed.targets, before, aimed.restless)
        act_seconds, verify_seconds = done - ready, time.monotonic() - done
    return ActionResult(
        action,
        effect,
        aimed.targets,
        before,
        after,
        time.monotonic() - began,
        aimed.model_seconds,
        act_seconds,
        verify_seconds,
        desk.dry_run,
        arguments,
    )


def _get_ready(
    desk: Desktop, capture: Capture, locators: Sequence[Locator], deadline: float, *, is_hover: bool
) -> tuple[Aim, Screenshot]:
    """Aims, checks every rule, and moves the pointer onto the first target; in a dry run it stays.

    A target may move, or be covered, because the pointer comes: then it is looked for again, once in any case
    and until the deadline. Where hovering is the act, that is its effect.

    Returns:
        The aim, and the screen as it is before the act.

    Raises:
        NotFound, Ambiguous, Unstable, Refused: See `perform`.
    """
    model_seconds, is_first_try = 0.0, True
    while True:
        aimed = aim(desk, capture, locators, deadline)
        model_seconds += aimed.model_seconds
        aimed = replace(aimed, model_seconds=model_seconds)
        _require_allowed(desk, locators, aimed)
        if desk.dry_run:
            return aimed, aimed.shot
        before = _approach(desk, capture, aimed)
        if _are_windows_the_same(desk, aimed) and (is_hover or _are_in_place(aimed, before)):
            return aimed, before
        if not is_first_try and time.monotonic() > deadline:
            raise Unstable(
                f"{named(aimed.targets)} moved or was covered each time the pointer came; nothing was done."
            )
        is_first_try = False


def _are_windows_the_same(desk: Desktop, aimed: Aim) -> bool:
    """Whether the windows at the targets are those that were looked at, and where they were."""
    return all(
        desk.backend.window_at(*found.point) == window
        for found, window in zip(aimed.targets, aimed.windows, strict=True)
    )


def _are_in_place(aimed: Aim, now: Screenshot) -> bool:
    """Whether targets look as they did but for highlighting, which changes nothing far from them."""
    changed = changed_blocks(aimed.shot, now) & ~aimed.restless
    touched = any(changed[around(found, now)].any() for found in aimed.targets)
    return not touched or _is_local(changed, aimed.targets, now)


def _require_allowed(desk: Desktop, locators: Sequence[Locator], aimed: Aim) -> None:
    for locator, found, window in zip(locators, aimed.targets, aimed.windows, strict=True):
        desk.guard.require_score(found, desk.min_score)
        desk.guard.require_place(found.point, window)
        if isinstance(locator.region, Window):
            _require_uncovered(desk, locator.region, found, window)
    if not locators:
        desk.guard.require_window(desk.backend.focused())


def _require_uncovered(desk: Desktop, region: Window, found: Found, window: WindowInfo | None) -> None:
    wanted = window_titled(region.title, desk.backend.windows())
    is_its_menu = window is not None and not window.title and window.pid == wanted.pid is not None
    if window is None or (window.id != wanted.id and not is_its_menu):
        cover = "the bare desktop" if window is None else f"the window {window.title!r}"
        raise Refused(
            f"{found.query!r} was found at {found.point}, but there {cover} covers {wanted.title!r}; nothing "
            "was done. Raise the window first."
        )


def _approach(desk: Desktop, capture: Capture, aimed: Aim) -> Screenshot:
    """Moves the pointer to the first target.

    Returns:
        A capture once the application has shown that the pointer is there.

    Raises:
        Refused: The pointer does not arrive, or somebody stops the desktop.
    """
    desk.guard.require_going_on()
    if aimed.targets:
        point = aimed.targets[0].point
        desk.backend.move(*point)
        arrived = desk.backend.position()
        if arrived != point:
            raise Refused(
                f"The pointer was sent to {point} but is at {arrived}; nothing was done. Something else "
                "moves or confines it."
            )
    return _rested(desk, capture, aimed.shot, time.monotonic(), aimed.restless, HOVER_SECONDS)


def _see_effect(
    desk: Desktop, capture: Capture, targets: Sequence[Found], before: Screenshot, restless: np.ndarray
) -> tuple[Effect, Screenshot]:
    """Waits until the screen has changed and come to rest, or for the desktop's ``verify_seconds``.

    A change around the target alone may be no more than a button drawn as pressed, so it has to last.
    """
    deadline = time.monotonic() + desk.verify_seconds
    pause = FRAME_SECONDS / 4
    while True:
        after = capture.take(desk.monitor)
        changed = changed_blocks(before, after)
        if effect_of(changed, restless) == "changed":
            after = _rested(desk, capture, after, after.time, restless, deadline - time.monotonic())
            changed = changed_blocks(before, after)
            if _is_local(changed, targets, before):
                time.sleep(FEEDBACK_SECONDS)
                after = capture.take(desk.monitor)
                changed = changed_blocks(before, after)
        effect = effect_of(changed, restless)
        if effect == "changed" or time.monotonic() > deadline:
            return effect, after
        time.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)


def _is_local(changed: np.ndarray, targets: Sequence[Found], shot: Screenshot) -> bool:
    elsewhere = changed.copy()
    for found in targets:
        elsewhere[around(found, shot)] = False
    return bool(targets) and not elsewhere.any()


def _rested(
    desk: Desktop,
    capture: Capture,
    earlier: Screenshot,
    since: float,
    restless: np.ndarray,
    timeout: float,
) -> Screenshot:
    """A capture that equals the one before it but for restless blocks; the last when none does in time.

    Args:
        desk: Where.
        capture: Takes the pictures.
        earlier: The first of them.
        since: A moment after which the application had a frame's time to draw before the next.
        restless: Blocks that change by themselves.
        timeout: Seconds.
    """
    deadline = time.monotonic() + timeout
    while True:
        time.sleep(max(0.0, since + FRAME_SECONDS - time.monotonic()))
        later = capture.take(desk.monitor)
        moving = changed_blocks(earlier, later, noise=0)  # a slow fade changes little from frame to frame
        if moving.shape == restless.shape and not (moving & ~restless).any():
            return later
        if time.monotonic() > deadline:
            return later
        earlier, since = later, later.time
