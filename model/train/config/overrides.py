"""Changes values of a frozen configuration by texts such as "language.rate=1e-5"."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

from molmo_act.errors import InputError

Config = TypeVar("Config")
BOOLS = {"true": True, "false": False, "1": True, "0": False}


def override(config: Config, changes: Sequence[str]) -> Config:
    """Returns the configuration with some values changed.

    Args:
        config: A frozen dataclass; `config.renamed`, if it has that, maps former names of its keys to those
            of today.
        changes: Texts `key=value`, applied in order. Dots reach into nested configurations.

    Returns:
        A new configuration of the same type.

    Raises:
        InputError: A key does not exist, or a value is of another type or not allowed.
    """
    for change in changes:
        key, sign, value = change.partition("=")
        if not sign:
            raise InputError(f"Got {change!r}; expected key=value, such as steps=1000.")
        config = _changed(config, key, key.split("."), value)
    return config


def _changed(config: Any, whole: str, path: list[str], value: str) -> Any:
    names = [field.name for field in fields(config)]
    name, *rest = path
    name = getattr(config, "renamed", {}).get(name, name)
    if name not in names:
        close = difflib.get_close_matches(name, names, n=3) or names
        raise InputError(f"There is no key {whole!r}; did you mean {', '.join(close)}?")
    old = getattr(config, name)
    if is_dataclass(old) != bool(rest):
        inner = f"{name}.{fields(old)[0].name}" if is_dataclass(old) else name
        raise InputError(f"The key {whole!r} does not name a value; expected for example {inner!r}.")
    new = _changed(old, whole, rest, value) if rest else _parsed(whole, value, type(old))
    return replace(config, **{name: new})


def _parsed(key: str, value: str, kind: type) -> Any:
    try:
        return BOOLS[value.lower()] if kind is bool else kind(value)
    except (ValueError, KeyError) as exc:
        raise InputError(f"{key} is {value!r}; expected a value of type {kind.__name__}.") from exc
