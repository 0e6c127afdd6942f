"""One action from the call to its result: find its targets, check the rules, act, see the effect."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from gui_agent.actions.actionability import Actionable, describe, neighborhood, wait_until_actionable
from gui_agent.actions.attribution import Attribution
from gui_agent.actions.dragged import dragged_from, window_to_drop_on
from gui_agent.actions.effect import FRAME_SECONDS, is_local, rested, see_effect
from gui_agent.actions.evidence import are_where_they_were, require_no_contradiction
from gui_agent.actions.gestures import (
    Click,
    CloseWindow,
    DeleteContent,
    Gesture,
    HoldButton,
    PressKeys,
    ReleaseButton,
    Scroll,
    TypeText,
    window_of,
)
from gui_agent.actions.hand import Hand
from gui_agent.actions.place_check import Disturbed
from gui_agent.actions.result import ActionResult
from gui_agent.call_log import CallLog
from gui_agent.clock import require_seconds
from gui_agent.context import Aim, DesktopContext
from gui_agent.errors import ActionBlockedError, DesktopError, Unstable
from gui_agent.input.key_names import key_name
from gui_agent.input.x11.windows import WindowInfo
from gui_agent.vision.capture import Capture
from gui_agent.vision.diff import Effect, changed_blocks
from gui_agent.vision.regions import choose_window
from gui_agent.vision.screenshot import Screenshot
from gui_agent.vision.selector import Selector
from molmo_act.errors import InputError
from molmo_act.signals import ending_in_order

HOVER_SECONDS = 0.3
"""The longest wait for an application to finish showing that the pointer is over it."""
TOOLTIP_SECONDS = 1.0
"""The longest wait for tooltips to go once the pointer has left."""
ONE_AT_A_TIME = threading.RLock()
"""There is one pointer and one keyboard, whatever number of desktops and threads there are."""


def perform(
    context: DesktopContext,
    action: str,
    selectors: Sequence[Selector],
    gestures: Sequence[Gesture],
    arguments: Mapping[str, Any],
    *,
    timeout: float | None = None,
    secret: bool = False,
) -> ActionResult:
    """Does one action as a step of the run: waits for its targets, checks, acts, sees the effect.

    Args:
        context: The desktop.
        action: Name of the action.
        selectors: What to act on; the pointer goes to the first.
        gestures: What mouse and keyboard do, in order, once the pointer is there; none where moving it is
            all.
        arguments: Arguments of the action by name, as plain values for the result and the record.
        timeout: Seconds to wait for the targets; the desktop's unless given.
        secret: Whether the window of the action is to be black in images from now on.

    Returns:
        What was done, and what came of it.

    Raises:
        NotFound: A target does not appear in time; nothing was done.
        Ambiguous: A target matches several things; nothing was done.
        Unstable: A target does not hold still; nothing was done.
        ActionBlockedError: The score, a rule of `Safety`, the fail-safe or a covering window forbids it.
        InputError: The timeout is below 0.
        QueryError: A query is empty or too long.
    """
    seconds = context.timeout if timeout is None else require_seconds(timeout)
    if timeout is not None:
        arguments = {**arguments, "timeout": timeout}
    _require_free_button(context, gestures)
    log = CallLog(context.clock)
    with (
        ONE_AT_A_TIME,
        ending_in_order(),
        context.step(action, selectors, arguments) as finish,
        log.explaining(),
        context.guard.watching(presses=_presses(gestures, context.guard.safety.abort_key)),
    ):
        result = _perform(context, action, selectors, gestures, seconds, arguments, secret, log)
        finish(result)
    return result


def _require_free_button(context: DesktopContext, gestures: Sequence[Gesture]) -> None:
    """Checks that a held button does not change what gestures mean: only moves and its release may follow."""
    held = context.pointer.held.name
    if held is not None and any(not isinstance(gesture, ReleaseButton) for gesture in gestures):
        raise InputError(
            f"The {held} button is held down since mouse.down(); hover or call mouse.up() first. Nothing was "
            "done."
        )


def _presses(gestures: Sequence[Gesture], key: str | None) -> bool:
    name = None if key is None else key_name(key)
    return any(isinstance(one, PressKeys) and name in one.keys for one in gestures)


def _perform(
    context: DesktopContext,
    action: str,
    selectors: Sequence[Selector],
    gestures: Sequence[Gesture],
    timeout: float,
    arguments: Mapping[str, Any],
    secret: bool,
    log: CallLog,
) -> ActionResult:
    clock = context.clock
    began = clock.now()
    hand = Hand(context)
    try:
        keyboard = None if selectors else context.backend.focused()  # before anybody is asked, or waits
        _require_gestures_allowed(context, selectors, gestures, keyboard)
        capture = context.screen.capture()
        if not context.dry_run:
            context.guard.count_act()
        model_seconds = 0.0
        subject: WindowInfo | None = None
        while True:
            ready, before = _get_ready(context, capture, selectors, gestures, began + timeout, log)
            if ready.subject is not None and (subject is None or ready.subject.id != subject.id):
                subject = ready.subject
                _require_window_act_allowed(context, gestures, subject)
            model_seconds += ready.model_seconds
            acting = clock.now()
            if context.dry_run:
                break
            hand = Hand(context, _aims(ready), ready.subject)
            if not selectors:
                hand.expect_keyboard(keyboard)
            attribution = Attribution(context.backend, _acted_on(context, ready))
            if secret:
                context.secrets.note(ready.windows[0] if ready.windows else context.backend.focused())
            can_look_again = bool(selectors) or ready.subject is not None
            if _act(gestures, hand, may_retry=can_look_again and clock.now() <= began + timeout):
                break
    except BaseException as error:
        if context.pointer.held.let_go():
            hand.done.append("the release of the held button where it was pressed")
        if isinstance(error, DesktopError):
            raise hand.told(error) from error
        error.done = tuple(hand.done)  # type: ignore[attr-defined]  # for the record, as with Ctrl+C
        raise
    if ready.targets and not context.dry_run:
        context.pointer.aim = _aims(ready)[-1]
    effect: Effect = "unverifiable"
    after = before
    act_seconds = verify_seconds = 0.0
    if not context.dry_run:
        if not gestures:
            before = ready.shot  # what the pointer brings about is the effect
        done = clock.now()
        effect, after = see_effect(context, capture, ready, before, attribution)
        act_seconds, verify_seconds = done - acting, clock.now() - done
    return ActionResult(
        action,
        effect,
        ready.targets,
        before,
        after,
        clock.now() - began,
        model_seconds,
        act_seconds,
        verify_seconds,
        context.dry_run,
        arguments,
    )


def _require_gestures_allowed(
    context: DesktopContext,
    selectors: Sequence[Selector],
    gestures: Sequence[Gesture],
    keyboard: WindowInfo | None,
) -> None:
    """Checks the words and keys of an action before anything is looked at."""
    guard = context.guard
    for selector in selectors:
        guard.require_words(selector)
    place = f"in {selectors[0].query!r}" if selectors else ""
    if keyboard is not None:
        place = f"in the window {guard.title_of(keyboard)!r}"
    for gesture in gestures:
        if isinstance(gesture, PressKeys):
            if not selectors:
                guard.require_keyboard(keyboard)  # so that nobody is asked about a forbidden window
            guard.require_chord(gesture.keys, place)
        if isinstance(gesture, TypeText):
            guard.require_text(gesture.text, place)
        if isinstance(gesture, DeleteContent):
            for keys in gesture.chords:
                guard.require_not_denied(keys)
        if isinstance(gesture, Click) and gesture.modifiers:
            guard.require_chord(gesture.modifiers, place)


def _require_window_act_allowed(
    context: DesktopContext, gestures: Sequence[Gesture], subject: WindowInfo
) -> None:
    """Checks what is done to a window as a whole; asks about the one that was found, by its real title."""
    context.guard.require_whole(subject)
    if any(isinstance(gesture, CloseWindow) for gesture in gestures):
        context.guard.require_closing(subject)


def _act(gestures: Sequence[Gesture], hand: Hand, *, may_retry: bool) -> bool:
    """Lets the hand act; whether it did, and not found something else at the place before it pressed."""
    try:
        for gesture in gestures:
            gesture.perform(hand)
    except Disturbed:
        if hand.done or not may_retry:
            raise
        return False
    return True


def _acted_on(context: DesktopContext, ready: Actionable) -> Sequence[WindowInfo | None]:
    """The windows in which a change is the action's effect."""
    if ready.targets:
        return ready.windows
    return [context.backend.focused() if ready.subject is None else ready.subject]


def _aims(ready: Actionable) -> list[Aim]:
    return [
        Aim(match.point, window, match.query)
        for match, window in zip(ready.targets, ready.windows, strict=True)
    ]


def _get_ready(
    context: DesktopContext,
    capture: Capture,
    selectors: Sequence[Selector],
    gestures: Sequence[Gesture],
    deadline: float,
    log: CallLog,
) -> tuple[Actionable, Screenshot]:
    """Finds the targets, checks every rule, and moves the pointer onto the first; in a dry run it stays.

    A target may move, or be covered, because the pointer comes: then it is looked for again, once in any case
    and until the deadline. Where hovering is the action, that is its effect.

    Returns:
        The targets, and the screen as it is before the action.
    """
    clock = context.clock
    model_seconds, is_first_try = 0.0, True
    while True:
        ready = wait_until_actionable(context, capture, selectors, deadline, log, window_of(gestures))
        model_seconds += ready.model_seconds
        ready = replace(ready, model_seconds=model_seconds)
        _require_allowed(context, selectors, gestures, ready)
        if context.dry_run:
            return ready, ready.shot
        if _is_tooltip_in_the_way(ready) and (is_first_try or clock.now() < deadline):
            log.note("a tooltip lay over a target")
            _leave(context, ready)
            is_first_try = False
            continue
        before = _approach(context, capture, ready, is_all=not gestures)
        if _are_windows_the_same(context, ready) and (not gestures or _are_in_place(context, ready, before)):
            return ready, before
        log.note("a target moved or was covered when the pointer came")
        if not is_first_try and clock.now() > deadline:
            raise Unstable(f"{describe(ready.targets)} moved or was covered each time the pointer came.")
        is_first_try = False


def _are_windows_the_same(context: DesktopContext, ready: Actionable) -> bool:
    """Whether the windows at the targets are those that were looked at, and where they were."""
    dragged = dragged_from(context)
    found = [window_to_drop_on(context.backend, match.point, dragged) for match in ready.targets]
    return all(now == window for now, window in zip(found, ready.windows, strict=True))


def _are_in_place(context: DesktopContext, ready: Actionable, now: Screenshot) -> bool:
    """Whether targets look as they did but for highlighting, which changes nothing far from them.

    Their programs must say the same, where they were found by what these say.
    """
    if not are_where_they_were(context, ready.targets):
        return False
    changed = changed_blocks(ready.shot, now) & ~ready.restless
    touched = any(changed[neighborhood(match, now)].any() for match in ready.targets)
    return not touched or is_local(changed, ready.targets, now)


def _require_allowed(
    context: DesktopContext, selectors: Sequence[Selector], gestures: Sequence[Gesture], ready: Actionable
) -> None:
    for selector, match, window in zip(selectors, ready.targets, ready.windows, strict=True):
        context.guard.require_score(match, context.min_score)
        context.guard.require_place(match.point, window)
        if gestures:
            require_no_contradiction(context, match)
        for region in selector.windows():
            wanted = choose_window(
                region,
                context.backend.windows(),
                context.backend.focused(),
                context.guard.tellable_title,
            )
            context.guard.require_part_of(window, wanted, match)
    if selectors:
        return
    if ready.subject is not None:
        context.guard.require_window(ready.subject)
    elif any(isinstance(gesture, (HoldButton, ReleaseButton)) for gesture in gestures):
        if (aim := context.pointer.aim) is not None:  # where the hand takes the pointer again
            context.guard.require_place(aim.point, aim.window)
    elif any(isinstance(gesture, Scroll) for gesture in gestures):
        pointed = context.backend.pointed()  # the wheel goes where the pointer is
        context.guard.require_place(pointed.point, pointed.window)
    else:
        context.guard.require_keyboard(context.backend.focused())


def _is_tooltip_in_the_way(ready: Actionable) -> bool:
    return any(window is not None and window.is_tooltip for window in ready.windows)


def _leave(context: DesktopContext, ready: Actionable) -> None:
    """Takes the pointer to the right edge of the screen, so that tooltips go; they come back with a delay."""
    area = ready.shot.view.area
    context.backend.move(int(area.left + area.width) - 2, int(area.top + area.height / 2))
    until = context.clock.now() + TOOLTIP_SECONDS
    while context.clock.now() < until and any(
        window is not None and window.is_tooltip
        for window in (context.backend.window_at(*match.point) for match in ready.targets)
    ):
        context.clock.sleep(FRAME_SECONDS)


def _approach(context: DesktopContext, capture: Capture, ready: Actionable, *, is_all: bool) -> Screenshot:
    """Moves the pointer to the first target.

    Args:
        context: The desktop.
        capture: Takes screenshots.
        ready: The targets.
        is_all: Whether that is the whole action; else the hand looks where the pointer is before it presses.

    Returns:
        A screenshot once the application has shown that the pointer is there.

    Raises:
        ActionBlockedError: The pointer does not arrive, or somebody stops the desktop.
    """
    context.guard.require_going_on()
    if ready.targets:
        point = ready.targets[0].point
        context.backend.move(*point)
        arrived = context.backend.position()
        if is_all and arrived != point:
            raise ActionBlockedError(
                f"The pointer was sent to {point} but is at {arrived}. Something else moves or confines it."
            )
    return rested(context, capture, ready.shot, context.clock.now(), ready.restless, HOVER_SECONDS)
