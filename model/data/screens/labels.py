"""Labels of interfaces by purpose: common ones from a table, others composed of words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from model.data.paths import WORD_FILE, table_sections
from model.data.random_blocks import RandomBlocks
from molmo_act.errors import PlatformError

COMPOSED_SHARE = 0.3  # of labels made from the word list instead of taken from the lists below


def _labels() -> dict[str, tuple[str, ...]]:
    sections = table_sections("labels.txt").items()
    return {name: tuple(label.strip() for label in " ".join(lines).split(",")) for name, lines in sections}


_LABELS = _labels()
ACTIONS = _LABELS["actions"]
NAVIGATION = _LABELS["navigation"]
MENU_ITEMS = _LABELS["menu_items"]
MENU_ENTRIES = _LABELS["menu_entries"]
FIELDS = _LABELS["fields"]
OPTIONS = _LABELS["options"]
HEADINGS = _LABELS["headings"]
FIRST_NAMES = _LABELS["first_names"]
LAST_NAMES = _LABELS["last_names"]
MONTHS = _LABELS["months"]
DAYS = _LABELS["days"]
COUNTRIES = _LABELS["countries"]
CITIES = _LABELS["cities"]
FILE_ENDINGS = _LABELS["file_endings"]
STATES = _LABELS["states"]
COLUMNS = _LABELS["columns"]

_CASINGS = ("as is",) * 12 + ("title",) * 4 + ("upper",) * 2 + ("lower",) * 2
_POOLS = {
    "action": ACTIONS,
    "navigation": NAVIGATION,
    "menu": MENU_ITEMS,
    "entry": MENU_ENTRIES,
    "field": FIELDS,
    "option": OPTIONS,
    "heading": HEADINGS,
    "column": COLUMNS,
    "state": STATES,
}


@lru_cache(maxsize=2)
def word_list(split: str, path: Path = WORD_FILE) -> tuple[str, ...]:
    """Reads plain English words, common ones first; every fifth word belongs to "eval" and no other.

    Args:
        split: "train" or "eval".
        path: A file with one word on each line, as `python -m model.data.assets.words` writes it.

    Returns:
        The words of the split.

    Raises:
        PlatformError: The list has not been fetched on this machine.
    """
    if not path.exists():
        raise PlatformError(
            f"No word list at {path}; drawn screens need it. Fetch it with: python -m model.data.assets.words"
        )
    words = path.read_text(encoding="ascii").split()
    return tuple(word for rank, word in enumerate(words) if (rank % 5 == 4) == (split == "eval"))


@lru_cache(maxsize=64)
def _popularity(count: int) -> np.ndarray:
    weights = 1.0 / (np.arange(count) + 8.0) ** 0.8
    return np.cumsum(weights / weights.sum())


class LabelWriter:
    """Writes the labels of one image, seldom the same one twice.

    Args:
        rand: Source of all choices.
        words: Words for composed labels, common ones first.
    """

    def __init__(self, rand: RandomBlocks, words: Sequence[str]) -> None:
        self.rand = rand
        self._words = words
        self._used: set[str] = set()
        self._casing = rand.one_of(_CASINGS)

    def label(self, purpose: str) -> str:
        """Writes a label.

        Args:
            purpose: "action", "navigation", "menu", "entry", "field", "option", "heading", "column" or
                "state".

        Returns:
            The label, in the casing of this image.
        """
        for _ in range(6):
            label = self._cased(self._any_label(purpose), purpose)
            if label.casefold() not in self._used or self.rand.chance() < 0.03:
                break
        self._used.add(label.casefold())
        return label

    def value(self) -> str:
        """Writes something a person or a program filled in: a name, a number, a date, a file."""
        return _VALUES[self.rand.below(len(_VALUES))](self)

    def phrase(self, shortest: int, longest: int) -> str:
        """Writes words without meaning in the shape of a sentence.

        Args:
            shortest: Least number of words.
            longest: Largest number of words.

        Returns:
            The words, the first one capitalised.
        """
        count = shortest + self.rand.below(longest - shortest + 1)
        return " ".join(self.word() for _ in range(count)).capitalize()

    def word(self) -> str:
        """Returns a word of the list, common ones more often."""
        return self._words[int(self.rand.chance() ** 2.5 * len(self._words))]

    def word_like(self, label: str) -> str | None:
        """Returns a word that begins like a label, if a few tries find one.

        Args:
            label: The label, at least two letters.

        Returns:
            Another word with the same two letters, capitalised; None when there was none.
        """
        start = label[:2].casefold()
        tries = (self.word() for _ in range(40))
        found = next((word for word in tries if word.startswith(start) and word != label.casefold()), None)
        return found.capitalize() if found else None

    def _popular(self, items: Sequence[str]) -> str:
        rank = int(np.searchsorted(_popularity(len(items)), self.rand.chance()))
        return items[min(rank, len(items) - 1)]

    def _any_label(self, purpose: str) -> str:
        if self.rand.chance() >= COMPOSED_SHARE:
            return self._popular(_POOLS[purpose])
        if purpose in ("action", "heading") and self.rand.chance() < 0.3:
            return f"{self._popular(ACTIONS).split()[0]} {self.word()}"
        count = 1 + (self.rand.chance() < 0.45) + (self.rand.chance() < 0.12)
        return " ".join(self.word() for _ in range(count)).capitalize()

    def _cased(self, label: str, purpose: str) -> str:
        if self._casing == "title" and len(label) > 3:
            return " ".join(word[:1].upper() + word[1:] for word in label.split(" "))
        if self._casing == "upper" and purpose in ("action", "navigation", "column"):
            return label.upper()
        if self._casing == "lower" and purpose in ("action", "navigation", "option"):
            return label.lower()
        return label


def _name(writer: LabelWriter) -> str:
    return f"{writer.rand.one_of(FIRST_NAMES)} {writer.rand.one_of(LAST_NAMES)}"


def _email(writer: LabelWriter) -> str:
    ending = writer.rand.one_of(("com", "org", "net", "io"))
    return f"{writer.rand.one_of(FIRST_NAMES).lower()}@{writer.word()}.{ending}"


def _file(writer: LabelWriter) -> str:
    joint = writer.rand.one_of(("_", "-", ""))
    stem = writer.word() + (joint + writer.word() if joint else "")
    number = str(writer.rand.below(100)) if writer.rand.chance() < 0.2 else ""
    return f"{stem}{number}.{writer.rand.one_of(FILE_ENDINGS)}"


def _number(writer: LabelWriter) -> str:
    digits = 10 ** (1 + writer.rand.below(5))
    return f"{writer.rand.below(digits):,}" if writer.rand.chance() < 0.6 else str(writer.rand.below(digits))


def _money(writer: LabelWriter) -> str:
    return (
        f"{writer.rand.one_of(('$', '$', '€', '£'))}{writer.rand.below(2000):,}.{writer.rand.below(100):02d}"
    )


def _date(writer: LabelWriter) -> str:
    day, month, year = 1 + writer.rand.below(28), writer.rand.below(12), 2015 + writer.rand.below(16)
    return writer.rand.one_of(
        (f"{day} {MONTHS[month]} {year}", f"{MONTHS[month][:3]} {day}", f"{year}-{month + 1:02d}-{day:02d}")
    )


def _time(writer: LabelWriter) -> str:
    return f"{writer.rand.below(24)}:{writer.rand.below(60):02d}"


def _percent(writer: LabelWriter) -> str:
    return f"{writer.rand.below(101)}%"


def _place(writer: LabelWriter) -> str:
    return writer.rand.one_of(CITIES + COUNTRIES + DAYS + MONTHS)


def _code(writer: LabelWriter) -> str:
    return f"{writer.rand.one_of(('#', 'INV-', 'A', 'ORD-', 'ID '))}{1000 + writer.rand.below(9000)}"


_VALUES: tuple[Callable[[LabelWriter], str], ...] = (
    *(_name, _name, _file, _file, _file, _email, _number, _number, _money),
    *(_date, _date, _time, _percent, _place, _place, _code, LabelWriter.word, LabelWriter.word),
)
