"""Does steps of records and scripts on a desktop."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from gui_agent.actions.gestures import Drag, Scroll
from gui_agent.actions.hand import DRAG_STEPS
from gui_agent.clock import require_seconds
from gui_agent.desktop import MOST_TURNS, Desktop
from gui_agent.input.backend import InputBackend, require_button
from gui_agent.input.keystrokes import split_chord
from gui_agent.locator import Locator, require_modifiers
from gui_agent.recording.step import ACTIONS, ActionStep, require_number, selector_from
from gui_agent.vision.regions import Window
from molmo_act.errors import InputError
from molmo_act.validation import check_int, check_kind

AskSecret = Callable[[str], str]
"""Gives the secret that a step types, when told for what."""


def do_step(desktop: Desktop, step: ActionStep, ask_secret: AskSecret | None = None) -> Any:
    """Does a step: finds its targets anew by their words, and acts on what is there now.

    Args:
        desktop: Where.
        step: What.
        ask_secret: Gives the secret that a step types, which no record holds.

    Returns:
        What the method of `Desktop` or `Locator` returns.

    Raises:
        InputError: The step makes no sense, or types a secret and there is nobody to ask for it.
        DesktopError: It could not be done.
    """
    return prepare_step(desktop, step, ask_secret)()


def prepare_step(
    desktop: Desktop, step: ActionStep, ask_secret: AskSecret | None = None
) -> Callable[[], Any]:
    """Checks a step without looking at the screen, so that a script fails before its first step is done.

    Args:
        desktop: Where.
        step: What.
        ask_secret: Gives the secret that a step types, when it is done.

    Returns:
        Does the step; see `do_step`.

    Raises:
        InputError: The step makes no sense, or types a secret and there is nobody to ask for it.
    """
    if step.action not in ACTIONS:
        raise InputError(f"There is no action {step.action!r}; give one of {', '.join(ACTIONS)}.")
    if len(step.targets) not in ACTIONS[step.action]:
        wanted = " or ".join(map(str, ACTIONS[step.action]))
        raise InputError(f"{step.action!r} has {len(step.targets)} targets; expected {wanted}.")
    arguments = dict(step.arguments)
    if arguments.get("secret"):
        if ask_secret is None:
            raise InputError(f"A step types a secret ({step.action!r}), which no record holds. Give it anew.")
        arguments.setdefault("text", "")
    locators = [Locator(desktop.context, selector_from(target)) for target in step.targets]
    method = _method(desktop, step.action, locators)
    try:
        inspect.signature(method).bind(**arguments)
    except TypeError as error:
        raise InputError(f"The step {step.action!r} has the arguments {[*arguments]}: {error}.") from error
    for name, value in arguments.items():
        require_number(name, value)
    if not arguments.get("secret"):
        _require_usable(desktop.backend, step.action, arguments)

    def do() -> Any:
        if ask_secret is not None and arguments.get("secret"):
            return method(**arguments | {"text": ask_secret(f"secret to {step.action}")})
        return method(**arguments)

    return do


def _require_usable(backend: InputBackend, action: str, arguments: Mapping[str, Any]) -> None:
    """Checks keys, buttons, texts and times as the action itself does."""
    if arguments.get("timeout") is not None:
        require_seconds(arguments["timeout"])
    if arguments.get("delay") is not None:
        require_seconds(arguments["delay"], "delay")
    if action == "scroll":
        Scroll(arguments.get("down", 3), arguments.get("right", 0))
    if action == "scroll_until":
        Scroll(arguments.get("down", 3))
        check_int("most", arguments.get("most", 0), least=0, most=MOST_TURNS)
    if action in ("expect_count", "expect_other_count"):
        check_int("count", arguments["count"], least=0)
    if "text" in arguments:
        check_kind("text", arguments["text"], str, "a text")
    if action == "drag":
        Drag(steps=arguments.get("steps", DRAG_STEPS))
    if action in ("activate", "close"):
        Window(**{name: value for name, value in arguments.items() if name != "timeout"})
    if action in ("click", "drag", "mouse_down"):
        require_button(arguments.get("button", "left"), arguments.get("count", 1))
    if action == "click":
        backend.require_keys(*require_modifiers(arguments.get("modifiers", ())))
    if action == "press":
        backend.require_keys(*split_chord(arguments["chord"]))
    if action in ("type", "press_sequentially") or (action == "fill" and arguments["text"]):
        backend.require_typable(arguments["text"])


def _method(desktop: Desktop, action: str, targets: Sequence[Locator]) -> Callable[..., Any]:
    if action == "drag":
        return partial(targets[0].drag_to, targets[1])
    if action == "expect":
        return desktop.expect(targets[0]).to_be_visible
    if action == "expect_hidden":
        return desktop.expect(targets[0]).to_be_hidden
    if action == "expect_count":
        return desktop.expect(targets[0]).to_have_count
    if action == "expect_other_count":
        return desktop.expect(targets[0]).not_to_have_count
    if action in ("mouse_down", "mouse_up"):
        return desktop.mouse.down if action == "mouse_down" else desktop.mouse.up
    if action in ("activate", "close"):
        return partial(_of_window, desktop, action)
    if action == "scroll_until":
        return partial(desktop.scroll_until, targets[0], over=targets[1] if len(targets) > 1 else None)
    method: Callable[..., Any] = getattr(targets[0] if targets else desktop, action)
    return method


def _of_window(
    desktop: Desktop,
    action: str,
    title: str | None = None,
    pid: int | None = None,
    wm_class: str | None = None,
    active: bool = False,
    index: int | None = None,
    timeout: float | None = None,
) -> Any:
    """Activates or closes a window."""
    window = desktop.window(title, pid=pid, wm_class=wm_class, active=active, index=index)
    return getattr(window, action)(timeout=timeout)
