"""Answers prompts token by token: prefill, decode steps, and how sure each choice was. Knows ids, no text.

Shape letters: B batch, P image tokens of a prompt, V words, T extended ids.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from transformers import LogitsProcessorList, PreTrainedModel

from molmo_act.modeling.grounding_state import GroundingState
from molmo_act.modeling.molmo_point import MolmoPointForConditionalGeneration, MolmoPointOutput

LONGEST_ANSWER = 512  # ids


@dataclass
class Answer:
    """What one prompt was answered.

    Attributes:
        tokens: Generated ids, the end token left out.
        probabilities: For each of them the probability of that choice among its own kind: of a patch among
            patches and "no more points", of a slot among slots, of a location among locations, of a word
            among words.
        first_patch: (P + 1,) probabilities of the first patch step, "no more points" last; None when the
            answer has no patch step.
        opening: Probability that the answer begins with the opening id.
    """

    tokens: list[int] = field(default_factory=list)
    probabilities: list[float] = field(default_factory=list)
    first_patch: Tensor | None = None
    opening: float = 0.0

    @property
    def absent(self) -> float:
        """Probability that there is nothing to point at.

        That of "no more points" at the first patch; in an answer without points, that it did not open a
        list of points.
        """
        return 1 - self.opening if self.first_patch is None else float(self.first_patch[-1])


@dataclass(frozen=True)
class Answers:
    """Answers of one batch, with milliseconds spent in prefill and in decoding."""

    rows: list[Answer]
    prefill_ms: float
    decode_ms: float


@torch.inference_mode()
def answer(
    model: PreTrainedModel,
    inputs: Mapping[str, Any],
    *,
    opening_id: int,
    end_ids: Sequence[int],
    max_new_tokens: int = LONGEST_ANSWER,
    max_points: int | None = None,
) -> Answers:
    """Greedy answers of a batch of prompts, by the same rules as `generate` with the logits processor.

    Args:
        model: MolmoPoint, or native Molmo2.
        inputs: What the processor gave, on the model's device.
        opening_id: First id of an answer that lists points.
        end_ids: Ids that end an answer.
        max_new_tokens: Most ids of an answer.
        max_points: A row ends after so many complete points (location and number).
    """
    grounding = isinstance(model, MolmoPointForConditionalGeneration)
    rules = model.build_logit_processor_from_inputs(inputs) if grounding else LogitsProcessorList()
    began = time.perf_counter()
    outputs = model(**inputs, use_cache=True, logits_to_keep=1)
    rows = [Answer(opening=p) for p in _softmax(outputs.logits[:, -1])[:, opening_id].tolist()]
    prefilled = time.perf_counter()  # reading the probabilities has waited for the device
    steps = _Steps(model, inputs, rules, rows, set(end_ids), max_points)
    for _ in range(max_new_tokens):
        ids_B = steps.choose(outputs)
        if steps.finished:
            break
        outputs = steps.feed(ids_B, outputs)
    ended = time.perf_counter()
    return Answers(rows, 1000 * (prefilled - began), 1000 * (ended - prefilled))


class _Steps:
    """The decode steps of one batch."""

    def __init__(
        self,
        model: PreTrainedModel,
        inputs: Mapping[str, Any],
        rules: LogitsProcessorList,
        rows: list[Answer],
        end_ids: set[int],
        max_points: int | None,
    ) -> None:
        self._model, self._rules, self._rows, self._end_ids = model, rules, rows, end_ids
        self._ids_BS: Tensor = inputs["input_ids"]
        self._mask_BS: Tensor = inputs["attention_mask"]
        self._max_points = math.inf if max_points is None else max_points
        self._points = [0] * len(rows)
        self._done = [False] * len(rows)

    @property
    def finished(self) -> bool:
        """Whether every row has ended."""
        return all(self._done)

    def choose(self, outputs: MolmoPointOutput) -> Tensor:
        """(B,) the best legal ids; records them and how probable they were."""
        logits = outputs.logits[:, -1].float()
        ids_B = self._rules(self._ids_BS, logits).argmax(-1)
        state: GroundingState | None = getattr(outputs, "grounding_state", None)
        patches_BP = None
        if state is not None and outputs.patch_scores is not None:
            temperature = self._model.config.score_temperature
            patches_BP = patch_probabilities(outputs.patch_scores, state, temperature)
        chances = _choice_probabilities(outputs, logits, ids_B, patches_BP)
        for number, (row, token, chance) in enumerate(zip(self._rows, ids_B.tolist(), chances, strict=True)):
            if self._done[number]:
                continue
            # Not before the next grounding id: the number of a point can take several tokens.
            enough = self._points[number] >= self._max_points and token >= self._first_extended
            if token in self._end_ids or enough:
                self._done[number] = True
                continue
            row.tokens.append(token)
            row.probabilities.append(chance)
            if state and patches_BP is not None and row.first_patch is None and token >= state.ids.start:
                row.first_patch = _own_patches(patches_BP[number], int(state.ids.num_patches_B[number]))
            self._points[number] += self._completes_point(row.tokens)
        return ids_B

    def _completes_point(self, tokens: list[int]) -> bool:
        """Whether the last token is the first one behind a location, that is the point's number."""
        return (
            len(tokens) > 1
            and tokens[-1] < self._first_extended <= tokens[-2]
            and self._triple(tokens[-4:-1])
        )

    @property
    def _first_extended(self) -> float:
        return getattr(self._model.config, "extended_vocab_start", math.inf)

    def _triple(self, tokens: list[int]) -> bool:
        return len(tokens) == 3 and all(token >= self._first_extended for token in tokens)

    def feed(self, ids_B: Tensor, outputs: MolmoPointOutput) -> MolmoPointOutput:
        """One forward pass of one token per row."""
        self._ids_BS = torch.cat((self._ids_BS, ids_B[:, None]), dim=-1)
        self._mask_BS = torch.cat((self._mask_BS, self._mask_BS.new_ones(len(ids_B), 1)), dim=-1)
        state = getattr(outputs, "grounding_state", None)
        return self._model(
            input_ids=ids_B[:, None],
            attention_mask=self._mask_BS,
            past_key_values=outputs.past_key_values,
            use_cache=True,
            **({} if state is None else {"grounding_state": state}),
        )


def _softmax(scores: Tensor | None) -> Tensor:
    assert scores is not None  # a decode step computes all three kinds
    return scores.float().softmax(-1)


def patch_probabilities(scores: Tensor, state: GroundingState, temperature: float | None) -> Tensor:
    """(B, P + 1) probability of every patch, "no more points" last, patches before the last one left out.

    With a temperature τ (`score_temperature` of the configuration), raw scores q·k are divided by τ instead
    of by the square root of the number of keys, so that a probability means the same on large and on small
    pictures.
    """
    scores = scores.float()
    if temperature is not None:
        scores = scores * (state.ids.subpatch_start_B[:, None].float().sqrt() / temperature)
    rows_P = torch.arange(scores.shape[-1], device=scores.device)
    earlier = rows_P < state.last_patch_B[:, None]
    return scores.masked_fill(earlier, -torch.inf).softmax(-1)


def _choice_probabilities(
    outputs: MolmoPointOutput, logits: Tensor, ids_B: Tensor, patches_BP: Tensor | None
) -> list[float]:
    """Probability of each chosen id among its own kind."""
    state = getattr(outputs, "grounding_state", None)
    start = logits.shape[-1] if state is None else state.ids.start
    chances = _softmax(logits[:, :start]).gather(1, ids_B.clamp_max(start - 1)[:, None])[:, 0]
    if state is None or patches_BP is None:
        return chances.tolist()
    reading = state.ids.read(ids_B)
    no_more_B = torch.full_like(ids_B, patches_BP.shape[1] - 1)
    location_B = (ids_B - start - state.ids.location_start_B).clamp(0, state.ids.num_locations - 1)
    for is_kind_B, table, column_B in (
        (reading.is_patch_B, patches_BP, reading.patch_B),
        (reading.is_no_more_B, patches_BP, no_more_B),
        (reading.is_subpatch_B, _softmax(outputs.subpatch_scores), reading.subpatch_B),
        (reading.is_location_B, _softmax(outputs.location_scores), location_B),
    ):
        chances = torch.where(is_kind_B, table.gather(1, column_B[:, None])[:, 0].to(chances), chances)
    return chances.tolist()


def _own_patches(patches_P: Tensor, num_patches: int) -> Tensor:
    """Probabilities of one row without the padding of its batch, "no more points" last."""
    return torch.cat((patches_P[:num_patches], patches_P[-1:])).cpu()
