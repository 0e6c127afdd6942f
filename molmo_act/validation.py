"""Checks arguments: one function for each kind, and one wording for all errors."""

from __future__ import annotations

import math
import numbers
import os
import sys
from collections.abc import Collection
from typing import overload

from molmo_act.errors import InputError


@overload
def check_int(name: str, value: object, *, least: int = ..., most: int | None = ...) -> int: ...


@overload
def check_int(
    name: str, value: object, *, least: int = ..., most: int | None = ..., none: str
) -> int | None: ...


def check_int(
    name: str, value: object, *, least: int = 1, most: int | None = None, none: str | None = None
) -> int | None:
    """Checks an argument that is a whole number.

    Args:
        name: What the caller calls it.
        value: What was given; integers of NumPy count, booleans and floats do not.
        least: The smallest that is accepted.
        most: The largest that is accepted; None for no bound.
        none: What None stands for, such as "for all"; None is refused unless this is given.

    Returns:
        The number as a plain int, or None where that was given and is accepted.

    Raises:
        InputError: It is none of these.
    """
    if value is None and none is not None:
        return None
    bounds = f"of at least {least}" if most is None else f"from {least} to {most}"
    upper = math.inf if most is None else most
    if isinstance(value, bool) or not isinstance(value, numbers.Integral) or not least <= int(value) <= upper:
        raise wrong(name, value, f"a whole number {bounds}" + _or_none(none))
    return int(value)


@overload
def check_number(
    name: str,
    value: object,
    *,
    above: float | None = ...,
    least: float | None = ...,
    most: float | None = ...,
    finite: bool = ...,
    what: str = ...,
) -> float: ...


@overload
def check_number(
    name: str,
    value: object,
    *,
    above: float | None = ...,
    least: float | None = ...,
    most: float | None = ...,
    finite: bool = ...,
    what: str = ...,
    none: str,
) -> float | None: ...


def check_number(
    name: str,
    value: object,
    *,
    above: float | None = None,
    least: float | None = None,
    most: float | None = None,
    finite: bool = True,
    what: str = "a number",
    none: str | None = None,
) -> float | None:
    """Checks an argument that is a number.

    Args:
        name: What the caller calls it.
        value: What was given; numbers of NumPy count, booleans, texts and NaN do not.
        above: What it must be larger than; None for no such bound.
        least: The smallest that is accepted; None for no bound.
        most: The largest that is accepted; None for no bound.
        finite: Whether infinity is refused.
        what: What it is, such as "seconds".
        none: See `check_int`.

    Returns:
        The number as a plain float, or None where that was given and is accepted.

    Raises:
        InputError: It is none of these.
    """
    if value is None and none is not None:
        return None
    number = _real(value)
    if (
        math.isnan(number)
        or (finite and math.isinf(number))
        or (above is not None and number <= above)
        or (least is not None and number < least)
        or (most is not None and number > most)
    ):
        raise wrong(name, value, what + _bounds(above, least, most) + _or_none(none))
    return number


def check_bool(name: str, value: object) -> bool:
    """Checks an argument that is true or false.

    Args:
        name: What the caller calls it.
        value: What was given; booleans of NumPy count, numbers and texts do not.

    Returns:
        The value as a plain bool.

    Raises:
        InputError: It is neither.
    """
    # Where NumPy is not imported yet, nothing can be of its types.
    numpy = sys.modules.get("numpy")
    if isinstance(value, bool) or (numpy is not None and isinstance(value, numpy.bool_)):
        return bool(value)
    raise wrong(name, value, "True or False")


@overload
def check_choice(name: str, value: object, choices: Collection[str]) -> str: ...


@overload
def check_choice(name: str, value: object, choices: Collection[str], *, none: str) -> str | None: ...


def check_choice(
    name: str, value: object, choices: Collection[str], *, none: str | None = None
) -> str | None:
    """Checks an argument that is one of a few words.

    Args:
        name: What the caller calls it.
        value: What was given.
        choices: The words that are accepted.
        none: See `check_int`.

    Returns:
        The word, or None where that was given and is accepted.

    Raises:
        InputError: It is none of these.
    """
    if value is None and none is not None:
        return None
    if not isinstance(value, str) or value not in choices:
        raise wrong(name, value, " or ".join(map(repr, choices)) + _or_none(none))
    return value


@overload
def check_path(name: str, value: object) -> str | os.PathLike[str]: ...


@overload
def check_path(name: str, value: object, *, none: str) -> str | os.PathLike[str] | None: ...


def check_path(name: str, value: object, *, none: str | None = None) -> str | os.PathLike[str] | None:
    """Checks an argument that is a path; whether anything is there is not looked at.

    Args:
        name: What the caller calls it.
        value: What was given: str or an object such as `pathlib.Path`.
        none: See `check_int`.

    Returns:
        The path as it was given, or None where that was given and is accepted.

    Raises:
        InputError: It is no path, is empty, or holds a null character.
    """
    if value is None and none is not None:
        return None
    path = os.fspath(value) if isinstance(value, os.PathLike) and is_path(value) else value
    if not isinstance(path, str) or not path or "\0" in path:
        raise wrong(name, value, "a path, as str or pathlib.Path" + _or_none(none))
    return value  # type: ignore[return-value]  # str or os.PathLike[str], as just seen


def is_path(value: object) -> bool:
    """Tells whether a value can stand for a path.

    Args:
        value: Anything.

    Returns:
        True for a str, and for objects such as `pathlib.Path` that give one, or bytes, without an error.
    """
    if not isinstance(value, os.PathLike):
        return isinstance(value, str)
    try:
        os.fspath(value)
    except Exception:  # whatever an object of the caller's own raises
        return False
    return True


def check_kind(name: str, value: object, kinds: type | tuple[type, ...], expected: str) -> None:
    """Checks what an argument is an instance of.

    Args:
        name: What the caller calls it.
        value: What was given.
        kinds: What it may be an instance of.
        expected: That in words, such as "a list of texts".

    Raises:
        InputError: It is of another kind.
    """
    if not isinstance(value, kinds):
        raise wrong(name, value, expected)


def wrong(name: str, value: object, expected: str) -> InputError:
    """Makes the error for an argument that cannot be used.

    Args:
        name: What the caller calls it.
        value: What was given.
        expected: What could have been given, a phrase.

    Returns:
        The error.
    """
    return InputError(f"{name} is {_shown(value)}; expected {expected}.")


def _real(value: object) -> float:
    """The number as a float, infinite for more than a float can hold; NaN for what is no number."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        return math.nan
    try:
        return float(value)
    except OverflowError:  # an int of more than 308 digits
        return math.inf if value > 0 else -math.inf  # type: ignore[operator]  # of Real, to numbers


def _bounds(above: float | None, least: float | None, most: float | None) -> str:
    if above is not None:
        return f" above {above:g}" + ("" if most is None else f" and at most {most:g}")
    if least is not None and most is not None:
        return f" between {least:g} and {most:g}"
    if least is not None:
        return f" of at least {least:g}"
    return "" if most is None else f" of at most {most:g}"


def _or_none(none: str | None) -> str:
    return "" if none is None else f", or None {none}"


_MOST_BITS = 128  # of whole numbers that errors show as they are


def _shown(value: object) -> str:
    """The value as the error shows it: short, and with its type where that may be what is wrong."""
    kind = f"of type {type(value).__name__}"
    if type(value) is int and value.bit_length() > _MOST_BITS:
        return f"a whole number of {int(value.bit_length() * math.log10(2)) + 1} digits"
    try:
        text = repr(value)
    except Exception:  # of somebody's own class
        return kind
    if len(text) > 60 or "\n" in text:
        return kind
    plain = value is None or type(value) in (bool, int, float, str)
    return text if plain else f"{text}, {kind}"
