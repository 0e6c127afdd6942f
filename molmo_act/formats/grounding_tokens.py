"""Points ⇄ grounding tokens: the one serializer of answers with points, for inference and for training.

An answer with points reads `<points coords="` (patch subpatch location number)+ no-more `">` label
`</points>`. Patch, subpatch, location and "no more points" are ids that belong to the prompt, behind the
ordinary vocabulary (`PromptIds`); the number is that of the point's object. `patch_geometry` says where on
the image such a triple lies.

Ids stay integers on the way: `write_points` gives words with ids among them, `AnswerGrammar.parse` reads ids.
Only released code, and people, see ids as text: ``<POINT_n>`` is id n behind the vocabulary.
`point_extraction` reads that.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from molmo_act.errors import CheckpointError
from molmo_act.formats.protocols import GroundingConfig, Tokenizer

logger = logging.getLogger(__name__)

GroundedText: TypeAlias = "list[str | int]"
"""Words with grounding ids among them."""

_TAG = "points"
_LIST_END = '">'
_FILLER = re.compile(r"^(the|a|an|all|every|each)\s+", re.IGNORECASE)
MOST_DIGITS = 9
"""Of a number in an answer; longer ones come from a model that repeats itself."""


@dataclass(frozen=True)
class PromptIds:
    """The grounding ids of one prompt, which go on behind the ordinary vocabulary.

    In this order: P patches, "no more points" where the model has that class, K subpatches, L locations.

    Attributes:
        start: Id of the first patch: the size of the ordinary vocabulary.
        num_patches: Number of image tokens P of the prompt.
        num_subpatches: Number of slots K of a pooling window.
        num_locations: Number of locations L inside a ViT patch; 0 when points consist of patch and subpatch.
        no_more_points_class: Whether the id behind the last patch means "no more points".
    """

    start: int
    num_patches: int
    num_subpatches: int
    num_locations: int = 9
    no_more_points_class: bool = True

    @classmethod
    def of(cls, config: GroundingConfig, token_pooling: ArrayLike) -> PromptIds:
        """The ids of a prompt for a model.

        Args:
            config: Configuration of the model.
            token_pooling: int (P, K) ViT patches behind every image token of the prompt.

        Returns:
            The ids.
        """
        patches, slots = np.asarray(token_pooling).shape
        return cls(
            config.extended_vocab_start, patches, slots, config.num_locations, config.no_more_points_class
        )

    @property
    def no_more_points(self) -> int:
        """Id of "no more points"."""
        return self.start + self.num_patches

    @property
    def subpatch_start(self) -> int:
        """Id of the first subpatch."""
        return self.start + self.num_patches + int(self.no_more_points_class)

    @property
    def location_start(self) -> int:
        """Id of the first location."""
        return self.subpatch_start + self.num_subpatches

    @property
    def point_length(self) -> int:
        """How many ids a point has: 3, or 2 without locations."""
        return 3 if self.num_locations else 2

    def encode(self, triples: ArrayLike) -> np.ndarray:
        """Turns points into ids.

        Args:
            triples: int (N, 3) patch, subpatch and location.

        Returns:
            int64 (N, `point_length`) ids.
        """
        rows = np.asarray(triples, dtype=np.int64).reshape(-1, 3)[:, : self.point_length]
        ids: np.ndarray = rows + self._starts
        return ids

    def decode(self, ids: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
        """Turns ids into points.

        Args:
            ids: int (N, `point_length`).

        Returns:
            int64 (N, 3) triples, -1 for the location of a model without; and bool (N,): whether all parts
            name something in this prompt.
        """
        triples = np.full((len(np.asarray(ids)), 3), -1)
        triples[:, : self.point_length] = np.asarray(ids).reshape(-1, self.point_length) - self._starts
        counts = np.array([self.num_patches, self.num_subpatches, self.num_locations])
        wrong = ((triples < 0) | (triples >= counts))[:, : self.point_length]
        return triples, np.count_nonzero(wrong, axis=1) == 0

    def text(self, ids: Iterable[int]) -> str:
        """Ids as people and released code read them.

        Args:
            ids: Grounding ids.

        Returns:
            ``<POINT_n>`` of each.
        """
        return "".join(f"<POINT_{token - self.start}>" for token in ids)

    @property
    def _starts(self) -> np.ndarray:
        return np.array([self.start, self.subpatch_start, self.location_start])[: self.point_length]


def grounding_start(tokenizer: Tokenizer) -> int:
    """Id of the first patch of every prompt, by its name in the tokenizer of a checkpoint.

    Args:
        tokenizer: Has names ``<POINT_n>`` for the ids behind the ordinary vocabulary.

    Returns:
        The `extended_vocab_start` of the checkpoint's configuration.

    Raises:
        CheckpointError: The tokenizer has no such names.
    """
    vocabulary = tokenizer.get_vocab()
    if "<POINT_0>" not in vocabulary:
        raise CheckpointError(
            "The tokenizer has no token <POINT_0>; expected the tokenizer of a MolmoPoint checkpoint."
        )
    return int(vocabulary["<POINT_0>"])


class ParsedPoints(NamedTuple):
    """The N points of an answer, in the order of the answer.

    Attributes:
        positions: int64 (N,) place of the first id of each point in the answer.
        object_ids: int64 (N,) number behind each point.
        triples: int64 (N, 3) patch, subpatch and location; the location is -1 for a model without.
    """

    positions: np.ndarray
    object_ids: np.ndarray
    triples: np.ndarray


@dataclass(frozen=True)
class AnswerGrammar:
    """What an answer looks like in the ids of a tokenizer.

    What is nearly certain in an answer can be drafted before the model says it; `opening`, `closing`,
    `numbers` and `after_points` are such guesses.

    Attributes:
        opening: Ids of `<points coords="`.
        list_end: First id of what ends a list of points behind the last grounding id, `">`.
        closing: Ids of `</points>`.
        end_ids: Any of them ends an answer.
        numbers: First id of the number of each point: entry n is that of n.
        digits: What each id of a digit stands for.
        space: Id of a single space; None where the tokenizer has none.
        tokenizer: Turns other words into ids, and ids into words.
    """

    opening: tuple[int, ...]
    list_end: int
    closing: tuple[int, ...]
    end_ids: frozenset[int]
    numbers: tuple[int, ...]
    digits: Mapping[int, int]
    space: int | None
    tokenizer: Tokenizer

    @classmethod
    def of(cls, tokenizer: Tokenizer) -> AnswerGrammar:
        """The grammar in the ids of a tokenizer.

        Args:
            tokenizer: Every digit is a token of its own in it.

        Returns:
            The grammar.

        Raises:
            CheckpointError: The tokenizer cannot write an answer: it has no words for its parts.
        """

        def ids(text: str) -> tuple[int, ...]:
            found = tuple(tokenizer.encode(text, add_special_tokens=False))
            if not found:
                raise _no_words(text)
            return found

        digits = [ids(str(digit))[0] for digit in range(10)]
        if len(set(digits)) < len(digits):
            raise _no_words("0123456789")
        space = tuple(tokenizer.encode(" ", add_special_tokens=False))
        return cls(
            opening=ids(_opening(_TAG)),
            list_end=ids(_LIST_END)[0],
            closing=ids(_closing(_TAG)),
            end_ids=frozenset({int(tokenizer.eos_token_id)}),
            numbers=tuple(digits[int(str(number)[0])] for number in range(1000)),
            digits={token: digit for digit, token in enumerate(digits)},
            space=space[0] if len(space) == 1 else None,
            tokenizer=tokenizer,
        )

    def number(self, value: int) -> tuple[int, ...]:
        """Ids of a number, digit by digit.

        Args:
            value: The number.

        Returns:
            Its ids.
        """
        token_of = {digit: token for token, digit in self.digits.items()}
        return tuple(token_of[int(digit)] for digit in str(value))

    def after_points(self, query: str) -> tuple[int, ...]:
        """Drafts what follows "no more points": the words of the query as the label.

        Args:
            query: What was asked for.

        Returns:
            Ids from behind "no more points" to the closing tag.
        """
        label = _FILLER.sub("", query.strip())
        return tuple(self.tokenizer.encode(_ending(label, _TAG), add_special_tokens=False))

    def parse(self, tokens: Sequence[int], ids: PromptIds) -> ParsedPoints:
        """Reads the points of an answer. What is not a point (words, "no more points", halves) is skipped.

        Args:
            tokens: Ids of the answer.
            ids: The grounding ids of its prompt.

        Returns:
            The points. Those whose ids name nothing in this prompt are left out with a logged warning.
        """
        return parse_tokens(tokens, ids, self.digits, self.space)


def _no_words(text: str) -> CheckpointError:
    return CheckpointError(
        f"The tokenizer has no words for {text!r}, of which answers are made; expected the vocabulary of a "
        "MolmoPoint checkpoint. Fetch tokenizer.json again."
    )


def write_points(
    triples: ArrayLike,
    object_ids: Iterable[int],
    label: str,
    ids: PromptIds,
    *,
    tag: str = _TAG,
    no_more_points: bool = True,
) -> GroundedText:
    """Writes points as models answer them.

    Args:
        triples: int (N, 3) patch, subpatch and location, in ascending order, as models are taught.
        object_ids: What follows each point: 1, 2, 3… for pointing, the object's number for tracking.
        label: What was pointed at.
        ids: The grounding ids of the prompt.
        tag: ``points``, or ``tracks`` when objects recur over frames.
        no_more_points: Whether "no more points" ends the list.

    Returns:
        ``<points coords="``, the ids and numbers, ``">label</points>``.
    """
    answer: GroundedText = [_opening(tag)]
    for row, object_id in zip(ids.encode(triples).tolist(), object_ids, strict=True):
        answer += [*row, str(object_id)]
    if no_more_points:
        answer.append(ids.no_more_points)
    return [*answer, _ending(label, tag)]


def encode_grounded_text(text: GroundedText, encode: Callable[[str], Sequence[int]]) -> list[int]:
    """Turns words with grounding ids among them into ids.

    Args:
        text: Words and ids.
        encode: Turns words into ids.

    Returns:
        The ids. They are those of `printable_text` as one string, as tokenizers cut at every ``<POINT_n>``.
    """
    tokens: list[int] = []
    words = ""
    for part in text:
        if isinstance(part, str):
            words += part
            continue
        tokens += [*(encode(words) if words else ()), part]
        words = ""
    return [*tokens, *(encode(words) if words else ())]


def printable_text(text: GroundedText, ids: PromptIds) -> str:
    """Words with grounding ids among them, as people and released code read them.

    Args:
        text: Words and ids.
        ids: The grounding ids of the prompt.

    Returns:
        One string, every id as ``<POINT_n>``.
    """
    return "".join(part if isinstance(part, str) else ids.text([part]) for part in text)


def parse_tokens(
    tokens: Sequence[int], ids: PromptIds, digits: Mapping[int, int], space: int | None
) -> ParsedPoints:
    """Reads the points of an answer. What is not a point (words, "no more points", halves) is skipped.

    Args:
        tokens: Ids of the answer.
        ids: The grounding ids of its prompt.
        digits: What each id of a digit stands for.
        space: Id of a single space, which may precede a number; None for none.

    Returns:
        The points. Those whose ids name nothing in this prompt are left out with a logged warning.
    """
    positions, object_ids, points = [], [], []
    for position, number in _numbered_points(tokens, ids, digits, space):
        if len(number) > MOST_DIGITS:
            logger.warning("Left out a point with a number of more than %d digits.", MOST_DIGITS)
            continue
        positions.append(position)
        object_ids.append(int("".join(map(str, number))))
        points.append(tokens[position : position + ids.point_length])
    found = np.array(points, dtype=np.int64).reshape(-1, ids.point_length)
    triples, named = ids.decode(found)
    for row in found[~named].tolist():
        logger.warning("Left out the point %s: it names nothing in this prompt.", ids.text(row))
    return ParsedPoints(
        np.array(positions, dtype=np.int64)[named],
        np.array(object_ids, dtype=np.int64)[named],
        triples[named],
    )


def _opening(tag: str) -> str:
    return f'<{tag} coords="'


def _closing(tag: str) -> str:
    return f"</{tag}>"


def _ending(label: str, tag: str) -> str:
    """What follows the last id."""
    return f"{_LIST_END}{label}{_closing(tag)}"


def _numbered_points(
    tokens: Sequence[int], ids: PromptIds, digits: Mapping[int, int], space: int | None
) -> Iterator[tuple[int, list[int]]]:
    """Place of the first id, and digits of the number, wherever enough grounding ids and a number follow."""
    run = place = 0  # grounding ids in a row, before `place`
    while place < len(tokens):
        if tokens[place] >= ids.start:
            run, place = run + 1, place + 1
            continue
        end = first = place + int(tokens[place] == space)
        while end < len(tokens) and tokens[end] in digits:
            end += 1
        if run >= ids.point_length and end > first:
            yield place - ids.point_length, [digits[token] for token in tokens[first:end]]
        run, place = 0, max(end, place + 1)
