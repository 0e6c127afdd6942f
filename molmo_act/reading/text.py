"""ReadText: what a reader found written in an image, as lines of words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from molmo_act.errors import InputError
from molmo_act.outputs.serialization import PIXEL_DIGITS, need, number, pair, rounded, rows, to_json

if TYPE_CHECKING:
    from typing_extensions import Self

Box = tuple[float, float, float, float]
"""(x0, y0, x1, y1), pixels of the image; right and bottom edges excluded."""


def union(first: Box, second: Box) -> Box:
    """Gives the smallest box around two boxes."""
    x0, y0, x1, y1 = first
    return min(x0, second[0]), min(y0, second[1]), max(x1, second[2]), max(y1, second[3])


def overlap(first: Box, second: Box) -> float:
    """Gives the area that two boxes share, in square pixels."""
    wide = min(first[2], second[2]) - max(first[0], second[0])
    high = min(first[3], second[3]) - max(first[1], second[1])
    return max(wide, 0.0) * max(high, 0.0)


@dataclass(frozen=True)
class Word:
    """A word that was read.

    Attributes:
        text: Its characters.
        box: Where they are, in pixels of the image.
        confidence: The reader's own probability of its characters, in [0, 1].
    """

    text: str
    box: Box
    confidence: float


@dataclass(frozen=True)
class TextLine:
    """Words that stand beside one another.

    Attributes:
        words: At least one, in reading order.
        box: Where the line is, in pixels of the image.
    """

    words: tuple[Word, ...]
    box: Box

    def __post_init__(self) -> None:
        if not self.words:
            raise InputError("A line of text has no words; expected at least one.")

    @property
    def text(self) -> str:
        """Its words, one space between two of them."""
        return " ".join(word.text for word in self.words)

    @property
    def confidence(self) -> float:
        """The lowest confidence of its words, in [0, 1]."""
        return min(word.confidence for word in self.words)


@dataclass(frozen=True)
class ReadText:
    """Everything that a reader found written in an image.

    Attributes:
        lines: From top to bottom, those of one height from left to right.
        image_size: (width, height) of the image in pixels.
        truncated: Whether the time was up before everything had been read.
    """

    lines: tuple[TextLine, ...]
    image_size: tuple[int, int]
    truncated: bool = False

    def __iter__(self) -> Iterator[TextLine]:
        return iter(self.lines)

    def __len__(self) -> int:
        return len(self.lines)

    @property
    def text(self) -> str:
        """The lines as text, a line each."""
        return "\n".join(line.text for line in self.lines)

    def to_dict(self) -> dict[str, object]:
        """Gives the text as values that JSON can hold.

        Returns:
            ``image_size`` [width, height]; ``lines``, each with ``text``, ``box`` [x0, y0, x1, y1] in pixels,
            ``confidence`` and ``words``, which have ``text``, ``box`` and ``confidence``; ``truncated``.
        """
        return {
            "image_size": list(self.image_size),
            "lines": [
                {**_written(line), "words": [_written(word) for word in line.words]} for line in self.lines
            ],
            "truncated": self.truncated,
        }

    def to_json(self) -> str:
        """Gives what `to_dict` gives as one line of strict JSON, without its end."""
        return to_json(self.to_dict())

    @classmethod
    def from_dict(cls, values: Mapping[str, object]) -> Self:
        """Makes the text of what `to_dict` gave.

        Args:
            values: The dictionary, also out of JSON.

        Returns:
            The text.

        Raises:
            InputError: A key is missing, or a value is of another kind.
        """
        lines = tuple(
            TextLine(tuple(_word(word) for word in rows(line, "words")), _box(line))
            for line in rows(values, "lines")
        )
        return cls(lines, pair(need(values, "image_size", list)), need(values, "truncated", bool))


def _word(row: Mapping[str, object]) -> Word:
    return Word(need(row, "text", str), _box(row), number(row, "confidence"))


def _box(row: Mapping[str, object]) -> Box:
    sides = need(row, "box", list)
    if len(sides) != 4:
        raise InputError(f"'box' has {len(sides)} entries; expected [x0, y0, x1, y1] in pixels.")
    x0, y0, x1, y1 = (number({"box": side}, "box") for side in sides)
    return x0, y0, x1, y1


def _written(part: Word | TextLine) -> dict[str, object]:
    box = [rounded(side, PIXEL_DIGITS) for side in part.box]
    return {"text": part.text, "box": box, "confidence": rounded(part.confidence)}
