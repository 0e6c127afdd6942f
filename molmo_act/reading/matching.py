"""Finds where a label is written, in spite of typing and reading mistakes."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from molmo_act.reading.grouping import groups
from molmo_act.reading.text import Box, ReadText, Word, union
from molmo_act.reading.words import is_spaceless

LEAST_ALIKE = 0.55
"""Matches of a lower similarity are left out."""
_CUT = "…"
_SHORTEST_CUT = 3
"""Fewest characters before an ellipsis that tell which label it was."""
_CONFUSED = str.maketrans("01i|!58’‘–—", "ollllsb''--")
_ALIKE = 0.3  # of the cost of another letter
_SHORT, _LEAST_OF_SHORT = 2, 0.5
"""Characters of labels that count only as whole words, and the least share of a word that one may begin:
readers take what is drawn behind it, such as an arrow, for a letter."""
_ORNAMENTS = " \t:*•·›»>▼▾▸…."


@dataclass(frozen=True)
class Match:
    """A place where something like a label is written.

    Attributes:
        box: Where it is, in pixels; of a label on several lines, of the widest of them.
        text: What is written there.
        similarity: 1 where it is the label, less with each difference; in [0, 1].
        coverage: Share of the writing at this place that the label is: 1 where it stands alone.
        whole_words: Whether it begins and ends with a word.
        confidence: How sure the reader is of the characters, in [0, 1].
    """

    box: Box
    text: str
    similarity: float
    coverage: float
    whole_words: bool
    confidence: float

    @property
    def middle(self) -> tuple[float, float]:
        """The middle of its box, in pixels."""
        return (self.box[0] + self.box[2]) / 2, (self.box[1] + self.box[3]) / 2


class TextIndex:
    """What was read, arranged for any number of labels that are looked for in it.

    Args:
        text: What was read.

    Attributes:
        text: The same.
    """

    def __init__(self, text: ReadText) -> None:
        self.text = text
        self._groups = [_Group.of(lines) for lines in groups(text)]
        longest = max((len(group.written) for group in self._groups), default=0)
        self._lengths = np.array([len(group.written) for group in self._groups])
        self._letters = np.zeros((len(self._groups), longest), np.int32)
        for row, group in zip(self._letters, self._groups, strict=True):
            row[: len(group.written)] = [*map(ord, group.written)]
        self._alike = _codes_alike(self._letters)

    def find(self, label: str) -> list[Match]:
        """Finds where a label is written.

        Args:
            label: What is looked for. Case, spaces, accents, and characters that look alike count little.

        Returns:
            The matches, the most similar first; at most one in each group of words that stand together.
        """
        wanted = folded(label.strip(_ORNAMENTS) or label)
        if not wanted or not self._groups:
            return []
        distances, ends = self._nearest(wanted)
        near = distances <= (1 - LEAST_ALIKE) * len(wanted)
        found = []
        for number, group in enumerate(self._groups):
            cut = _cut_off(group, wanted)
            if cut is None and not near[number]:
                continue
            distance, end = float(distances[number]), int(ends[number])
            span = cut or (distance, _start(group.written[:end], wanted), end)
            if (match := group.match(wanted, *span)) is not None:
                found.append(match)
        return sorted(
            found, key=lambda match: (-match.similarity, -match.coverage, match.box[1], match.box[0])
        )

    def _nearest(self, wanted: str) -> tuple[np.ndarray, np.ndarray]:
        """In each group the least weighted edit distance of any part to a label, and where that part ends.

        See Sellers, "The theory and computation of evolutionary distances", 1980; a row of his table for all
        groups at once.
        """
        columns = np.arange(self._letters.shape[1] + 1, dtype=np.float32)
        costs = np.zeros((len(self._groups), len(columns)), np.float32)
        codes = np.array([*map(ord, wanted)], np.int32)
        for letter, alike in zip(codes, _codes_alike(codes), strict=True):
            change = np.where(self._letters == letter, 0, np.where(self._alike == alike, _ALIKE, 1))
            new = costs + 1  # the label's letter is not written
            np.minimum(new[:, 1:], costs[:, :-1] + change, out=new[:, 1:])
            costs = np.minimum.accumulate(new - columns, axis=1) + columns  # letters too many are written
        costs[columns > self._lengths[:, None]] = np.inf
        ends = costs.argmin(axis=1)
        return np.take_along_axis(costs, ends[:, None], axis=1)[:, 0].round(4), ends


def find_label(text: ReadText, label: str) -> list[Match]:
    """Finds where one label is written, see `TextIndex.find`."""
    return TextIndex(text).find(label)


def folded(text: str) -> str:
    """Reduces a text to what is compared: small letters without spaces and accents.

    Example:
        >>> folded("Café  Noir")
        'cafenoir'
    """
    letters = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in letters if not unicodedata.combining(letter) and not letter.isspace())


@dataclass(frozen=True)
class _Group:
    """Words that stand together, in lines, with all their letters in one string."""

    lines: Sequence[Sequence[Word]]
    words: Sequence[Word]
    written: str
    owner: Sequence[int]

    @classmethod
    def of(cls, lines: Sequence[Sequence[Word]]) -> _Group:
        words = [word for line in lines for word in line]
        letters = [folded(word.text) for word in words]
        owner = [number for number, text in enumerate(letters) for _ in text]
        return cls(lines, words, "".join(letters), owner)

    def match(self, wanted: str, distance: float, first: int, last: int) -> Match | None:
        """The match that a part of the letters makes; None where a smaller group has it, too."""
        similarity = 1 - distance / len(wanted)
        if similarity < LEAST_ALIKE or last <= first:
            return None
        owner = self.owner
        numbers = sorted(set(owner[first:last]))
        lines = _touched(self.lines, numbers)
        if len(lines) < len(self.lines):
            return None
        starts = first == 0 or owner[first - 1] != owner[first]
        ends = last == len(owner) or owner[last] != owner[last - 1]
        if len(wanted) <= _SHORT and not (starts and ends) and not self._is_most(wanted, first, last):
            return None
        boxes = (_spanned(self.words, owner, line, first, last) for line in lines)
        return Match(
            max(boxes, key=lambda box: box[2] - box[0]),
            " ".join(self.words[number].text for number in numbers),
            similarity,
            (last - first) / len(owner),
            starts and ends,
            min(self.words[number].confidence for number in numbers),
        )

    def _is_most(self, wanted: str, first: int, last: int) -> bool:
        """Whether a short label is all that is written but for a mark, and not a digit of a number."""
        if is_spaceless(wanted):
            return True
        is_number = self.written.replace(".", "").isdecimal()
        return first == 0 and not is_number and last >= _LEAST_OF_SHORT * len(self.written)


def _cut_off(group: _Group, wanted: str) -> tuple[float, int, int] | None:
    """A label whose end an ellipsis stands for: a distance of a tenth, and what of it is written."""
    if not group.words[-1].text.endswith((_CUT, "...", "..")):
        return None
    begun = group.written.rstrip(".…")
    if len(begun) < _SHORTEST_CUT or len(begun) >= len(wanted):
        return None
    if weighted_distance(begun, wanted[: len(begun)]) > 0.2 * len(begun):
        return None
    return 0.1 * len(wanted), 0, len(group.written)


def _start(written: str, wanted: str) -> int:
    """Where the part of a text that ends with it begins, which is nearest to a label."""
    if written.endswith(wanted):
        return len(written) - len(wanted)
    backwards = written[::-1][: 2 * len(wanted)]
    distances = _prefix_distances(wanted[::-1], backwards)
    return len(written) - min(range(len(distances)), key=distances.__getitem__)


def _touched(group: Sequence[Sequence[Word]], numbers: Sequence[int]) -> list[list[int]]:
    """Of each line of a group the words among some of them, without lines that have none."""
    lines, first = [], 0
    for line in group:
        lines.append([number for number in numbers if first <= number < first + len(line)])
        first += len(line)
    return [line for line in lines if line]


def _spanned(words: Sequence[Word], owner: Sequence[int], line: Sequence[int], first: int, last: int) -> Box:
    """The box around a span of characters in some words of one line."""
    boxes = []
    for number in line:
        places = [place for place in range(len(owner)) if owner[place] == number]
        begin = max(first, places[0]) - places[0]
        end = min(last, places[-1] + 1) - places[0]
        x0, y0, x1, y1 = words[number].box
        wide = (x1 - x0) / len(places)
        boxes.append((x0 + begin * wide, y0, x0 + end * wide, y1))
    box = boxes[0]
    for other in boxes[1:]:
        box = union(box, other)
    return box


def weighted_distance(first: str, second: str) -> float:
    """Gives the edit distance of two folded texts, where letters that look alike differ less.

    Example:
        >>> weighted_distance("edit", "edlt"), weighted_distance("edit", "exit")
        (0.3, 1.0)
    """
    return _prefix_distances(first, second)[-1]


def _prefix_distances(whole: str, text: str) -> list[float]:
    """The weighted edit distance of a text to each beginning of another, the empty one first."""
    costs = [float(column) for column in range(len(text) + 1)]
    for row, letter in enumerate(whole, 1):
        diagonal, costs[0] = costs[0], float(row)
        for column, other in enumerate(text, 1):
            best = min(diagonal + _cost(letter, other), costs[column] + 1, costs[column - 1] + 1)
            diagonal, costs[column] = costs[column], best
    return costs


def _cost(first: str, second: str) -> float:
    if first == second:
        return 0.0
    return _ALIKE if first.translate(_CONFUSED) == second.translate(_CONFUSED) else 1.0


def _codes_alike(codes: np.ndarray) -> np.ndarray:
    """Codes of characters, one for all that look alike."""
    found = codes.copy()
    for code, other in _CONFUSED.items():
        found[codes == code] = other
    return found
