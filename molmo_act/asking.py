"""What a caller asks: images, words and bounds, checked. Knows no model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from molmo_act.errors import InputError, QueryError

LONGEST_QUERY = 2000  # characters
MODES = ("reference", "masked")  # see `molmo_act.decoding.choice.Rules`
READINGS = ("exact", "bounded")  # of a window of frames, see `molmo_act.decoding.window`


@dataclass(frozen=True)
class Bounds:
    """How much of an answer is wanted.

    Attributes:
        max_points: Most points; None for all.
        min_score: Points of a lower score are left out.
        timeout: Seconds for decoding a batch; None to wait.
        mode: What happens when the best patch lies before the last point: "reference" or "masked".

    Raises:
        InputError: A number is out of range.
    """

    max_points: int | None = None
    min_score: float = 0.0
    timeout: float | None = None
    mode: str = "reference"

    def __post_init__(self) -> None:
        if self.max_points is not None and (self.max_points < 1 or self.max_points % 1):
            raise InputError(
                f"max_points is {self.max_points}; expected a whole number of at least 1, or None for all."
            )
        if not 0 <= self.min_score <= 1:
            raise InputError(f"min_score is {self.min_score}; expected a probability between 0 and 1.")
        if self.timeout is not None and not self.timeout > 0:
            raise InputError(f"timeout is {self.timeout}; expected seconds above 0, or None to wait.")
        if self.mode not in MODES:
            raise InputError(f"mode is {self.mode!r}; expected {' or '.join(map(repr, MODES))}.")


def as_list(values: Any) -> list[Any]:
    """A list of what was given, alone or in a list or tuple."""
    return list(values) if isinstance(values, (list, tuple)) else [values]


def paired(images: Sequence[Any], queries: Sequence[str]) -> list[tuple[Any, str]]:
    """Every image with its query; a single one of either goes with all of the other.

    Raises:
        InputError: As many of both, or one of either, was expected.
    """
    if len(images) != len(queries) and 1 not in (len(images), len(queries)):
        raise InputError(
            f"Got {len(images)} images and {len(queries)} queries; expected as many of both, or one of them."
        )
    length = max(len(images), len(queries)) if images and queries else 0
    images = list(images) * length if len(images) == 1 else images
    queries = list(queries) * length if len(queries) == 1 else queries
    return list(zip(images, queries, strict=True)) if length else []


def check_query(query: Any) -> None:
    """Refuses what no model could read as a query.

    Raises:
        QueryError: It is not text, empty, too long, or holds control tokens.
    """
    if not isinstance(query, str):
        raise QueryError(f"The query is a {type(query).__name__}; expected words, such as 'the red mug'.")
    if not query.strip():
        raise QueryError("The query is empty; expected words, such as 'the red mug'.")
    if len(query) > LONGEST_QUERY:
        raise QueryError(
            f"The query has {len(query)} characters; expected at most {LONGEST_QUERY}. Shorten it."
        )
    if "<|" in query or "<im_" in query:
        raise QueryError(
            f"The query {query[:60]!r} holds a control token of the model; expected plain words."
        )
