"""Asks a model a question, and makes an answer of what it says: piece by piece, or as a whole.

A question about an image, several or a video, or none, is one prompt. A VideoMolmo reads one frame at a time,
with those before it, so a question about a video is one prompt for each sampled frame there.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np

from molmo_act.formats.answer_text import ReadableStream, readable
from molmo_act.formats.stated_count import stated_count
from molmo_act.formats.token_text import TokenText
from molmo_act.generation.memory import explain_out_of_memory
from molmo_act.generation.outputs import GenerationOutput
from molmo_act.generation.own_settings import own_settings
from molmo_act.generation.text import stream_text
from molmo_act.io.frames import FrameReader, read_frames
from molmo_act.outputs.answer import Answer
from molmo_act.outputs.points import Points
from molmo_act.pointing.answer_points import labelled_points
from molmo_act.pointing.answer_request import AnswerRequest
from molmo_act.pointing.frame_by_frame import MAX_SAMPLED, sample_frames
from molmo_act.pointing.images import opening_ids
from molmo_act.pointing.prompts import Message, prepare_inputs, text_part, user_message
from molmo_act.pointing.runtime import PointingRuntime
from molmo_act.pointing.videos import frame_options, video_part

STAGES = ("preprocess", "prefill", "decode")
Pieces = Generator[str, None, Answer]
"""The words of an answer as they come, and then the answer. After each step of the model come the words that
it made whole, often none, so that its caller may stop it there, by closing it."""


@dataclass(frozen=True)
class _Part:
    """An answer to one prompt, before it is that to a question."""

    written: str
    points: dict[str, Points]
    truncated: bool
    timing_ms: dict[str, float]


def answer_pieces(runtime: PointingRuntime, request: AnswerRequest) -> Pieces:
    """Answers a question.

    Args:
        runtime: The model that is asked.
        request: What is asked.

    Yields:
        Whole words, as they come; "" after a step that ended none.

    Returns:
        The answer.

    Raises:
        InputError: The prompt leaves no room for an answer, or shows what the model does not read.
        PlatformError: Memory ran out.
    """
    if runtime.reads_frames and request.video is not None:
        return (yield from _answer_frames(runtime, request))
    with own_settings():
        began = time.perf_counter()
        inputs = _prepare(runtime, request)
        [metadata] = inputs.pop("metadata")
        preprocess_ms = 1000 * (time.perf_counter() - began)
    part = yield from _answer_prompt(runtime, inputs, metadata, request, preprocess_ms)
    sizes = metadata.get("image_sizes")
    if sizes is None:
        sizes = [metadata["video_size"]] * len(metadata["timestamps"])
    text = readable(part.written)
    return Answer(
        text=text,
        question=request.text,
        points=part.points,
        image_size=sizes,
        written=part.written,
        stated=stated_count(text, cut=part.truncated),
        truncated=part.truncated,
        damaged=bool(metadata.get("damaged", False)),
        timing_ms=part.timing_ms,
    )


def _prepare(runtime: PointingRuntime, request: AnswerRequest) -> dict[str, Any]:
    """The inputs of the model for the whole conversation."""
    shown: list[dict[str, Any]] = [{"type": "image", "image": image} for image in request.images]
    options: dict[str, Any] = {"max_crops": request.max_crops} if shown else {}
    if request.video is not None:
        shown.append(video_part(request.video, request.frames.fps))
        options = frame_options(request.frames)
    turns = [*request.history, user_message(text_part(request.text, request.style))]
    # All that is seen stands before the first turn, wherever in the messages it comes.
    first = turns[0]
    turns[0] = {**first, "content": [*shown, *_parts(first)]}
    return prepare_inputs(runtime, [turns], **options)


def _parts(message: Message) -> list[dict[str, Any]]:
    content = message["content"]
    return [text_part(content)] if isinstance(content, str) else list(content)


def _answer_prompt(
    runtime: PointingRuntime,
    inputs: dict[str, Any],
    metadata: Mapping[str, Any],
    request: AnswerRequest,
    preprocess_ms: float,
) -> Generator[str, None, _Part]:
    written, words = TokenText(runtime.tokenizer), ReadableStream()
    steps = _generate(runtime, inputs, request)
    try:
        while True:
            try:
                with own_settings():  # not those of the caller, who goes on between two steps
                    ids = next(steps)
            except StopIteration as end:
                output: GenerationOutput = end.value
                break
            written.feed(ids)
            yield words.feed(written.text)
    finally:
        steps.close()
    written.end()
    if piece := words.end(written.text):
        yield piece
    [answer] = output.answers
    return _Part(
        written.text.strip(),
        labelled_points(runtime, answer, written, metadata),
        answer.truncated,
        dict(zip(STAGES, (preprocess_ms, output.prefill_ms, output.decode_ms), strict=True)),
    )


def _generate(
    runtime: PointingRuntime, inputs: dict[str, Any], request: AnswerRequest
) -> Generator[list[int], None, GenerationOutput]:
    """The ids of the answer to one prompt, and then the answer."""
    limits = runtime.limits(
        inputs["input_ids"].shape[1],
        request.bounds,
        request.text,
        max_new_tokens=request.max_new_tokens,
        reduce="frames" if request.video is not None else "images, max_crops or turns",
    )
    shows = any(name in inputs for name in ("pixel_values", "pixel_values_videos"))
    if runtime.has_grounding_tokens and shows:
        return (yield from runtime.engine.stream(inputs, order=request.bounds.order, limits=limits))
    openings = {runtime.grammar.opening[0]} if runtime.has_grounding_tokens else opening_ids(runtime)
    steps = stream_text(
        runtime.model,
        inputs,
        opening_ids=openings,
        end_ids=runtime.grammar.end_ids,
        max_new_tokens=limits.max_new_tokens,
        timeout=limits.timeout,
    )
    while True:
        try:
            with explain_out_of_memory(runtime.model, inputs):
                [ids] = next(steps)
        except StopIteration as end:
            answered: GenerationOutput = end.value
            return answered
        yield ids


def _answer_frames(runtime: PointingRuntime, request: AnswerRequest) -> Pieces:
    """A line about each sampled frame of a video, with the points of all of them."""
    frames = request.frames
    reader = read_frames(request.video, fps=frames.fps, start=frames.start, end=frames.end)
    parts: list[_Part] = []
    times, sizes = list[float](), list[tuple[int, int]]()
    for frame in sample_frames(reader, frames.max_frames or MAX_SAMPLED):
        with own_settings():
            began = time.perf_counter()
            inputs = _prepare_frame(runtime, request, frame.image, frame.before)
            [metadata] = inputs.pop("metadata")
            preprocess_ms = 1000 * (time.perf_counter() - began)
        line = _answer_prompt(runtime, inputs, metadata, request, preprocess_ms)
        parts.append((yield from _on_new_line(line) if parts else line))
        times.append(frame.seconds)
        sizes += metadata["image_sizes"]
    return _joined(request, parts, times, sizes, reader)


def _on_new_line(line: Generator[str, None, _Part]) -> Generator[str, None, _Part]:
    yield "\n"
    return (yield from line)


def _prepare_frame(
    runtime: PointingRuntime, request: AnswerRequest, image: np.ndarray, before: Sequence[np.ndarray]
) -> dict[str, Any]:
    turns = [*request.history, user_message(text_part(request.text, request.style))]
    turns[0] = {**turns[0], "content": [{"type": "image", "image": image}, *_parts(turns[0])]}
    inputs = prepare_inputs(runtime, [turns])
    cut = runtime.processor.cut_earlier([image], [before], max_crops=None, device=runtime.device)
    return inputs | {name: tensor.to(runtime.device) for name, tensor in cut.items()}


def _joined(
    request: AnswerRequest,
    parts: Sequence[_Part],
    times: Sequence[float],
    sizes: Sequence[tuple[int, int]],
    reader: FrameReader,
) -> Answer:
    labels = dict.fromkeys(chain.from_iterable(part.points for part in parts))
    return Answer(
        text="\n".join(readable(part.written) for part in parts),
        question=request.text,
        points={label: _over_frames(label, parts, times, sizes) for label in labels},
        image_size=sizes,
        written="\n".join(part.written for part in parts),
        truncated=any(part.truncated for part in parts),
        damaged=bool(reader.damage),
        timing_ms={
            stage: sum(part.timing_ms[stage] for part in parts)
            for stage in ("preprocess", "prefill", "decode")
        },
    )


def _over_frames(
    label: str, parts: Sequence[_Part], times: Sequence[float], sizes: Sequence[tuple[int, int]]
) -> Points:
    """The points of a label on all frames; objects are numbered anew on each, as `point_in_video` has it."""
    held = [(index, part.points[label]) for index, part in enumerate(parts) if label in part.points]
    counts = [len(points) for _, points in held]
    index = np.repeat([index for index, _ in held], counts)
    return Points(
        xy=np.concatenate([points.xy for _, points in held]),
        score=np.concatenate([points.score for _, points in held]),
        object_id=np.concatenate([points.object_id for _, points in held]),
        image_index=index,
        timestamp=np.asarray(times)[index],
        image_size=sizes,
        query=label,
        absent=float("nan"),
        text="\n".join(points.text for _, points in held),
        truncated=any(points.truncated for _, points in held),
    )
