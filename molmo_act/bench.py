"""How long this machine takes to answer: the engine beside `generate` of transformers. Prints nothing."""

from __future__ import annotations

import statistics
import time
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from transformers import PreTrainedModel

from molmo_act.engine import Engine, Limits
from molmo_act.errors import InputError
from molmo_act.grammar import AnswerGrammar
from molmo_act.modeling import MolmoPointForConditionalGeneration

LONGEST = 200  # ids, as in the snippet of the released model cards


@torch.inference_mode()
def generate(
    model: PreTrainedModel, inputs: Mapping[str, Any], end_ids: Collection[int], longest: int
) -> tuple[list[int], float]:
    """The plain path: ids of `generate` with the logits processor, and the milliseconds it took.

    Args:
        model: MolmoPoint.
        inputs: What the processor gave for one prompt.
        end_ids: Ids that end an answer.
        longest: Most ids.
    """
    began = time.perf_counter()
    rules = model.build_logit_processor_from_inputs(inputs)
    out = model.generate(
        **inputs,
        logits_processor=rules,
        max_new_tokens=longest,
        do_sample=False,
        eos_token_id=sorted(end_ids),
        pad_token_id=min(end_ids),
    )
    ids = out[0, inputs["input_ids"].shape[1] :].tolist()
    return ids, 1000 * (time.perf_counter() - began)


def compare(
    model: MolmoPointForConditionalGeneration,
    inputs: Mapping[str, Any],
    grammar: AnswerGrammar,
    query: str,
    *,
    rounds: int = 5,
    longest: int = LONGEST,
    exact: bool = True,
) -> dict[str, Any]:
    """Both paths in turns, so that a busy machine slows both.

    Args:
        model: MolmoPoint.
        inputs: What the processor gave for one prompt.
        grammar: What answers look like.
        query: What is asked for.
        rounds: How often both take their turn; the first turn of each is not counted.
        longest: Most ids of the answer.
        exact: Whether to insist on equal answers; in half precision they may differ where two choices are
            nearly equally good.

    Returns:
        Sizes of prompt and answer, for each stage and path the median, least and most milliseconds, how many
        times faster the engine is, and the share of ids that are equal.

    Raises:
        InputError: The two paths answer differently, or, unless `exact`, at another length.
    """
    ends = grammar.end_ids
    expected = [token for token in generate(model, inputs, ends, longest)[0] if token not in ends]
    limits, engine = Limits(longest), Engine(model, grammar)
    found = engine.answer(inputs, [query], limits=limits)
    tokens = found.rows[0].tokens
    if tokens != expected and (exact or len(tokens) != len(expected)):
        raise InputError(
            "The engine and generate() answer differently, so their times cannot be compared. "
            "In bfloat16 that can happen where two choices are equally good; try dtype='float32'."
        )
    taken: dict[str, list[float]] = {
        key: [] for key in ("plain_prefill", "plain_decode", "prefill", "decode")
    }
    for _ in range(rounds):
        first = generate(model, inputs, ends, 1)[1]
        taken["plain_prefill"].append(first)
        taken["plain_decode"].append(max(0.0, generate(model, inputs, ends, longest)[1] - first))
        ours = engine.answer(inputs, [query], limits=limits)
        taken["prefill"].append(ours.prefill_ms)
        taken["decode"].append(ours.decode_ms)
    ms = {key: spread(values) for key, values in taken.items()}
    start = model.config.extended_vocab_start
    return {
        "prompt_tokens": inputs["input_ids"].shape[1],
        "answer_tokens": len(expected),
        "points": sum(token >= start for token in expected) // 3,
        "equal_ids": round(float(np.mean(np.equal(tokens, expected))), 3) if expected else 1.0,
        "forward_passes": found.steps,
        "ms": ms,
        "times_faster_prefill": _ratio(ms["plain_prefill"], ms["prefill"]),
        "times_faster_decode": _ratio(ms["plain_decode"], ms["decode"]),
    }


def spread(values: Sequence[float]) -> dict[str, float]:
    """Median, least and most, rounded to hundredths."""
    found = {"median": statistics.median(values), "least": min(values), "most": max(values)}
    return {key: round(value, 2) for key, value in found.items()}


def _ratio(plain: Mapping[str, float], ours: Mapping[str, float]) -> float | None:
    """How many times faster, None where nothing was left to time."""
    return round(plain["median"] / ours["median"], 2) if ours["median"] > 0 else None
