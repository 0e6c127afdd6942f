"""The readers that have a name; importing it needs nothing."""

from __future__ import annotations

from collections.abc import Mapping

from molmo_act.errors import InputError

READER_NAMES = ("rapidocr",)
"""Names that `molmo_act.reading.opening.open_reader` takes."""
SCRIPTS: Mapping[str, frozenset[str]] = {
    "rapidocr": frozenset({"LATIN", "GREEK", "CJK", "HIRAGANA", "KATAKANA"}),
}
"""Scripts that each of them knows, see `molmo_act.reading.scripts`."""


def check_reader(name: str | None) -> None:
    """Refuses an unknown name of a reader.

    Args:
        name: The name; None for none.

    Raises:
        InputError: There is no such reader.
    """
    if name is not None and name not in READER_NAMES:
        raise InputError(f"reader is {name!r}; expected {expected_readers()}, or None.")


def expected_readers() -> str:
    """Says which names there are, for messages."""
    return " or ".join(map(repr, READER_NAMES))
