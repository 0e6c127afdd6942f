"""What a caller asks for: images, queries and bounds of the answer, checked before a model runs."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, TypeVar

from molmo_act.errors import InputError, QueryError
from molmo_act.validation import check_choice, check_int, check_number

MAX_QUERY_LENGTH = 2000  # characters
MAX_QUESTION_LENGTH = 20_000
"""Most characters of a question, which may tell a story before it asks."""
ORDERS = ("reference", "masked")
"""What happens when the best patch lies before the last point; see `generation.sampling.DecodingRules`."""
WINDOW_MODES = ("full", "sliding")
"""How a window of frames is read, see `molmo_act.generation.sliding_window`."""
OWN = "for the checkpoint's own number"
"""What None stands for where a checkpoint has a setting of its own."""

_Image = TypeVar("_Image")


MOST_POINTS = 1_000_000
"""Of an answer; far more than any model writes, and a number that every tensor takes."""


@dataclass(frozen=True)
class Bounds:
    """How much of an answer is wanted.

    Attributes:
        max_points: Most points; None for all.
        min_score: Points of a lower score, in [0, 1], are left out.
        timeout: Seconds for decoding a batch; None to wait.
        order: What happens when the best patch lies before the last point: "reference" or "masked".
        exactly: Number of points, forced where the model would find another; None for as many as it finds.

    Raises:
        InputError: A number is out of range, the order is unknown, or more points are forced than allowed.
    """

    max_points: int | None = None
    min_score: float = 0.0
    timeout: float | None = None
    order: str = "reference"
    exactly: int | None = None

    def __post_init__(self) -> None:
        checked = {
            "max_points": _at_most(check_int("max_points", self.max_points, none="for all")),
            "min_score": check_number("min_score", self.min_score, least=0, most=1, what="a probability"),
            "timeout": check_number(
                "timeout", self.timeout, above=0, finite=False, what="seconds", none="to wait"
            ),
            "order": check_choice("order", self.order, ORDERS),
            "exactly": check_int("exactly", self.exactly, none="for as many as the model finds"),
        }
        for name, value in checked.items():
            object.__setattr__(self, name, value)
        if self.exactly is not None and self.max_points is not None and self.exactly > self.max_points:
            raise InputError(
                f"exactly is {self.exactly} and max_points {self.max_points}; expected at most max_points, "
                "or one of them alone."
            )


def _at_most(max_points: int | None) -> int | None:
    return None if max_points is None else min(max_points, MOST_POINTS)


def as_list(values: object) -> list[Any]:
    """Puts a single value into a list.

    Args:
        values: A value, or a list or tuple of values.

    Returns:
        A new list of the values.
    """
    return list(values) if isinstance(values, (list, tuple)) else [values]


def paired(images: Sequence[_Image], queries: Sequence[str]) -> list[tuple[_Image, str]]:
    """Pairs images with queries; a single one of either goes with all of the other.

    Args:
        images: Images of any kind.
        queries: As many queries, or one; or any number with one image.

    Returns:
        Image and query of each pair; none where there are no images or no queries.

    Raises:
        InputError: The numbers differ and neither is one.
    """
    if len(images) != len(queries) and 1 not in (len(images), len(queries)):
        raise InputError(
            f"Got {len(images)} images and {len(queries)} queries; expected as many of both, or one of them."
        )
    length = max(len(images), len(queries)) if images and queries else 0
    images = list(images) * length if len(images) == 1 else images
    queries = list(queries) * length if len(queries) == 1 else queries
    return list(zip(images, queries, strict=True)) if length else []


def check_span(start: float, end: float | None) -> float:
    """Checks the part of a video that is asked about.

    Args:
        start: Seconds at which it begins.
        end: Seconds at which it ends; None for the end of the video.

    Returns:
        The end in seconds, infinite for None.

    Raises:
        InputError: They are not numbers with 0 ≤ start < end.
    """
    check_number("start", start, least=0, what="seconds")
    last = check_number("end", end, finite=False, what="seconds", none="for the end of the video")
    if last is None:
        return math.inf
    if last <= start:
        raise InputError(f"start is {start} and end is {end}; expected 0 ≤ start < end, in seconds.")
    return last


def check_start(length: float, start: float) -> None:
    """Checks that a part of a video begins before its end.

    Args:
        length: Seconds of the video.
        start: Second at which the part begins.

    Raises:
        InputError: The video ends before.
    """
    if length < start:
        raise InputError(
            f"The video ends at {length:.2f} s, before start={start}; expected an earlier start."
        )


def check_query(query: object, what: str = "query", longest: int = MAX_QUERY_LENGTH) -> None:
    """Refuses what no model could read as a query.

    `PointingRuntime.check_query` also knows the control tokens of its model.

    Args:
        query: What a caller gave as a query.
        what: What errors call it.
        longest: Most characters.

    Raises:
        QueryError: It is not text, shows nothing, is too long, or holds half of a character, a letter of
            countless accents, or a token such as ``<|im_end|>``.
    """
    if not isinstance(query, str):
        raise QueryError(f"The {what} is a {type(query).__name__}; expected words, such as 'the red mug'.")
    if any(unicodedata.category(character) == "Cs" for character in query):
        raise QueryError(
            f"The {what} {query[:60]!a} holds a lone surrogate, half of a character; expected Unicode text. "
            "Decode it from UTF-16 or from the escapes of JSON as a whole."
        )
    if not any(map(_is_visible, query)):
        shown = f": {query[:20]!a} shows nothing" if query else ""
        raise QueryError(f"The {what} is empty{shown}; expected words, such as 'the red mug'.")
    if len(query) > longest:
        raise QueryError(f"The {what} has {len(query)} characters; expected at most {longest}. Shorten it.")
    accents = max((len(list(run)) for is_accent, run in groupby(query, _is_accent) if is_accent), default=0)
    if accents > MOST_ACCENTS:
        raise QueryError(
            f"The {what} {query[:20]!a} has {accents} accents on one letter; expected words, with at most "
            f"{MOST_ACCENTS} on a letter. Leave them out."
        )
    if _CHAT_MARK.search(query):
        raise QueryError(
            f"The {what} {query[:60]!r} holds a control token of language models; expected plain words."
        )


MOST_ACCENTS = 30
"""Of one letter, as in the stream-safe text format of Unicode (UAX 15); with more, answers never end."""
_CHAT_MARK = re.compile(r"<\|\w+\|>")
"""Control tokens as all models write them; `PointingRuntime.check_query` knows the others of its model."""
_BLANK_LETTERS = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and symbols that fonts draw as nothing: fillers of Hangul, and the empty Braille cell."""


def _is_accent(character: str) -> bool:
    """Whether it is drawn on the letter before it."""
    return unicodedata.category(character) in ("Mn", "Me")


def _is_visible(character: str) -> bool:
    """Whether it is a letter, number, punctuation mark or symbol that is drawn; accents alone are not."""
    return unicodedata.category(character)[0] in "LNPS" and character not in _BLANK_LETTERS
