"""Asks a model about images: each with its query, or one with many. Knows no videos and no streams."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from molmo_act.answers import Answers
from molmo_act.asking import Bounds
from molmo_act.decoding.prefill import read_prefix
from molmo_act.encoded_image import EncodedImage
from molmo_act.errors import InputError
from molmo_act.memory import explained
from molmo_act.modeling import MolmoPointForConditionalGeneration
from molmo_act.points import Points
from molmo_act.prompts import POINT, inputs_of, user_message
from molmo_act.reading import points_of
from molmo_act.text_engine import answer_in_text

if TYPE_CHECKING:
    from molmo_act.pointing_model import PointingModel

BATCH_SIZE = 8


def point_in_pairs(
    model: PointingModel, pairs: Sequence[tuple[np.ndarray, str]], bounds: Bounds, max_crops: int | None
) -> list[Points]:
    """The points of each query on its image.

    Args:
        model: Who is asked.
        pairs: Images, uint8 RGB (H, W, 3), and queries.
        bounds: How much of an answer is wanted.
        max_crops: See `PointingModel.point`.
    """
    batches = [pairs[first : first + BATCH_SIZE] for first in range(0, len(pairs), BATCH_SIZE)]
    return [points for batch in batches for points in _point_in_batch(model, batch, bounds, max_crops)]


def point_in_encoded(
    model: PointingModel, encoded: EncodedImage, queries: Sequence[str], bounds: Bounds
) -> list[Points]:
    """The points of each query on an image that the model has read.

    Args:
        model: Who read it.
        encoded: The image.
        queries: What to find.
        bounds: How much of an answer is wanted.

    Raises:
        InputError: Another model has read it.
    """
    if encoded.model_name != model.name:
        raise InputError(f"The image was encoded by {encoded.model_name}, but this is {model.name}.")
    batches = [queries[first : first + BATCH_SIZE] for first in range(0, len(queries), BATCH_SIZE)]
    return [points for batch in batches for points in point_behind(model, encoded, batch, bounds)]


def encode_image(
    model: PointingModel, image: np.ndarray, max_crops: int | None, past: Sequence[torch.Tensor]
) -> EncodedImage:
    """Reads an image, uint8 RGB (H, W, 3), once for any number of queries.

    Args:
        model: A MolmoPoint.
        image: The image.
        max_crops, past: See `PointingModel.encode`.

    Raises:
        InputError: `past` was given to a model without a temporal module, or is of pictures that are cut
            otherwise.
    """
    began = time.perf_counter()
    inputs = prompt_inputs(model, [(image, "it")], max_crops)
    metadata = inputs.pop("metadata")[0]
    prepared = time.perf_counter()
    mean_NKC = _mean_of(model, past, metadata["token_pooling"].shape)
    with explained(model.model, inputs):
        prefix = read_prefix(model.model, inputs, mean_NKC)
    ended = time.perf_counter()
    return EncodedImage(prefix, metadata, model.name, 1000 * (prepared - began), 1000 * (ended - prepared))


def prompt_inputs(
    model: PointingModel, pairs: Sequence[tuple[np.ndarray, str]], max_crops: int | None
) -> dict[str, Any]:
    """What the processor makes of prompts, on the model's device, with their metadata."""
    messages = [
        [user_message({"type": "text", "text": POINT.format(query)}, {"type": "image", "image": pixels})]
        for pixels, query in pairs
    ]
    return inputs_of(model, messages, max_crops=max_crops)


def _point_in_batch(
    model: PointingModel, pairs: Sequence[tuple[np.ndarray, str]], bounds: Bounds, max_crops: int | None
) -> list[Points]:
    began = time.perf_counter()
    inputs = prompt_inputs(model, pairs, max_crops)
    metadata = inputs.pop("metadata")
    preprocess_ms = 1000 * (time.perf_counter() - began)
    queries = [query for _, query in pairs]
    answers = _answer(model, inputs, queries, bounds)
    timing = {"preprocess": preprocess_ms, "prefill": answers.prefill_ms, "decode": answers.decode_ms}
    return [
        points_of(model.model, model.processor.tokenizer, row, query, facts, bounds, timing)
        for row, query, facts in zip(answers.rows, queries, metadata, strict=True)
    ]


def _answer(model: PointingModel, inputs: dict[str, Any], queries: Sequence[str], bounds: Bounds) -> Answers:
    limits = model.limits(inputs["input_ids"].shape[1], bounds)
    if isinstance(model.model, MolmoPointForConditionalGeneration):
        return model.engine.answer(inputs, queries, mode=bounds.mode, limits=limits)
    return answer_in_text(
        model.model,
        inputs,
        opening_id=model.grammar.opening[0],
        end_ids=model.grammar.end_ids,
        max_new_tokens=limits.max_new_tokens,
        timeout=limits.timeout,
    )


def point_behind(
    model: PointingModel,
    encoded: EncodedImage,
    queries: Sequence[str],
    bounds: Bounds,
    *,
    words: str = POINT,
    **room: Any,
) -> list[Points]:
    """The points of a batch of queries on what the model has read.

    Args:
        model: Who read it.
        encoded: An image, or a video.
        queries: What to find.
        bounds: How much of an answer is wanted.
        words: What is asked of each query.
        room: Keyword arguments of `PointingModel.limits`.
    """
    questions = [_question(model, words.format(query)) for query in queries]
    limits = model.limits(encoded.prefix.length + max(map(len, questions)), bounds, **room)
    answers = model.engine.answer_behind(encoded.prefix, questions, queries, mode=bounds.mode, limits=limits)
    timing = {
        "preprocess": encoded.preprocess_ms,
        "prefill": encoded.prefill_ms + answers.prefill_ms,
        "decode": answers.decode_ms,
    }
    return [
        points_of(model.model, model.processor.tokenizer, row, query, encoded.metadata, bounds, timing)
        for row, query in zip(answers.rows, queries, strict=True)
    ]


def _question(model: PointingModel, words: str) -> list[int]:
    """Ids of a prompt behind its pictures."""
    message = user_message({"type": "text", "text": words})
    text = model.processor.apply_chat_template([message], add_generation_prompt=True)
    return list(model.processor.tokenizer(text, add_special_tokens=False)["input_ids"])


def _mean_of(model: PointingModel, past: Sequence[torch.Tensor], cut: tuple[int, int]) -> torch.Tensor | None:
    """The mean of the windows of the newest frames that the temporal module takes.

    Args:
        model: Who reads them.
        past: Windows of the frames.
        cut: How many windows, and slots in each, the picture has that they come before.
    """
    if not past:
        return None
    config = model.model.config
    if config.temporal_module is None:
        raise InputError(f"past was given, but {model.name} has no temporal module; leave it out.")
    if any(tuple(one.shape[:2]) != cut for one in past):
        raise InputError(
            "The frames of past are cut otherwise than the image; expected frames of one size and one "
            "max_crops."
        )
    return torch.stack(list(past[-config.temporal_frames :])).mean(0)
