"""Numbers, lists and words as JSON holds them, and back; what is not known is null, never NaN."""

from __future__ import annotations

import json
import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TypeVar

from molmo_act.errors import InputError

Kind = TypeVar("Kind")
Row = Mapping[str, object]
PIXEL_DIGITS = 3
"""Decimals of coordinates: a thousandth of a pixel."""
DIGITS = 6
"""Decimals of probabilities and seconds."""


def to_json(values: Row) -> str:
    """Writes values as one line of strict JSON in ASCII.

    Args:
        values: Strings as keys; numbers are finite.

    Returns:
        The line, without its end.
    """
    return json.dumps(values, allow_nan=False)


class JsonRecord(ABC):
    """A result that JSON can hold."""

    @abstractmethod
    def to_dict(self) -> dict[str, object]:
        """Gives it as values that JSON can hold."""

    def to_json(self) -> str:
        """Gives what `to_dict` gives as one line of strict JSON, without its end."""
        return to_json(self.to_dict())


def rounded(value: float | None, digits: int = DIGITS) -> float | None:
    """Shortens a number for JSON.

    Args:
        value: The number; None or NaN where it is not known.
        digits: How many decimals to keep.

    Returns:
        The number with so many decimals; None for one that is not known.
    """
    return round(float(value), digits) if value is not None and math.isfinite(value) else None


def need(values: Row, key: str, kind: type[Kind]) -> Kind:
    """Reads a value of one kind.

    Args:
        values: What was read from JSON.
        key: Which of them.
        kind: What it must be an instance of.

    Returns:
        The value.

    Raises:
        InputError: It is missing, or of another kind.
    """
    if not isinstance(values, Mapping) or key not in values:
        raise InputError(f"{key!r} is missing in {_shown(values)}; expected what to_dict() gives.")
    value = values[key]
    if not isinstance(value, kind):
        raise InputError(f"{key!r} is {_shown(value)}; expected a {kind.__name__}, as to_dict() gives.")
    return value


def number(values: Row, key: str, unknown: float | None = None) -> float:
    """Reads a number.

    Args:
        values: See `need`.
        key: See `need`.
        unknown: What null means; None where it may not be null.

    Returns:
        The number.

    Raises:
        InputError: It is missing, or no number.
    """
    value = need(values, key, object)
    if value is None and unknown is not None:
        return unknown
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise InputError(f"{key!r} is {_shown(value)}; expected a number, as to_dict() gives.")
    try:
        return float(value)
    except OverflowError as error:
        raise InputError(f"{key!r} has too many digits; expected a number, as to_dict() gives.") from error


def whole(values: Row, key: str) -> int:
    """Reads a whole number of at most 64 bits; see `number`."""
    value = need(values, key, int)
    if isinstance(value, bool) or abs(value) >= 2**63:
        raise InputError(f"{key!r} is {_shown(value)}; expected a whole number, as to_dict() gives.")
    return value


def rows(values: Row, key: str) -> list[Row]:
    """Reads a list of dictionaries; see `need`."""
    found = need(values, key, list)
    for row in found:
        if not isinstance(row, Mapping):
            raise InputError(f"{key!r} holds {_shown(row)}; expected dictionaries, as to_dict() gives.")
    return found


def pair(size: object) -> tuple[int, int]:
    """Reads the size of an image.

    Args:
        size: [width, height] in pixels.

    Returns:
        The same.

    Raises:
        InputError: It is not two whole numbers.
    """
    if isinstance(size, Sequence) and not isinstance(size, str) and len(size) == 2:
        width, height = ({"image_size": one} for one in size)
        return whole(width, "image_size"), whole(height, "image_size")
    raise InputError(f"'image_size' holds {_shown(size)}; expected [width, height] in pixels.")


def _shown(value: object) -> str:
    try:
        return repr(value)[:80]
    except ValueError:  # Python writes no whole number of more than some thousand digits
        return "a number of too many digits"
