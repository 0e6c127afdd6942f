"""Steps of a run as plain values, as records and scripts hold them, and how one is done on a desktop."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from gui_agent.locator import Locator
from gui_agent.regions import Monitor, Region, Window
from gui_agent.screen import Area
from molmo_act.errors import InputError

if TYPE_CHECKING:
    from gui_agent.desktop import Desktop

AskSecret = Callable[[str], str]


@dataclass(frozen=True)
class Step:
    """One step.

    Attributes:
        action: One of `ACTIONS`.
        targets: What it is about, as `plain_locator` writes it.
        arguments: What it is told, by name.
    """

    action: str
    targets: Sequence[Mapping[str, Any]] = ()
    arguments: Mapping[str, Any] = field(default_factory=dict)


def do_step(desk: Desktop, step: Step, ask_secret: AskSecret | None = None) -> Any:
    """Does a step: finds its targets anew by their words, and acts on what is there now.

    Args:
        desk: Where.
        step: What.
        ask_secret: Gives the secret that a step types, which no record holds, when told for what.

    Returns:
        What the method of `Desktop` or `Locator` returns.

    Raises:
        InputError: The step makes no sense, or types a secret and there is nobody to ask for it.
        DesktopError: It could not be done.
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
        arguments["text"] = ask_secret(f"secret to {step.action}")
    method = _method(desk, step.action, [locator_from(desk, target) for target in step.targets])
    try:
        inspect.signature(method).bind(**arguments)
    except TypeError as error:
        raise InputError(f"The step {step.action!r} was told {[*arguments]}: {error}.") from error
    for name, value in arguments.items():
        _require_number(name, value)
    return method(**arguments)


ACTIONS: Mapping[str, tuple[int, ...]] = {  # and how many targets each may have
    "click": (1,),
    "hover": (1,),
    "drag": (2,),
    "scroll": (0, 1),
    "fill": (1,),
    "clear": (1,),
    "press": (0, 1),
    "type": (0,),
    "expect": (1,),
    "expect_gone": (1,),
    "scroll_until": (1, 2),
}


WHOLE_NUMBERS = ("index", "count", "down", "right", "most")


def _require_number(name: str, value: Any) -> None:
    """Checks what a record or a script gives by a name, where that is to be a number."""
    if name in WHOLE_NUMBERS and not isinstance(value, int):
        raise InputError(f"{name} is {value!r}; expected a whole number.")
    if name == "timeout" and not isinstance(value, (int, float, type(None))):
        raise InputError(f"timeout is {value!r}; expected a number of seconds.")


def _method(desk: Desktop, action: str, targets: Sequence[Locator]) -> Callable[..., Any]:
    if action == "drag":
        return partial(targets[0].drag_to, targets[1])
    if action == "expect":
        return desk.expect(targets[0]).to_appear
    if action == "expect_gone":
        return desk.expect(targets[0]).to_disappear
    if action == "scroll_until":
        return partial(desk.scroll_until, targets[0], over=targets[1] if len(targets) > 1 else None)
    return getattr(targets[0] if targets else desk, action)


def plain_locator(locator: Locator) -> dict[str, Any]:
    """A locator as JSON has it: ``{"query": …}`` and, where given, ``region``, ``index``, ``near``."""
    plain: dict[str, Any] = {"query": locator.query}
    if locator.region is not None:
        plain["region"] = _plain_region(locator.region)
    if locator.index is not None:
        plain["index"] = locator.index
    if locator.neighbour is not None:
        plain["near"] = plain_locator(locator.neighbour)
    return plain


def locator_from(desk: Desktop, plain: Mapping[str, Any] | str) -> Locator:
    """The locator that `plain_locator` wrote; words alone will do.

    Raises:
        InputError: It is none.
    """
    if isinstance(plain, str):
        return desk.locator(plain)
    unknown = set(plain) - {"query", "region", "index", "near"} if isinstance(plain, Mapping) else {"?"}
    if unknown or not isinstance(plain.get("query"), str):
        raise InputError(f"{plain!r} is no target; expected words, or query with region, index or near.")
    region = None if plain.get("region") is None else _region_from(plain["region"])
    locator = desk.locator(plain["query"], region=region)
    if plain.get("index") is not None:
        _require_number("index", plain["index"])
        return locator.nth(plain["index"])
    return locator if plain.get("near") is None else locator.near(locator_from(desk, plain["near"]))


def _plain_region(region: Region) -> dict[str, Any]:
    if isinstance(region, Window):
        return {"window": region.title}
    if isinstance(region, Monitor):
        return {"monitor": region.number}
    return {"area": [region.left, region.top, region.width, region.height]}


def _region_from(plain: Any) -> Region:
    match plain:
        case {"window": str(title)}:
            return Window(title)
        case {"monitor": int(number)}:
            return Monitor(number)
        case {"area": [int() | float(), int() | float(), int() | float(), int() | float()]}:
            return Area(*plain["area"])
    raise InputError(
        f"{plain!r} is no region; expected window: TITLE, monitor: NUMBER or area: [x, y, w, h]."
    )
