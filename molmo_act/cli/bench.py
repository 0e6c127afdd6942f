"""Times an answer on this machine: the engine beside `generate` of transformers."""

from __future__ import annotations

import statistics
import time
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from transformers import PreTrainedModel

from molmo_act.errors import InputError
from molmo_act.formats.grounding_tokens import AnswerGrammar
from molmo_act.generation.engine import Engine
from molmo_act.generation.limits import GenerationLimits
from molmo_act.io.image import ImageInput, to_rgb
from molmo_act.models.molmo_point import MolmoPointForConditionalGeneration
from molmo_act.pointing.images import prepare_image_inputs
from molmo_act.pointing.model import PointingModel

MAX_NEW_TOKENS = 200  # as in the snippet of the released model cards


def time_answer(
    model: PointingModel, image: ImageInput, query: str, *, max_crops: int | None = None, rounds: int = 5
) -> dict[str, Any]:
    """Times an answer on this machine: the engine beside `generate` of transformers.

    Args:
        model: A model with grounding tokens.
        image: What `molmo_act.io.image.to_rgb` takes.
        query: What to find, in words.
        max_crops: See `PointingModel.point`.
        rounds: How often each is timed.

    Returns:
        ``model``, ``device``, ``dtype``, and what `compare` measures.

    Raises:
        ImageError: The image cannot be used.
        InputError: The model writes coordinates as text or is an exported one, or the two paths answer
            differently.
        QueryError: The query cannot be used.
    """
    if not isinstance(model, PointingModel):
        raise InputError(
            f"{getattr(model, 'name', model)} is an exported model; expected a checkpoint, whose engine is "
            "timed beside generate() of transformers. Give the checkpoint that was exported."
        )
    runtime = model.runtime
    runtime.require_grounding_tokens("there is no engine to time.")
    runtime.check_query(query)
    inputs = prepare_image_inputs(runtime, [(to_rgb(image), query)], max_crops)
    inputs.pop("metadata")
    machine = {"model": model.name, "device": str(runtime.device), "dtype": str(runtime.model.dtype)[6:]}
    return machine | compare(runtime.model, inputs, runtime.grammar, query, rounds=rounds)


@torch.inference_mode()
def generate(
    model: PreTrainedModel, inputs: Mapping[str, Tensor], end_ids: Collection[int], max_new_tokens: int
) -> tuple[list[int], float]:
    """Runs the plain path: `generate` of transformers with the logits processor.

    Args:
        model: A MolmoPoint.
        inputs: The processor's output for one prompt.
        end_ids: Token ids that end an answer.
        max_new_tokens: Most tokens of the answer.

    Returns:
        Token ids of the answer, and the milliseconds it took.
    """
    began = time.perf_counter()
    rules = model.build_logit_processor_from_inputs(inputs)
    out = model.generate(
        **inputs,
        logits_processor=rules,
        max_new_tokens=max_new_tokens,
        do_sample=False,
        eos_token_id=sorted(end_ids),
        pad_token_id=min(end_ids),
    )
    ids = out[0, inputs["input_ids"].shape[1] :].tolist()
    return ids, 1000 * (time.perf_counter() - began)


def compare(
    model: MolmoPointForConditionalGeneration,
    inputs: Mapping[str, Tensor],
    grammar: AnswerGrammar,
    query: str,
    *,
    rounds: int = 5,
    max_new_tokens: int = MAX_NEW_TOKENS,
    exact: bool = True,
) -> dict[str, Any]:
    """Times both paths in turns, so that a busy machine slows both.

    Args:
        model: A MolmoPoint.
        inputs: The processor's output for one prompt.
        grammar: How the model writes its answers.
        query: What the prompt asks for.
        rounds: How often both take their turn; the first turn of each is not counted.
        max_new_tokens: Most tokens of the answer.
        exact: Whether to insist on equal answers; in half precision they may differ where two choices are
            nearly equally good.

    Returns:
        Tokens of prompt and answer, number of points, forward passes of the engine; ``ms``: for each stage
        and path the median, least and most milliseconds; how many times faster the engine is in each stage;
        and the share of token ids that are equal.

    Raises:
        InputError: The two paths answer differently, or, unless `exact`, at another length.
    """
    ends = grammar.end_ids
    expected = [token for token in generate(model, inputs, ends, max_new_tokens)[0] if token not in ends]
    limits, engine = GenerationLimits(max_new_tokens), Engine(model, grammar)
    found = engine.generate(inputs, [query], limits=limits)
    tokens = found.answers[0].tokens
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
        taken["plain_decode"].append(max(0.0, generate(model, inputs, ends, max_new_tokens)[1] - first))
        ours = engine.generate(inputs, [query], limits=limits)
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
    """Summarizes measurements.

    Args:
        values: At least one.

    Returns:
        ``median``, ``least`` and ``most``, rounded to hundredths.
    """
    found = {"median": statistics.median(values), "least": min(values), "most": max(values)}
    return {key: round(value, 2) for key, value in found.items()}


def _ratio(plain: Mapping[str, float], ours: Mapping[str, float]) -> float | None:
    """How many times faster the engine is; None where its time is zero."""
    return round(plain["median"] / ours["median"], 2) if ours["median"] > 0 else None
