"""The slow, obvious way to decode, one forward pass a token: what the engine is measured against."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from molmo_act.formats.grounding_tokens import AnswerGrammar
from molmo_act.generation.outputs import GeneratedAnswer
from molmo_act.models.molmo_point.grounding_state import GroundingState
from molmo_act.models.molmo_point.modeling_molmo_point import (
    MolmoPointForConditionalGeneration,
    MolmoPointOutput,
)


@torch.inference_mode()
def plain_answers(
    model: MolmoPointForConditionalGeneration,
    inputs: Mapping[str, Any],
    *,
    opening_id: int,
    end_ids: Collection[int],
    max_new_tokens: int,
    exactly: int | None = None,
    grammar: AnswerGrammar | None = None,
) -> list[GeneratedAnswer]:
    """Greedy answers by forward passes and the logits processor, with the probability of every choice."""
    rules = model.build_logit_processor_from_inputs(inputs, exactly=exactly, grammar=grammar)
    ids_BS, mask_BS = inputs["input_ids"], inputs["attention_mask"]
    outputs = model(**inputs, use_cache=True, logits_to_keep=1)
    openings = outputs.logits[:, -1].float().softmax(-1)[:, opening_id].tolist()
    answers = [GeneratedAnswer(opening_probability=probability, truncated=True) for probability in openings]
    for _ in range(max_new_tokens):
        logits = outputs.logits[:, -1].float()
        ruled = rules(ids_BS, logits)
        ids_B = ruled.argmax(-1)
        for number, (row, token) in enumerate(zip(answers, ids_B.tolist(), strict=True)):
            if row.truncated and token in end_ids:
                row.truncated = False
                row.refused = _refused(row.refused, logits[number], ruled[number], token, model)
            elif row.truncated:
                row.refused = _refused(row.refused, logits[number], ruled[number], token, model)
                probability, patches_P = _probability(model, outputs, logits, number, token)
                if bool(ruled[number].isinf().all()):  # nothing was legal
                    probability = 0.0
                row.tokens.append(token)
                row.probabilities.append(probability)
                if row.first_patch_probabilities is None and token >= model.config.extended_vocab_start:
                    row.first_patch_probabilities = patches_P.numpy()
        if not any(row.truncated for row in answers):
            break
        ids_BS = torch.cat((ids_BS, ids_B[:, None]), dim=-1)
        mask_BS = torch.cat((mask_BS, mask_BS.new_ones(len(ids_B), 1)), dim=-1)
        outputs = model(
            input_ids=ids_B[:, None],
            attention_mask=mask_BS,
            past_key_values=outputs.past_key_values,
            grounding_state=outputs.grounding_state,
            use_cache=True,
            rank_patches=exactly is not None,
        )
    if exactly is not None:
        for row in answers:
            row.refused = False
    return answers


def _refused(before: bool, logits: Tensor, ruled: Tensor, token: int, model: Any) -> bool:
    """Whether the best patch has been refused, and no patch was chosen since."""
    start = model.config.extended_vocab_start
    if token >= start:
        return False
    best = int(logits.argmax())
    ended = bool(ruled[start:].isinf().all())
    return before or (best >= start and bool(ruled[best].isinf()) and not ended)


def _probability(
    model: MolmoPointForConditionalGeneration,
    outputs: MolmoPointOutput,
    logits: Tensor,
    number: int,
    token: int,
) -> tuple[float, Tensor | None]:
    """Probability of one row's choice among its own kind, and of all its patches."""
    state: GroundingState = outputs.grounding_state
    start = state.ids.start
    if outputs.patch_scores is None:
        return float(logits[number, :start].softmax(-1)[token]), None
    count, slots = int(state.ids.num_patches_B[number]), state.ids.num_subpatches
    scores = outputs.patch_scores[number].float()
    classes = count + int(state.ids.no_more_points)
    scores = torch.cat((scores[:count], scores[-1:]))[:classes]
    temperature = model.config.score_temperature
    if temperature is not None:
        scores = scores * classes**0.5 / temperature
    scores[: max(0, int(state.last_patch_B[number]))] = -torch.inf
    patches_P = F.pad(scores.softmax(-1), (0, count + 1 - classes))
    if token < start:
        return float(logits[number, :start].softmax(-1)[token]), patches_P
    offset = token - start
    if offset < classes:
        return float(patches_P[offset]), patches_P
    if offset < classes + slots:
        return float(outputs.subpatch_scores[number].softmax(-1)[offset - classes]), patches_P
    return float(outputs.location_scores[number].softmax(-1)[offset - classes - slots]), patches_P
