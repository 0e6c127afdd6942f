"""Stated: reads values of a settings file, each with a check, so that nothing wrong is noticed later only."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from molmo_act.errors import InputError
from molmo_act.validation import check_choice, check_int, check_kind, check_number, wrong

MOST = 2**24
"""Of any size; the largest vocabularies have 2**18 words."""
LEAST = 1e-6
"""Of what numbers are divided by: a float32 has to hold what comes of it."""


@dataclass(frozen=True)
class Stated:
    """A part of a settings file. Errors name a value by the keys that lead to it: "config.vocab_size".

    Attributes:
        said: Values by name.
        name: The keys that lead here; empty for the whole file.
    """

    said: Mapping[str, Any]
    name: str = ""

    def place(self, key: str) -> str:
        """What errors call a value."""
        return f"{self.name}.{key}" if self.name else key

    def value(self, key: str) -> Any:
        """A value of any type.

        Args:
            key: Its name.

        Returns:
            The value.

        Raises:
            InputError: There is none of that name; as in the other methods, which check it, too.
        """
        if key not in self.said:
            raise InputError(f"it lacks {self.place(key)}.")
        return self.said[key]

    def part(self, key: str) -> Stated:
        """Values by name."""
        value = self.value(key)
        check_kind(self.place(key), value, Mapping, "values by name")
        return Stated(value, self.place(key))

    def whole(self, key: str, *, least: int = 1, most: int = MOST) -> int:
        """A whole number."""
        return check_int(self.place(key), self.value(key), least=least, most=most)

    def divisor(self, key: str) -> float | None:
        """A number that others are divided by; None for none, or where nothing is said."""
        return check_number(self.place(key), self.said.get(key), least=LEAST, most=1 / LEAST, none="for none")

    def flag(self, key: str) -> bool:
        """True or False."""
        value = self.value(key)
        check_kind(self.place(key), value, bool, "true or false")
        return bool(value)

    def choice(self, key: str, choices: Collection[str]) -> str:
        """One of a few words."""
        return check_choice(self.place(key), self.value(key), choices)

    def text(self, key: str) -> str:
        """Text that can be written."""
        return check_text(self.place(key), self.value(key))

    def items(self, key: str, count: int) -> Sequence[Any]:
        """A list of a certain length."""
        values = self.value(key)
        if not isinstance(values, (list, tuple)) or len(values) != count:
            raise wrong(self.place(key), values, f"a list of {count}")
        return values

    def wholes(self, key: str, count: int, *, least: int = 1) -> list[int]:
        """So many whole numbers."""
        values = self.items(key, count)
        return [check_int(self.place(key), value, least=least, most=MOST) for value in values]

    def numbers(self, key: str, count: int, *, least: float = -1000, most: float = 1000) -> list[float]:
        """So many numbers within bounds."""
        values = self.items(key, count)
        return [check_number(self.place(key), value, least=least, most=most) for value in values]


def check_text(name: str, value: object) -> str:
    """Checks a text that is read by a tokenizer, or shown.

    Args:
        name: What errors call it.
        value: What was said.

    Returns:
        The text.

    Raises:
        InputError: It is none, or holds half a surrogate pair, which cannot be written as UTF-8.
    """
    try:
        if isinstance(value, str) and value.encode() is not None:
            return value
    except UnicodeEncodeError:
        pass
    raise wrong(name, value, "text")
