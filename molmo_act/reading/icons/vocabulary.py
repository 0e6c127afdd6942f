"""Vocabulary: what people call icons, and which icon a query asks for."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path

WORD_FILE = Path(__file__).with_name("words.txt")
"""Names beside those that the network's file carries, in several languages."""
_SAME = str.maketrans({"-": " ", "_": " ", "’": "'"})
_TAIL = re.compile(r"\s+(?:icon|symbol|sign|button|glyph|logo|pictogram)s?$")
_HEAD = re.compile(
    r"^(?:an?|the|all|every|each|icons?|symbols?|buttons?|of|for|with|to|showing|that shows|that looks like|"
    r"shaped like|like)\s+"
)

_INSIDE = re.compile(r"\s+(?:the|this|that|my|an?)\s+")  # "close the window"


@dataclass(frozen=True)
class Concept:
    """What an icon may show.

    Attributes:
        name: Its key: "more-vertical".
        spoken: What people call it, the usual word first.
        alike: Keys of concepts that look like it.
    """

    name: str
    spoken: tuple[str, ...]
    alike: tuple[str, ...] = ()


@dataclass(frozen=True)
class Vocabulary:
    """The concepts of an icon network, in the order of its classes.

    Attributes:
        concepts: The concepts.
    """

    concepts: tuple[Concept, ...]

    @cached_property
    def _numbers(self) -> dict[str, list[int]]:
        numbers: dict[str, list[int]] = {}
        for number, concept in enumerate(self.concepts):
            for word in dict.fromkeys(plain(each) for each in (*concept.spoken, concept.name)):
                numbers.setdefault(word, []).append(number)
        return numbers

    def find(self, label: str) -> Sequence[int]:
        """Finds the concepts that people call so.

        Args:
            label: A query without verb and article: "magnifying glass".

        Returns:
            Their numbers; none where nothing is called so.
        """
        wanted = plain(label)
        if not wanted:
            return ()
        for word in (wanted, wanted.removesuffix("s"), f"{wanted}s"):
            if word in self._numbers:
                return tuple(self._numbers[word])
        return ()

    def with_words(self, words: Mapping[str, Sequence[str]]) -> Vocabulary:
        """Gives the vocabulary with more names.

        Args:
            words: Key of a concept → its further names; keys of unknown concepts are left out.
        """
        return Vocabulary(
            tuple(
                replace(concept, spoken=(*concept.spoken, *words.get(concept.name, ())))
                for concept in self.concepts
            )
        )

    def to_json(self) -> str:
        """Gives the vocabulary as JSON."""
        return json.dumps([asdict(concept) for concept in self.concepts], ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Vocabulary:
        """Makes the vocabulary of what `to_json` gave.

        Args:
            text: The JSON.

        Raises:
            ValueError: It is no JSON.
            KeyError: A concept has no name or no words.
        """
        return cls(
            tuple(
                Concept(row["name"], tuple(row["spoken"]), tuple(row.get("alike", ())))
                for row in json.loads(text)
            )
        )


def further_words(file: Path = WORD_FILE) -> dict[str, tuple[str, ...]]:
    """Reads ``words.txt``: key of a concept → names."""
    words = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        name, colon, names = line.partition(":")
        if colon and not line.startswith("#"):
            words[name.strip()] = tuple(each.strip() for each in names.split(","))
    return words


def plain(label: str) -> str:
    """Gives a name of an icon without case, hyphens, and words such as "icon" around it.

    Example:
        >>> plain("The Hamburger-Menu button")
        'hamburger menu'
    """
    said = " ".join(label.casefold().translate(_SAME).split()).strip(" .,!?'\"")
    for pattern in (_TAIL, _HEAD):
        while (rest := pattern.sub("", said)) != said:
            said = rest
    return _INSIDE.sub(" ", said)
