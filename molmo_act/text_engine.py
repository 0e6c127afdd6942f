"""Answers of models that write coordinates as text: one word a step. Knows ids, no text."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from typing import Any

import torch
from torch import Tensor
from transformers import PreTrainedModel

from molmo_act.answers import Answer, Answers


@torch.inference_mode()
def answer_in_text(
    model: PreTrainedModel,
    inputs: Mapping[str, Any],
    *,
    opening_id: int,
    end_ids: Collection[int],
    max_new_tokens: int,
    timeout: float | None = None,
) -> Answers:
    """Greedy answers of a batch of prompts.

    Args:
        model: Native Molmo2.
        inputs: What the processor gave, on the model's device.
        opening_id: First id of an answer that lists points.
        end_ids: Ids that end an answer.
        max_new_tokens: Most ids of an answer.
        timeout: Seconds after which decoding stops; what there is by then is returned, marked as cut.
    """
    began = time.perf_counter()
    outputs = model(**inputs, use_cache=True, logits_to_keep=1)
    chances_BV = outputs.logits[:, -1].float().softmax(-1)
    answers = [Answer(opening=chance, cut=True) for chance in chances_BV[:, opening_id].tolist()]
    prefilled = time.perf_counter()
    mask_BS: Tensor = inputs["attention_mask"]
    steps = 0
    while steps < max_new_tokens:
        best = chances_BV.max(-1)
        for row, token, chance in zip(answers, best.indices.tolist(), best.values.tolist(), strict=True):
            if row.cut and token in end_ids:
                row.cut = False
            elif row.cut:
                row.tokens.append(token)
                row.probabilities.append(chance)
        if not any(row.cut for row in answers):
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
        chances_BV = outputs.logits[:, -1].float().softmax(-1)
        steps += 1
    ended = time.perf_counter()
    return Answers(answers, 1000 * (prefilled - began), 1000 * (ended - prefilled), steps)
