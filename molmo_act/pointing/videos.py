"""Asks a model about a whole video in one prompt, for checkpoints trained on videos."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import torch
import torch.nn.functional as F

from molmo_act.generation.memory import explain_out_of_memory
from molmo_act.generation.own_settings import own_settings
from molmo_act.generation.prefill import prefill_prefix
from molmo_act.io.camera import is_live
from molmo_act.io.frames import DEFAULT_FPS, VideoSource, read_frames, whole_video
from molmo_act.io.locations import is_file_source
from molmo_act.io.media_kind import folder_of
from molmo_act.models.molmo_point.frame_sampling import MAX_FRAMES
from molmo_act.outputs.points import Point, Points
from molmo_act.outputs.tracks import GROUNDED, Tracks
from molmo_act.pointing.encoded_image import EncodedImage
from molmo_act.pointing.frame_by_frame import point_frame_by_frame
from molmo_act.pointing.images import check_room, generate_answers, point_with_prefix
from molmo_act.pointing.postprocessing import make_points
from molmo_act.pointing.prompts import prepare_inputs, text_part, user_message
from molmo_act.pointing.runtime import PointingRuntime
from molmo_act.request import OWN, Bounds, check_span
from molmo_act.validation import check_int, check_number

logger = logging.getLogger(__name__)

POINT_TOKENS = 2048
"""Most tokens of an answer that points in a video, as in the official evaluations; a point takes four."""
TRACK_TOKENS = 4096
"""Most tokens of an answer that tracks, as in the official evaluations."""
REDUCE = "max_frames"  # what to lower when a video is too long for the model


_Seen: TypeAlias = "tuple[int, Point, str]"
"""Id of an object, where it is on a frame, and the query that named it."""


@dataclass(frozen=True)
class FrameSelection:
    """Which frames of a video the model looks at.

    Attributes:
        fps: Frames per second of a folder or a list of images; a file says itself when each frame is shown.
        max_frames: Most frames; None for the checkpoint's own number.
        max_fps: Most frames per second; None for the checkpoint's own number.
        start: Seconds at which the part to look at begins.
        end: Seconds at which it ends; None for the end of the video.

    Raises:
        InputError: One is not a number, or out of range.
    """

    fps: float = DEFAULT_FPS
    max_frames: int | None = None
    max_fps: float | None = None
    start: float = 0.0
    end: float | None = None

    def __post_init__(self) -> None:
        check_number("fps", self.fps, above=0, what="frames per second")
        check_int("max_frames", self.max_frames, most=MAX_FRAMES, none=OWN)
        check_number("max_fps", self.max_fps, above=0, what="frames per second", none=OWN)
        check_span(self.start, self.end)


@own_settings()
def point_in_video(
    runtime: PointingRuntime,
    video: VideoSource,
    queries: Sequence[str],
    *,
    bounds: Bounds,
    frames: FrameSelection,
    prompt: str | None = None,
) -> list[Points]:
    """Points at each query on the frames of a video that the model looks at; the video is read once.

    Args:
        runtime: A MolmoPoint or a Molmo 2; or a VideoMolmo, which is asked about every tenth frame.
        video: A video file, a folder of images, or frames in order. Frames are taken by the released rule:
            `max_fps` per second, at most `max_frames`, the last one among them.
        queries: What to find; each is asked on its own.
        bounds: How much of an answer is wanted.
        frames: Which frames the model looks at.
        prompt: How a query is asked, see `PromptTemplates.choose`.

    Returns:
        Points for each query; `Points.timestamp` is in seconds of the video, `Points.image_index` counts the
        frames that the model looked at.

    Raises:
        InputError: The model reads single images only, the video cannot be read or is too long for the
            model, or a number is out of range.
        PlatformError: Memory ran out.
        QueryError: A query cannot be used.
    """
    if runtime.reads_frames and queries:
        reader = read_frames(video, fps=frames.fps, start=frames.start, end=frames.end)
        return point_frame_by_frame(runtime, reader, queries, bounds, frames.max_frames, prompt)
    return _ask(runtime, video, queries, bounds, frames, prompt, POINT_TOKENS)[0]


@own_settings()
def track_in_video(
    runtime: PointingRuntime,
    video: VideoSource,
    queries: Sequence[str],
    *,
    bounds: Bounds,
    frames: FrameSelection,
    prompt: str | None = None,
) -> list[Tracks]:
    """Tracks each query through a whole video.

    Args:
        runtime: A MolmoPoint or a Molmo 2.
        video: See `point_in_video`.
        queries: What to track; each is asked on its own. Object ids go on from one query to the next.
        bounds: How much of an answer is wanted.
        frames: Which frames the model looks at.
        prompt: How a query is asked, see `PromptTemplates.choose`; None for the template "track".

    Returns:
        Tracks of all queries together, for each frame that the model looked at; without an object where it
        found nothing. `Tracks.frame_index` counts these frames, not those of the video.

    Raises:
        InputError: See `point_in_video`.
        PlatformError: Memory ran out.
        QueryError: A query cannot be used.
    """
    prompt = "track" if prompt is None else prompt
    answers, times = _ask(runtime, video, queries, bounds, frames, prompt, TRACK_TOKENS)
    truncated = [points.query for points in answers if points.truncated]
    if truncated:
        logger.warning(
            "The answer about %s was not complete; objects and frames may be missing. Give fewer frames "
            "(max_frames) or queries for fewer objects.",
            ", ".join(map(repr, truncated)),
        )
    # A second point of an object on one frame is left out, as in the official evaluations.
    by_frame: list[dict[int, _Seen]] = [{} for _ in times]
    used = 0
    for query, points in zip(queries, answers, strict=True):
        for point in points:
            number = used + point.object_id
            by_frame[point.image_index].setdefault(number, (number, point, query))
        used += max((point.object_id for point in points), default=0)
    found = [[seen[number] for number in sorted(seen)] for seen in by_frame]
    damaged = any(points.damaged for points in answers)
    return [
        Tracks(
            timestamp=timestamp,
            frame_index=index,
            image_size=answers[0].image_size[index],
            xy=np.array([(point.x, point.y) for _, point, _ in seen]),
            object_id=np.array([number for number, _, _ in seen]),
            score=np.array([point.score for _, point, _ in seen]),
            visible=np.ones(len(seen), bool),
            age=np.zeros(len(seen)),
            source=[GROUNDED] * len(seen),
            query=[query for _, _, query in seen],
            truncated=bool(truncated),
            damaged=damaged,
        )
        for index, (timestamp, seen) in enumerate(zip(times, found, strict=True))
    ]


def _ask(
    runtime: PointingRuntime,
    video: VideoSource,
    queries: Sequence[str],
    bounds: Bounds,
    frames: FrameSelection,
    prompt: str | None,
    max_new_tokens: int,
) -> tuple[list[Points], list[float]]:
    """The answer to each query, and the seconds of every frame that the model looked at."""
    for query in queries:
        runtime.check_query(query)
    if not queries:
        return [], []
    runtime.require_videos()
    began = time.perf_counter()
    question = runtime.processor.prompts.ask(queries[0], prompt)
    inputs = prepare_video_inputs(runtime, video, question, frames)
    times = [float(seconds) for seconds in inputs["metadata"][0]["timestamps"]]
    preprocess_ms = 1000 * (time.perf_counter() - began)
    # One by one: a batch would hold the video's keys and values once for each query.
    if len(queries) == 1 or not runtime.has_grounding_tokens:
        others = [_with_question(runtime, inputs, query, prompt) for query in queries[1:]]
        return [
            _point_once(runtime, one, query, bounds, preprocess_ms, max_new_tokens)
            for one, query in zip([inputs, *others], queries, strict=True)
        ], times
    encoded = _encode(runtime, inputs, preprocess_ms, max_new_tokens)
    check_room(runtime, encoded, queries, bounds, prompt=prompt, reduce=REDUCE)
    return [
        point_with_prefix(
            runtime, encoded, [query], bounds, prompt=prompt, max_new_tokens=max_new_tokens, reduce=REDUCE
        )[0]
        for query in queries
    ], times


def _with_question(
    runtime: PointingRuntime, inputs: Mapping[str, Any], query: str, prompt: str | None
) -> dict[str, Any]:
    """A prompt about a video, with another question behind the frames."""
    length = 1 + int(inputs["token_type_ids"][0].nonzero()[-1])
    ids_1S = inputs["input_ids"][:, :length]
    asked_1S = torch.cat((ids_1S, ids_1S.new_tensor([runtime.question(query, prompt)])), dim=1)
    image_1S = F.pad(inputs["token_type_ids"][:, :length], (0, asked_1S.shape[1] - length))
    return {
        **inputs,
        "input_ids": asked_1S,
        "attention_mask": torch.ones_like(asked_1S),
        "token_type_ids": image_1S,
    }


def _point_once(
    runtime: PointingRuntime,
    inputs: dict[str, Any],
    query: str,
    bounds: Bounds,
    preprocess_ms: float,
    max_new_tokens: int,
) -> Points:
    """Answers one query without keeping what was read, which takes as much memory again."""
    [metadata] = inputs.pop("metadata")
    output = generate_answers(runtime, inputs, [query], bounds, REDUCE, max_new_tokens)
    [answer] = output.answers
    timing = {"preprocess": preprocess_ms, "prefill": output.prefill_ms, "decode": output.decode_ms}
    return make_points(runtime, answer, query, metadata, bounds, timing)


def _encode(
    runtime: PointingRuntime, inputs: dict[str, Any], preprocess_ms: float, max_new_tokens: int
) -> EncodedImage:
    """The video, read for any number of queries."""
    [metadata] = inputs.pop("metadata")
    # Checked before the video is read, which takes long.
    runtime.limits(inputs["input_ids"].shape[1], Bounds(), max_new_tokens=max_new_tokens, reduce=REDUCE)
    began = time.perf_counter()
    with explain_out_of_memory(runtime.model, inputs):
        prefix = prefill_prefix(runtime.model, inputs)
    prefill_ms = 1000 * (time.perf_counter() - began)
    return EncodedImage(metadata, preprocess_ms, prefill_ms, prefix, runtime.name)


def prepare_video_inputs(
    runtime: PointingRuntime, video: VideoSource, text: str, frames: FrameSelection
) -> dict[str, Any]:
    """Turns a video and a question into the model's inputs.

    Args:
        runtime: The model that is asked.
        video: See `point_in_video`.
        text: The question.
        frames: Which frames the model looks at.

    Returns:
        See `molmo_act.pointing.prompts.prepare_inputs`.

    Raises:
        InputError: The video cannot be read.
    """
    message = user_message(text_part(text), video_part(video, frames.fps))
    return prepare_inputs(runtime, [[message]], **frame_options(frames))


def video_part(video: VideoSource, fps: float) -> dict[str, Any]:
    """Makes the part of a message that is a video.

    Args:
        video: See `point_in_video`.
        fps: Frames per second of a folder or a list of images.

    Returns:
        The part.

    Raises:
        InputError: The video has no end, or no frame.
    """
    if is_live(video) or not is_file_source(video) or folder_of(video) is not None:
        return {"type": "video", "video": whole_video(video), "fps": fps}
    return {"type": "video", "video": video}


def frame_options(frames: FrameSelection) -> dict[str, Any]:
    """Says which frames to look at, as `molmo_act.pointing.prompts.prepare_inputs` takes it.

    Args:
        frames: Which frames the model looks at.

    Returns:
        Keyword arguments of the processor.
    """
    return {
        "num_frames": frames.max_frames,
        "max_fps": frames.max_fps,
        "start": frames.start,
        "end": frames.end,
    }
