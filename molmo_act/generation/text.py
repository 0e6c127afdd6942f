"""Generates answers with models that write coordinates as text: one word a step, with a cache of fixed size.

Shape letters: B batch, S positions, V words.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Generator, Mapping

import torch
from torch import Tensor
from transformers import PreTrainedModel

from molmo_act.generation.kv_cache import TreeCache
from molmo_act.generation.outputs import (
    GeneratedAnswer,
    GenerationOutput,
    exhausted,
    refuse_overflow,
)
from molmo_act.generation.prefill import prompt_mask
from molmo_act.models.molmo_point.modeling_molmo_point import unpadded_positions


@torch.inference_mode()
def generate_text(
    model: PreTrainedModel,
    inputs: Mapping[str, Tensor],
    *,
    opening_ids: Collection[int],
    end_ids: Collection[int],
    max_new_tokens: int,
    timeout: float | None = None,
) -> GenerationOutput:
    """Answers a batch of prompts greedily.

    Args:
        model: Native Molmo2, or Molmo 1.
        inputs: Output of the processor, on the model's device.
        opening_ids: First ids of answers that list points.
        end_ids: Ids that end an answer.
        max_new_tokens: Most ids of an answer.
        timeout: Seconds after which decoding stops; the answers are then truncated. None for no bound.

    Returns:
        One answer per prompt.
    """
    return exhausted(
        stream_text(
            model,
            inputs,
            opening_ids=opening_ids,
            end_ids=end_ids,
            max_new_tokens=max_new_tokens,
            timeout=timeout,
        )
    )


@torch.inference_mode()
def stream_text(
    model: PreTrainedModel,
    inputs: Mapping[str, Tensor],
    *,
    opening_ids: Collection[int],
    end_ids: Collection[int],
    max_new_tokens: int,
    timeout: float | None = None,
) -> Generator[list[list[int]], None, GenerationOutput]:
    """Answers a batch of prompts greedily, and gives the ids as they come.

    Args:
        model: See `generate_text`.
        inputs: See `generate_text`.
        opening_ids: See `generate_text`.
        end_ids: See `generate_text`.
        max_new_tokens: See `generate_text`.
        timeout: See `generate_text`; the time that a caller takes between two steps counts, too.

    Yields:
        After every step the new ids of each prompt, one or none. Closing the generator stops the model.

    Returns:
        One answer per prompt.
    """
    began = time.perf_counter()
    decoder = _TextDecoder(model, inputs["attention_mask"].bool(), max_new_tokens)
    logits_BV = decoder.prefill(inputs)
    probabilities_BV = logits_BV.float().softmax(-1)
    openings = probabilities_BV[:, sorted(opening_ids)].sum(-1).tolist()
    refuse_overflow(openings, logits_BV.dtype)
    answers = [GeneratedAnswer(opening_probability=opening, truncated=True) for opening in openings]
    prefilled = time.perf_counter()
    steps = 0
    for length in range(1, max_new_tokens + 1):
        best = probabilities_BV.max(-1)
        new: list[list[int]] = [[] for _ in answers]
        for answer, ids, token, probability in zip(
            answers, new, best.indices.tolist(), best.values.tolist(), strict=True
        ):
            if answer.truncated and token in end_ids:
                answer.truncated = False
            elif answer.truncated:
                ids.append(token)
                answer.tokens.append(token)
                answer.probabilities.append(probability)
        yield new
        if not any(answer.truncated for answer in answers):
            break
        if length == max_new_tokens or (timeout is not None and time.perf_counter() - began > timeout):
            break
        probabilities_BV = decoder.step(best.indices).float().softmax(-1)
        steps += 1
    ended = time.perf_counter()
    return GenerationOutput(answers, 1000 * (prefilled - began), 1000 * (ended - prefilled), steps)


class _TextDecoder:
    """Feeds prompts, and then one id a step, into a cache that holds the longest answer from the start."""

    def __init__(self, model: PreTrainedModel, real_BS: Tensor, max_new_tokens: int) -> None:
        self._model, self._length = model, real_BS.shape[1]
        rows, device = len(real_BS), real_BS.device
        self._real_BS = torch.cat((real_BS, real_BS.new_ones(rows, max_new_tokens)), dim=1)
        self._positions_BS = unpadded_positions(self._real_BS, self._real_BS.shape[1])
        like = torch.empty(0, dtype=model.get_output_embeddings().weight.dtype, device=device)
        self._cache = TreeCache.of(model.config.text_config, rows, self._real_BS.shape[1], like)

    def prefill(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """Reads the prompts.

        Args:
            inputs: Output of the processor.

        Returns:
            (B, V) logits of the first id of each answer.
        """
        seen = inputs.get("token_type_ids")  # where image tokens attend to one another in both directions
        image_BS = torch.zeros_like(self._real_BS[:, : self._length]) if seen is None else seen.bool()
        mask = prompt_mask(self._real_BS[:, : self._length], image_BS)
        return self._feed(
            mask, 0, **{name: value for name, value in inputs.items() if name != "attention_mask"}
        )

    def step(self, ids_B: Tensor) -> Tensor:
        """Feeds one id of each answer.

        Args:
            ids_B: The ids.

        Returns:
            (B, V) logits of the next ones.
        """
        first = self._length
        self._length += 1
        return self._feed(self._real_BS[:, None, None, : self._length], first, input_ids=ids_B[:, None])

    def _feed(self, mask: Tensor, first: int, **inputs: Tensor) -> Tensor:
        write_W = torch.arange(first, self._length, device=mask.device)
        self._cache.prepare(write_W.expand(len(mask), -1), self._length)
        logits: Tensor = self._model(
            **inputs,
            attention_mask=mask,
            position_ids=self._positions_BS[:, first : self._length],
            past_key_values=self._cache,
            use_cache=True,
            logits_to_keep=1,
        ).logits
        return logits[:, -1]
