"""What a reader knows about a query: places where its label is written, each with its evidence as numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass

from molmo_act.reading.matching import Match, TextIndex
from molmo_act.reading.query import ParsedQuery, Reading
from molmo_act.reading.text import Box, overlap
from molmo_act.reading.words import BESIDE

MOST = 6
"""Candidates that are kept of each reading of a query."""
_LEAST_OF_OTHERS = 0.9
"""Similarity below which a less likely reading counts for nothing: "the 1 button" is not "Buttons"."""
_SAME = 0.5  # share of the smaller box


@dataclass(frozen=True)
class Candidate:
    """A place where a query's label is written.

    Attributes:
        match: What is written there.
        reading: How the query was understood.
        rivals: Other places where the label is written as well, or nearly.
        chosen: 1 where the query says which of several it means and this is the one, -1 where it is another,
            0 where it does not say.
    """

    match: Match
    reading: Reading
    rivals: int = 0
    chosen: int = 0

    @property
    def likeness(self) -> float:
        """Similarity and coverage in one number, by which candidates are ordered; in [0, 1]."""
        match = self.match
        part = 0.75 + 0.25 * match.coverage if match.whole_words else 0.5 + 0.25 * match.coverage
        return match.similarity * part * self.reading.weight


def candidates(index: TextIndex, query: ParsedQuery) -> list[Candidate]:
    """Finds where the label of a query is written, in any way to understand it.

    Args:
        index: What was read.
        query: What is asked.

    Returns:
        Places that do not overlap, the best first.
    """
    found = [
        Candidate(match, reading)
        for reading in query.readings
        for match in index.find(reading.label)[:MOST]
        if reading.weight == 1 or match.similarity >= _LEAST_OF_OTHERS
    ]
    found.sort(key=lambda candidate: -candidate.likeness)
    kept: list[Candidate] = []
    for candidate in found:
        if not any(_same_place(candidate.match.box, other.match.box) for other in kept):
            kept.append(candidate)
    kept = kept[:MOST]
    near = [sum(other.likeness >= 0.97 * one.likeness for other in kept) - 1 for one in kept]
    wanted = _which(kept, near, query)
    return [
        Candidate(one.match, one.reading, rivals, 0 if wanted is None else 1 if number == wanted else -1)
        for number, (one, rivals) in enumerate(zip(kept, near, strict=True))
    ]


def _which(kept: list[Candidate], near: list[int], query: ParsedQuery) -> int | None:
    """The number of the candidate that an ordinal or a side means; None where nothing is said."""
    equal = [number for number, one in enumerate(kept) if one.likeness >= 0.97 * kept[0].likeness]
    if not equal or (query.ordinal is None and query.side is None):
        return None

    def place(number: int) -> tuple[float, float]:
        x, y = kept[number].match.middle
        return y, x

    ordered = sorted(equal, key=place)
    if query.side in ("left", "right"):
        ordered.sort(key=lambda number: place(number)[1])
    if query.side is not None:
        return ordered[0 if query.side in ("top", "left") else -1]
    index = -1 if query.ordinal == -1 else (query.ordinal or 1) - 1
    return ordered[index] if index < len(ordered) else -1  # the third of two is none of them


def _same_place(first: Box, second: Box) -> bool:
    least = min((box[2] - box[0]) * (box[3] - box[1]) for box in (first, second))
    return overlap(first, second) > _SAME * least


TEXT_FEATURES = (
    "difference",
    "not exact",
    "uncovered",
    "not whole words",
    "doubt of the reader",
    "rivals",
    "short label",
    "beside its label",
    "control found",
    "no kind",
    "meant one",
    "other one meant",
    "model agrees",
    "model says absent",
)
"""Names of the numbers that `text_features` gives."""


def text_features(candidate: Candidate, agreement: float, absent: float, control: float = 0.0) -> list[float]:
    """Gives the evidence for a place as numbers of about the same size, for a logistic regression.

    Args:
        candidate: The place.
        agreement: Score of the model's best point at this place, 0 where it points elsewhere.
        absent: The model's probability that nothing matches, NaN where it is not known.
        control: Probability of the control that was found beside the label, 0 without any.

    Returns:
        A number for each of `TEXT_FEATURES`.
    """
    match, reading = candidate.match, candidate.reading
    kind = reading.kind
    return [
        4 * (1 - match.similarity),
        float(match.similarity < 1),
        1 - match.coverage,
        float(not match.whole_words),
        4 * (1 - match.confidence),
        math.log1p(max(candidate.rivals, 0)),
        float(len(reading.label) <= 2),
        float(kind in BESIDE),
        control,
        float(kind is None),
        float(candidate.chosen > 0),
        float(candidate.chosen < 0),
        agreement,
        0.5 if math.isnan(absent) else absent,
    ]
