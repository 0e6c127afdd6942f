"""Steps of a run as plain values, as records and scripts hold them."""

from __future__ import annotations

import reprlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from gui_agent.geometry import Area
from gui_agent.vision.regions import Monitor, Region, Window, facts_of
from gui_agent.vision.selector import Selector
from molmo_act.errors import InputError

ACTIONS: Mapping[str, tuple[int, ...]] = {
    "click": (1,),
    "hover": (1,),
    "drag": (2,),
    "scroll": (0, 1),
    "fill": (1,),
    "clear": (1,),
    "press": (0, 1),
    "type": (0,),
    "expect": (1,),
    "expect_hidden": (1,),
    "expect_count": (1,),
    "expect_other_count": (1,),
    "scroll_until": (1, 2),
    "press_sequentially": (1,),
    "mouse_down": (0,),
    "mouse_up": (0,),
    "activate": (0,),
    "close": (0,),
}
"""Every action, and how many targets it may have."""

RENAMED_ACTIONS: Mapping[str, str] = {"expect_gone": "expect_hidden"}
"""Names in records and scripts of before, and what they are called now."""

MOST_NEIGHBORS = 16
"""How many targets may be near one another in a row, as records and scripts write them."""
WHOLE_NUMBERS = ("index", "count", "down", "right", "most", "steps", "pid")


@dataclass(frozen=True)
class ActionStep:
    """One step.

    Attributes:
        action: One of `ACTIONS`.
        targets: What it is about: mappings as `plain_selector` writes them, or words alone.
        arguments: Its arguments by name, as plain values.
    """

    action: str
    targets: Sequence[Mapping[str, Any] | str] = ()
    arguments: Mapping[str, Any] = field(default_factory=dict)


def current_action(name: Any) -> Any:
    """Translates the name of an action that has been renamed since a record or a script was written.

    Args:
        name: As it is written.

    Returns:
        Today's name; whatever has not been renamed comes back as it is.
    """
    return RENAMED_ACTIONS.get(name, name) if isinstance(name, str) else name


def require_number(name: str, value: Any) -> None:
    """Checks what a record or a script gives by a name, where that is to be a number.

    Args:
        name: Name of an argument.
        value: Its value.

    Raises:
        InputError: The argument is a number, and the value is not.
    """
    if name in WHOLE_NUMBERS and not isinstance(value, int):
        raise InputError(f"{name} is {reprlib.repr(value)}; expected a whole number.")
    if name == "timeout" and not isinstance(value, (int, float, type(None))):
        raise InputError(f"timeout is {reprlib.repr(value)}; expected a number of seconds.")


def plain_selector(selector: Selector) -> dict[str, Any]:
    """Writes a selector as plain values for JSON.

    Args:
        selector: What to write.

    Returns:
        ``{"query": …}`` and, where given, ``region``, ``within``, ``index``, ``near``.
    """
    plain: dict[str, Any] = {"query": selector.query}
    if selector.region is not None:
        plain["region"] = _plain_region(selector.region)
    if selector.within is not None:
        plain["within"] = _plain_region(selector.within)
    if selector.index is not None:
        plain["index"] = selector.index
    if selector.neighbor is not None:
        plain["near"] = plain_selector(selector.neighbor)
    return plain


def selector_from(plain: Mapping[str, Any] | str) -> Selector:
    """Reads what `plain_selector` wrote.

    Args:
        plain: The mapping, or words alone.

    Returns:
        The selector.

    Raises:
        InputError: It describes no target.
    """
    return _selector_from(plain, MOST_NEIGHBORS)


def _selector_from(plain: Any, neighbors: int) -> Selector:
    """`selector_from`, for a target that may have so many neighbours, each beside the next."""
    if isinstance(plain, str):
        return Selector(plain)
    known = {"query", "region", "within", "index", "near"}
    unknown = set(plain) - known if isinstance(plain, Mapping) else {"?"}
    if unknown or not isinstance(plain.get("query"), str):
        raise InputError(
            f"{reprlib.repr(plain)} is no target; expected words, or query with region, within, index or "
            "near."
        )
    region, within = (
        None if plain.get(name) is None else _region_from(plain[name]) for name in ("region", "within")
    )
    selector = Selector(plain["query"], region, within=within)
    if plain.get("index") is not None:
        require_number("index", plain["index"])
        return selector.nth(plain["index"])
    if plain.get("near") is None:
        return selector
    if not neighbors:
        raise InputError(
            f"A target has more than {MOST_NEIGHBORS} neighbours, each near the next; give fewer."
        )
    return selector.near(_selector_from(plain["near"], neighbors - 1))


def _plain_region(region: Region) -> dict[str, Any]:
    if isinstance(region, Window):
        facts = facts_of(region)
        return {"window": region.title if [*facts] == ["title"] else facts}
    if isinstance(region, Monitor):
        return {"monitor": region.number}
    return {"area": [region.left, region.top, region.width, region.height]}


def _region_from(plain: Any) -> Region:
    match plain:
        case {"window": str(title)}:
            return Window(title)
        case {"window": dict() as facts} if set(facts) <= {one.name for one in fields(Window)}:
            return Window(**facts)
        case {"monitor": int(number)}:
            return Monitor(number)
        case {"area": [int() | float(), int() | float(), int() | float(), int() | float()]}:
            return Area(*plain["area"])
    raise InputError(
        f"{reprlib.repr(plain)} is no region; expected window: TITLE, or facts such as wm_class, monitor: "
        "NUMBER or area: [x, y, w, h]."
    )
