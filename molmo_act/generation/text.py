"""Generates answers with models that write coordinates as text: one word a step."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping

import torch
from torch import Tensor
from transformers import PreTrainedModel

from molmo_act.generation.outputs import GeneratedAnswer, GenerationOutput, refuse_overflow


@torch.inference_mode()
def generate_text(
    model: PreTrainedModel,
    inputs: Mapping[str, Tensor],
    *,
    opening_id: int,
    end_ids: Collection[int],
    max_new_tokens: int,
    timeout: float | None = None,
) -> GenerationOutput:
    """Answers a batch of prompts greedily.

    Args:
        model: Native Molmo2.
        inputs: Output of the processor, on the model's device.
        opening_id: First id of an answer that lists points.
        end_ids: Ids that end an answer.
        max_new_tokens: Most ids of an answer.
        timeout: Seconds after which decoding stops; the answers are then truncated. None for no bound.

    Returns:
        One answer per prompt.
    """
    began = time.perf_counter()
    outputs = model(**inputs, use_cache=True, logits_to_keep=1)
    probabilities_BV = outputs.logits[:, -1].float().softmax(-1)
    openings = probabilities_BV[:, opening_id].tolist()
    refuse_overflow(openings, outputs.logits.dtype)
    answers = [GeneratedAnswer(opening_probability=opening, truncated=True) for opening in openings]
    prefilled = time.perf_counter()
    mask_BS: Tensor = inputs["attention_mask"]
    steps = 0
    while steps < max_new_tokens:
        best = probabilities_BV.max(-1)
        for answer, token, probability in zip(
            answers, best.indices.tolist(), best.values.tolist(), strict=True
        ):
            if answer.truncated and token in end_ids:
                answer.truncated = False
            elif answer.truncated:
                answer.tokens.append(token)
                answer.probabilities.append(probability)
        if not any(answer.truncated for answer in answers):
            break
        if timeout is not None and time.perf_counter() - began > timeout:
            break
        mask_BS = torch.cat((mask_BS, mask_BS.new_ones(len(mask_BS), 1)), dim=-1)
        outputs = model(
            input_ids=best.indices[:, None],
            attention_mask=mask_BS,
            past_key_values=outputs.past_key_values,
            use_cache=True,
        )
        probabilities_BV = outputs.logits[:, -1].float().softmax(-1)
        steps += 1
    ended = time.perf_counter()
    return GenerationOutput(answers, 1000 * (prefilled - began), 1000 * (ended - prefilled), steps)
