"""Answers prompts with images: prefill, then steps until every answer is complete. Knows ids, no text.

Shape letters: B batch, P image tokens of a prompt.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from threading import Lock
from typing import Any

import torch
from torch import Tensor

from molmo_act.answers import Answer, Answers
from molmo_act.decoding.cache import TreeCache
from molmo_act.decoding.choice import Rules
from molmo_act.decoding.decoder import Decoder
from molmo_act.decoding.prefill import Prefill, Prefix, new_cache, prefill, prefill_behind
from molmo_act.decoding.rows import Block, Rows
from molmo_act.decoding.step import WIDEST
from molmo_act.decoding.stepping import NarrowSteps, Stages, Stepping
from molmo_act.grammar import AnswerGrammar
from molmo_act.memory import explained
from molmo_act.modeling.logits_processor import OrderRules
from molmo_act.modeling.molmo_point import MolmoPointForConditionalGeneration

LONGEST_ANSWER = 512  # ids
ROOM = 2 * WIDEST
"""Places behind the longest answer: its last step may begin just before the end, and a row that has stopped
still feeds behind it."""


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


class Engine:
    """Answers prompts about images with one model.

    Args:
        model: MolmoPoint.
        grammar: What answers look like.
        repeat: Whether all steps have the same shapes and ask nothing of the device, which a GPU needs to
            run ahead of the host; None for wherever the model is not on the CPU.
        capture: Whether repeated steps are captured as a CUDA graph; None for wherever that is possible.
    """

    def __init__(
        self,
        model: MolmoPointForConditionalGeneration,
        grammar: AnswerGrammar,
        *,
        repeat: bool | None = None,
        capture: bool | None = None,
    ) -> None:
        self.model, self.grammar = model, grammar
        self._order = OrderRules.of(model.config)
        if repeat is None:
            repeat = model.device.type != "cpu"
        if capture is None:
            capture = _can_capture(model)
        self._stages = Stages(capture=capture) if repeat else None
        self._turn = Lock()  # a cache that is kept serves one batch at a time

    @torch.inference_mode()
    def answer(
        self,
        inputs: Mapping[str, Any],
        queries: Sequence[str] | None = None,
        *,
        mode: str = "reference",
        limits: Limits = Limits(),
    ) -> Answers:
        """Greedy answers of a batch: the ids of `generate` with the logits processor, in fewer steps.

        Args:
            inputs: What the processor gave, on the model's device.
            queries: What each prompt asks for; only guesses are drawn from it.
            mode: See `molmo_act.decoding.choice.Rules`.
            limits: When an answer ends at the latest.

        Raises:
            PlatformError: Memory ran out.
        """
        began = time.perf_counter()
        rows, length = inputs["input_ids"].shape
        with self._turn:
            with explained(self.model, inputs):
                cache = self._cache(rows, length, limits)
                read = prefill(self.model, inputs, self.grammar.opening, cache)
            return self._decode(read, queries or [""] * rows, mode, limits, began)

    @torch.inference_mode()
    def answer_behind(
        self,
        prefix: Prefix,
        questions: Sequence[Sequence[int]],
        queries: Sequence[str],
        *,
        mode: str = "reference",
        limits: Limits = Limits(),
    ) -> Answers:
        """The same answers for many questions about pictures that were read once.

        Args:
            prefix: The pictures, see `molmo_act.decoding.prefill.read_prefix`.
            questions: Ids of each prompt behind its pictures.
            queries, mode, limits: See `answer`.
        """
        began = time.perf_counter()
        length = prefix.length + max(map(len, questions))
        with self._turn:
            cache = self._cache(len(questions), length, limits)
            read = prefill_behind(self.model, prefix, questions, self.grammar.opening, cache)
            return self._decode(read, queries, mode, limits, began)

    def _decode(
        self, read: Prefill, queries: Sequence[str], mode: str, limits: Limits, began: float
    ) -> Answers:
        steps, block, opening_B = self._start(read, queries, mode, limits)
        record = _Record(block, opening_B.tolist())  # waits for the device
        prefilled = time.perf_counter()
        while True:
            if (len(record.blocks) - 1) % steps.look_every == 0:
                stopped_B = steps.rows.stopped_B
                late = limits.timeout is not None and time.perf_counter() - began > limits.timeout
                if late or bool(stopped_B.all()):
                    break
                record.leave(steps.drop(stopped_B))
            record.blocks.append(steps.step())
        record.leave(steps.rows)
        patches = read.state.ids.num_patches_B.tolist()
        answers = record.answers(patches, limits.max_new_tokens)
        for row, (answer, count) in enumerate(zip(answers, patches, strict=True)):
            features_PD = read.state.image_features_BPD[row, :count]
            answer.features = _features(answer.tokens, read.state.ids.start, features_PD)
        ended = time.perf_counter()
        taken = 1000 * (prefilled - began), 1000 * (ended - prefilled)
        return Answers(answers, *taken, steps=len(record.blocks) - 1)

    def _cache(self, batch: int, length: int, limits: Limits) -> TreeCache:
        """A cache for prompts of so many tokens and their answers."""
        places = length + len(self.grammar.opening) + limits.max_new_tokens + ROOM
        if self._stages is None:
            return new_cache(self.model, batch, places)
        return self._stages.cache(batch, places, partial(new_cache, self.model))

    def _start(
        self, read: Prefill, queries: Sequence[str], mode: str, limits: Limits
    ) -> tuple[Stepping, Block, Tensor]:
        """Steps behind the first choices, these, and the probability that each answer opens a list."""
        rules = Rules(mode, self._order)
        most, longest = limits.max_points, limits.max_new_tokens
        stages, fixed = self._stages, self._stages is not None
        decoder = Decoder(self.model, self.grammar, rules, read.cache, most, longest, fixed=fixed)
        expected = [self.grammar.after_points(query) for query in queries]
        rows, block, opening_B = decoder.start(read, self.grammar.opening, expected)
        if stages is None:
            return NarrowSteps(decoder, rows, read.state, read.cache), block, opening_B
        key = (rules, most, longest)
        return stages.steps(key, decoder, rows, read.state, read.cache), block, opening_B


def _can_capture(model: MolmoPointForConditionalGeneration) -> bool:
    """Graphs are CUDA's, and the kernels of LLM.int8 ask the device for outliers in every layer."""
    return model.device.type == "cuda" and not getattr(model, "is_loaded_in_8bit", False)


def _features(tokens: Sequence[int], start: int, features_PD: Tensor) -> dict[int, Tensor]:
    """What the language model was given for the patches of an answer, by their positions.

    Args:
        tokens: The answer.
        start: First extended id.
        features_PD: Of all patches of the prompt.
    """
    patches = len(features_PD)
    chosen = {place: token - start for place, token in enumerate(tokens) if 0 <= token - start < patches}
    rows = torch.tensor(list(chosen.values()), dtype=torch.long, device=features_PD.device)
    return dict(zip(chosen, features_PD[rows].float().cpu(), strict=True))


class _Record:
    """What the steps have settled, until the end of the batch."""

    def __init__(self, first: Block, openings: list[float]) -> None:
        self.blocks = [first]
        self._openings = openings
        self._left: list[Rows] = []

    def leave(self, rows: Rows | None) -> None:
        """Keeps what is known of rows that leave, if any do."""
        if rows is not None:
            self._left.append(rows)

    def answers(self, patches: Sequence[int], longest: int) -> list[Answer]:
        """The answers of all rows, in order.

        Args:
            patches: How many image tokens each prompt has.
            longest: Most ids.
        """
        answers = [Answer(opening=chance) for chance in self._openings]
        for block in self.blocks:
            columns = (block.rows_B, block.ids_BN, block.chances_BN, block.count_B)
            for row, ids, chances, count in zip(*(column.tolist() for column in columns), strict=True):
                answers[row].tokens += ids[:count]
                answers[row].probabilities += chances[:count]
        for rows in self._left:
            for index, row in enumerate(rows.rows_B.tolist()):
                found = answers[row]
                found.cut = not bool(rows.done_B[index]) or len(found.tokens) > longest
                del found.tokens[longest:], found.probabilities[longest:]
                if bool(rows.has_first_B[index]):
                    first_P = rows.first_patch_BP[index].cpu()
                    found.first_patch = torch.cat((first_P[: patches[row]], first_P[-1:]))
        return answers
