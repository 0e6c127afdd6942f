"""Answers prompts with images: prefill, then steps until every answer is complete. Knows ids, no text.

Shape letters: B batch, P image tokens of a prompt.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from molmo_act.answers import Answer, Answers
from molmo_act.decoding.choice import Rules
from molmo_act.decoding.decoder import Decoder
from molmo_act.decoding.prefill import Prefill, Prefix, prefill, prefill_behind
from molmo_act.decoding.rows import Block, Rows
from molmo_act.decoding.step import WIDEST
from molmo_act.grammar import AnswerGrammar
from molmo_act.modeling.logits_processor import OrderRules
from molmo_act.modeling.molmo_point import MolmoPointForConditionalGeneration

LONGEST_ANSWER = 512  # ids
CHECK_EVERY = 4  # steps between looks at what a GPU has done; looking waits for it


@dataclass(frozen=True)
class Limits:
    """When an answer ends at the latest.

    Attributes:
        max_new_tokens: Most ids.
        max_points: Complete points, with location and number; None for no bound.
        timeout: Seconds after which decoding stops; what there is by then is returned, marked as cut.
    """

    max_new_tokens: int = LONGEST_ANSWER
    max_points: int | None = None
    timeout: float | None = None


@torch.inference_mode()
def answer(
    model: MolmoPointForConditionalGeneration,
    inputs: Mapping[str, Any],
    grammar: AnswerGrammar,
    queries: Sequence[str] | None = None,
    *,
    mode: str = "reference",
    limits: Limits = Limits(),
) -> Answers:
    """Greedy answers of a batch of prompts: the ids of `generate` with the logits processor, in fewer steps.

    Args:
        model: MolmoPoint.
        inputs: What the processor gave, on the model's device.
        grammar: What answers look like.
        queries: What each prompt asks for; only guesses are drawn from it.
        mode: See `molmo_act.decoding.choice.Rules`.
        limits: When an answer ends at the latest.
    """
    began = time.perf_counter()
    rules = Rules(mode, OrderRules.of(model.config))
    read = prefill(model, inputs, grammar.opening, limits.max_new_tokens + WIDEST)
    queries = queries or [""] * len(read.real_BS)
    return _decode(model, read, grammar, queries, rules, limits, began)


@torch.inference_mode()
def answer_behind(
    model: MolmoPointForConditionalGeneration,
    prefix: Prefix,
    questions: Sequence[Sequence[int]],
    grammar: AnswerGrammar,
    queries: Sequence[str],
    *,
    mode: str = "reference",
    limits: Limits = Limits(),
) -> Answers:
    """The same answers for many questions about pictures that were read once.

    Args:
        model: MolmoPoint, which read the prefix.
        prefix: The pictures, see `molmo_act.decoding.prefill.read_prefix`.
        questions: Ids of each prompt behind its pictures.
        grammar, queries, mode, limits: See `answer`.
    """
    began = time.perf_counter()
    rules = Rules(mode, OrderRules.of(model.config))
    read = prefill_behind(model, prefix, questions, grammar.opening, limits.max_new_tokens + WIDEST)
    return _decode(model, read, grammar, queries, rules, limits, began)


def _decode(
    model: MolmoPointForConditionalGeneration,
    read: Prefill,
    grammar: AnswerGrammar,
    queries: Sequence[str],
    rules: Rules,
    limits: Limits,
    began: float,
) -> Answers:
    decoder = Decoder(model, grammar, rules, read, limits.max_points)
    expected = [grammar.after_points(query) for query in queries]
    rows, block, opening_B = decoder.start(read, grammar.opening, expected)
    record = _Record(block, opening_B.tolist())  # waits for the device
    prefilled, state = time.perf_counter(), read.state
    while len(rows.rows_B):
        if model.device.type == "cpu" or len(record.blocks) % CHECK_EVERY == 0:
            kept = record.leave(rows, rows.done_B | (rows.written_B >= limits.max_new_tokens))
            if kept is not None:
                rows, state = rows.select(kept), state.select(kept)
                read.cache.select(kept)
                continue
            if limits.timeout is not None and time.perf_counter() - began > limits.timeout:
                break
        record.blocks.append(decoder.step(rows, state))
    record.leave(rows, torch.ones_like(rows.done_B))
    answers = record.answers(read, limits.max_new_tokens)
    ended = time.perf_counter()
    return Answers(
        answers, 1000 * (prefilled - began), 1000 * (ended - prefilled), steps=len(record.blocks) - 1
    )


class _Record:
    """What the steps have settled, until the end of the batch."""

    def __init__(self, first: Block, openings: list[float]) -> None:
        self.blocks = [first]
        self._openings = openings
        self._left: list[Rows] = []

    def leave(self, rows: Rows, leaving_B: Tensor) -> Tensor | None:
        """Keeps what is known of rows that leave; returns the indices of the others, None when none left."""
        if not bool(leaving_B.any()):
            return None
        self._left.append(rows.select(leaving_B))
        return torch.nonzero(~leaving_B)[:, 0]

    def answers(self, read: Prefill, longest: int) -> list[Answer]:
        """The answers of all rows, in order."""
        answers = [Answer(opening=chance) for chance in self._openings]
        for block in self.blocks:
            columns = (block.rows_B, block.ids_BN, block.chances_BN, block.count_B)
            for row, ids, chances, count in zip(*(column.tolist() for column in columns), strict=True):
                answers[row].tokens += ids[:count]
                answers[row].probabilities += chances[:count]
        patches = read.state.ids.num_patches_B.tolist()
        for rows in self._left:
            for index, row in enumerate(rows.rows_B.tolist()):
                found = answers[row]
                found.cut = not bool(rows.done_B[index]) or len(found.tokens) > longest
                del found.tokens[longest:], found.probabilities[longest:]
                if bool(rows.has_first_B[index]):
                    first_P = rows.first_patch_BP[index].cpu()
                    found.first_patch = torch.cat((first_P[: patches[row]], first_P[-1:]))
        return answers
