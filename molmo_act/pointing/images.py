"""Asks a model about images: pairs of image and query in batches, or one image with many queries."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import torch

from molmo_act.errors import InputError
from molmo_act.formats.text_points import text_format
from molmo_act.generation.limits import MAX_NEW_TOKENS
from molmo_act.generation.memory import explain_out_of_memory
from molmo_act.generation.outputs import GenerationOutput
from molmo_act.generation.own_settings import own_settings
from molmo_act.generation.prefill import prefill_prefix
from molmo_act.generation.text import generate_text
from molmo_act.outputs.points import Points
from molmo_act.pointing.encoded_image import EncodedImage
from molmo_act.pointing.postprocessing import make_points
from molmo_act.pointing.prompts import prepare_inputs, text_part, user_message
from molmo_act.pointing.runtime import PointingRuntime
from molmo_act.request import Bounds, as_list
from molmo_act.validation import wrong

BATCH_SIZE = 8

Images: TypeAlias = "np.ndarray | Sequence[np.ndarray]"
"""What one prompt shows: an image, uint8 RGB (H, W, 3), or several."""


@own_settings()
def point_in_pairs(
    runtime: PointingRuntime,
    pairs: Sequence[tuple[Images, str]],
    bounds: Bounds,
    max_crops: int | None,
    prompt: str | None = None,
) -> list[Points]:
    """Points at each query in its own image, or in its own images, which one prompt then shows.

    Args:
        runtime: The model that is asked.
        pairs: Images, uint8 RGB (H, W, 3), or lists of them, and queries.
        bounds: How much of an answer is wanted.
        max_crops: Most high-resolution crops of an image; None for the checkpoint's own number.
        prompt: How a query is asked, see `PromptTemplates.choose`.

    Returns:
        Points for each pair; `Points.image_index` counts the images of its prompt.
    """
    points: list[Points] = []
    for first in range(0, len(pairs), BATCH_SIZE):
        batch = pairs[first : first + BATCH_SIZE]
        began = time.perf_counter()
        inputs = prepare_image_inputs(runtime, batch, max_crops, prompt)
        metadata = inputs.pop("metadata")
        preprocess_ms = 1000 * (time.perf_counter() - began)
        queries = [query for _, query in batch]
        output = generate_answers(runtime, inputs, queries, bounds, _reduce(max(map(_count, batch))))
        timing = {"preprocess": preprocess_ms, "prefill": output.prefill_ms, "decode": output.decode_ms}
        points += [
            make_points(runtime, answer, query, one, bounds, timing)
            for answer, query, one in zip(output.answers, queries, metadata, strict=True)
        ]
    return points


@own_settings()
def point_in_image(
    runtime: PointingRuntime,
    image: Images,
    queries: Sequence[str],
    bounds: Bounds,
    max_crops: int | None,
    prompt: str | None = None,
) -> list[Points]:
    """Points at each query in an image, or in several in one prompt, which reads them once if it can.

    Args:
        runtime: The model that is asked.
        image: uint8 RGB (H, W, 3), or a list of such images.
        queries: What to find.
        bounds: How much of an answer is wanted.
        max_crops: Most high-resolution crops of an image; None for the checkpoint's own number.
        prompt: How a query is asked, see `PromptTemplates.choose`.

    Returns:
        Points for each query.
    """
    if len(queries) > 1 and runtime.has_grounding_tokens:
        return point_in_encoded(runtime, encode_image(runtime, image, max_crops), queries, bounds, prompt)
    return point_in_pairs(runtime, [(image, query) for query in queries], bounds, max_crops, prompt)


@own_settings()
def point_in_encoded(
    runtime: PointingRuntime,
    encoded: EncodedImage,
    queries: Sequence[str],
    bounds: Bounds,
    prompt: str | None = None,
) -> list[Points]:
    """Points at each query in an image that the model has read.

    Args:
        runtime: The model that read the image.
        encoded: The image.
        queries: What to find.
        bounds: How much of an answer is wanted.
        prompt: How a query is asked, see `PromptTemplates.choose`.

    Returns:
        Points for each query.

    Raises:
        InputError: Another model has read the image.
    """
    if encoded.model_name != runtime.name:
        raise InputError(f"The image was encoded by {encoded.model_name}, but this is {runtime.name}.")
    read, here = encoded.windows_NKC, runtime.model
    if read.dtype != here.dtype or read.device != here.device:
        raise InputError(
            f"The image was encoded in {read.dtype} on {read.device}, but the model is in {here.dtype} on "
            f"{here.device}. Encode it with this model."
        )
    reduce = _reduce(len(encoded.metadata["image_sizes"]))
    check_room(runtime, encoded, queries, bounds, prompt=prompt, reduce=reduce)
    batches = [queries[first : first + BATCH_SIZE] for first in range(0, len(queries), BATCH_SIZE)]
    return [
        points
        for batch in batches
        for points in point_with_prefix(runtime, encoded, batch, bounds, prompt=prompt)
    ]


def check_room(
    runtime: PointingRuntime,
    encoded: EncodedImage,
    queries: Sequence[str],
    bounds: Bounds,
    *,
    prompt: str | None = None,
    reduce: str = "max_crops",
) -> None:
    """Refuses queries that are too long behind an image before the first of them is answered.

    Args:
        runtime: The model that read the image.
        encoded: An image, or a video.
        queries: What to find.
        bounds: How much of an answer is wanted.
        prompt: How a query is asked, see `PromptTemplates.choose`.
        reduce: The option that the error tells the caller to lower where it is not the query.

    Raises:
        InputError: One leaves no room for an answer; a `QueryError` where it would without the query.
    """
    lengths = {query: len(runtime.question(query, prompt)) for query in queries}
    for query in lengths:
        runtime.limits(encoded.prefix.length + lengths[query], bounds, query, reduce=reduce)


@own_settings()
def encode_image(
    runtime: PointingRuntime, image: Images, max_crops: int | None, past: Sequence[torch.Tensor] = ()
) -> EncodedImage:
    """Reads an image, or several in one prompt, once for any number of queries.

    Args:
        runtime: A MolmoPoint.
        image: uint8 RGB (H, W, 3), or a list of such images.
        max_crops: Most high-resolution crops; None for the checkpoint's own number.
        past: `EncodedImage.windows_NKC` of earlier frames, oldest first, for a model with a temporal module.

    Returns:
        What the model has read.

    Raises:
        InputError: `past` was given to a model without a temporal module, or belongs to images that are cut
            into other crops.
    """
    began = time.perf_counter()
    inputs = prepare_image_inputs(runtime, [(image, "it")], max_crops)
    metadata = inputs.pop("metadata")[0]
    runtime.limits(inputs["input_ids"].shape[1], Bounds(), reduce=_reduce(len(metadata["image_sizes"])))
    prepared = time.perf_counter()
    mean_NKC = _mean_of_past(runtime, past, metadata["token_pooling"].shape)
    with explain_out_of_memory(runtime.model, inputs):
        prefix = prefill_prefix(runtime.model, inputs, mean_NKC)
    ended = time.perf_counter()
    return EncodedImage(metadata, 1000 * (prepared - began), 1000 * (ended - prepared), prefix, runtime.name)


def prepare_image_inputs(
    runtime: PointingRuntime,
    pairs: Sequence[tuple[Images, str]],
    max_crops: int | None,
    prompt: str | None = None,
    *,
    earlier: Sequence[Sequence[np.ndarray]] | None = None,
) -> dict[str, Any]:
    """Turns images and queries into the model's inputs.

    Args:
        runtime: The model that is asked.
        pairs: See `point_in_pairs`.
        max_crops: Most high-resolution crops of an image; None for the checkpoint's own number.
        prompt: How a query is asked, see `PromptTemplates.choose`.
        earlier: For a model that reads frames, those before each image.

    Returns:
        See `molmo_act.pointing.prompts.prepare_inputs`.

    Raises:
        InputError: The model reads frames, and those before the images were not given.
    """
    if earlier is None:
        runtime.require_single_images()
    conversations = [
        [
            user_message(
                text_part(runtime.processor.prompts.ask(query, prompt)),
                *({"type": "image", "image": image} for image in as_list(images)),
            )
        ]
        for images, query in pairs
    ]
    inputs = prepare_inputs(runtime, conversations, max_crops=max_crops)
    if earlier is not None:
        images = [image for image, _ in pairs]
        cut = runtime.processor.cut_earlier(images, earlier, max_crops=max_crops, device=runtime.device)
        inputs |= {name: tensor.to(runtime.device) for name, tensor in cut.items()}
    return inputs


def point_with_prefix(
    runtime: PointingRuntime,
    encoded: EncodedImage,
    queries: Sequence[str],
    bounds: Bounds,
    *,
    prompt: str | None = None,
    max_new_tokens: int = MAX_NEW_TOKENS,
    reduce: str = "max_crops",
) -> list[Points]:
    """Points at a batch of queries in what the model has read.

    Args:
        runtime: The model that read the image.
        encoded: An image, or a video.
        queries: What to find.
        bounds: How much of an answer is wanted.
        prompt: How a query is asked, see `PromptTemplates.choose`.
        max_new_tokens: Most tokens of an answer.
        reduce: The option that the error tells the caller to lower where the prompt is too long.

    Returns:
        Points for each query.

    Raises:
        InputError: The prompt leaves no room for an answer.
    """
    questions = [runtime.question(query, prompt) for query in queries]
    prompt_tokens = encoded.prefix.length + max(map(len, questions))
    longest = queries[max(range(len(queries)), key=lambda index: len(questions[index]))]
    limits = runtime.limits(prompt_tokens, bounds, longest, max_new_tokens=max_new_tokens, reduce=reduce)
    output = runtime.engine.generate_with_prefix(
        encoded.prefix, questions, queries, order=bounds.order, limits=limits
    )
    timing = {
        "preprocess": encoded.preprocess_ms,
        "prefill": encoded.prefill_ms + output.prefill_ms,
        "decode": output.decode_ms,
    }
    return [
        make_points(runtime, answer, query, encoded.metadata, bounds, timing)
        for answer, query in zip(output.answers, queries, strict=True)
    ]


def _count(pair: tuple[Images, str]) -> int:
    """How many images a prompt shows."""
    return len(as_list(pair[0]))


def _reduce(images: int) -> str:
    """What to lower where a prompt of so many images is too long."""
    return "max_crops" if images == 1 else "images at a time, or fewer max_crops"


def generate_answers(
    runtime: PointingRuntime,
    inputs: dict[str, Any],
    queries: Sequence[str],
    bounds: Bounds,
    reduce: str,
    max_new_tokens: int = MAX_NEW_TOKENS,
) -> GenerationOutput:
    """Answers a batch of prompts.

    Args:
        runtime: The model that is asked.
        inputs: See `prepare_image_inputs`, without metadata.
        queries: What each of them asks for.
        bounds: How much of an answer is wanted.
        reduce: The option that the error tells the caller to lower where a prompt is too long.
        max_new_tokens: Most tokens of an answer.

    Returns:
        The answers.

    Raises:
        InputError: A prompt leaves no room for an answer.
        PlatformError: Memory ran out.
    """
    longest = queries[int(inputs["attention_mask"].sum(1).argmax())]
    length = inputs["input_ids"].shape[1]
    limits = runtime.limits(length, bounds, longest, max_new_tokens=max_new_tokens, reduce=reduce)
    if runtime.has_grounding_tokens:
        return runtime.engine.generate(inputs, queries, order=bounds.order, limits=limits)
    with explain_out_of_memory(runtime.model, inputs):
        return generate_text(
            runtime.model,
            inputs,
            opening_ids=opening_ids(runtime),
            end_ids=runtime.grammar.end_ids,
            max_new_tokens=limits.max_new_tokens,
            timeout=limits.timeout,
        )


def opening_ids(runtime: PointingRuntime) -> set[int]:
    """First ids of answers that list points.

    Args:
        runtime: A model that writes coordinates as text.

    Returns:
        The ids.
    """
    encode = runtime.tokenizer.encode
    openings = text_format(runtime.config).openings
    return {encode(opening, add_special_tokens=False)[0] for opening in openings}


def _mean_of_past(
    runtime: PointingRuntime, past: Sequence[torch.Tensor], pooling_shape: tuple[int, int]
) -> torch.Tensor | None:
    """The mean of the windows of the newest frames that the temporal module takes; None without any.

    `pooling_shape` is how many windows the new image has, and how many ViT patches each of them pools.
    """
    if not isinstance(past, Sequence) or not all(isinstance(one, torch.Tensor) for one in past):
        raise wrong("past", past, "a list of EncodedImage.windows_NKC, oldest first")
    if not past:
        return None
    if not runtime.has_temporal_module:
        raise InputError(f"past was given, but {runtime.name} has no temporal module; leave it out.")
    if any(tuple(one.shape[:2]) != pooling_shape for one in past):
        raise InputError(
            "The frames of past are cut otherwise than the image; expected frames of one size and one "
            "max_crops."
        )
    return torch.stack(list(past[-runtime.model.config.temporal_frames :])).mean(0)
