"""Asks a model about a whole video in one prompt, for checkpoints trained on videos. Knows no streams."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from molmo_act.asking import Bounds, check_query
from molmo_act.decoding.prefill import read_prefix
from molmo_act.encoded_image import EncodedImage
from molmo_act.errors import InputError
from molmo_act.image_pointing import point_behind
from molmo_act.images import to_rgb
from molmo_act.memory import explained
from molmo_act.modeling import MolmoPointForConditionalGeneration
from molmo_act.points import Points
from molmo_act.prompts import POINT, TRACK, inputs_of, user_message
from molmo_act.reading import points_of
from molmo_act.sources import DEFAULT_FPS, VideoSource, pictures_of
from molmo_act.tracks import GROUNDED, Tracks

if TYPE_CHECKING:
    from molmo_act.pointing_model import PointingModel

VIDEO_SUFFIXES = frozenset({".mp4", ".mov", ".mkv", ".avi", ".webm", ".m4v", ".mpg", ".mpeg", ".ts"})
ROOM: dict[str, Any] = {
    "longest": 2048,  # ids of an answer, of which a point takes four
    "fewer": "max_frames",
}


def is_video(value: Any) -> bool:
    """Whether this is the path of a video file, or of a folder, which can only be meant as one."""
    if not isinstance(value, (str, os.PathLike)):
        return False
    return Path(value).suffix.lower() in VIDEO_SUFFIXES or Path(value).is_dir()


def point_in_video(
    model: PointingModel,
    video: VideoSource,
    queries: Sequence[str],
    *,
    words: str = POINT,
    bounds: Bounds | None = None,
    fps: float = DEFAULT_FPS,
    max_frames: int | None = None,
    max_fps: float | None = None,
    start: float = 0.0,
    end: float | None = None,
) -> list[Points]:
    """Points of each query on the frames that the model saw, which it reads once.

    Args:
        model: Who is asked; a MolmoPoint.
        video: A video file, a folder of pictures, or frames in order; frames are taken from it by the
            released rule: `max_fps` a second, at most `max_frames`, the last one among them.
        queries: What to find; each is asked on its own.
        words: What is asked of each query.
        bounds: How much of an answer is wanted.
        fps: Frames a second of a folder or of frames.
        max_frames, max_fps: None for the checkpoint's own numbers.
        start, end: Seconds between which frames are taken; None for the video's end.

    Returns:
        `Points.timestamp` are seconds, `Points.image_index` counts the frames that were seen.

    Raises:
        InputError: The model writes coordinates as text, the video cannot be read or is too long for the
            model, or a number is out of range.
        PlatformError: Memory ran out.
        QueryError: A query cannot be used.
    """
    for query in queries:
        check_query(query)
    if not queries:
        return []
    if not isinstance(model.model, MolmoPointForConditionalGeneration):
        raise InputError(f"{model.name} writes coordinates as text; ask a MolmoPoint about videos.")
    began = time.perf_counter()
    sampling = {"num_frames": max_frames, "max_fps": max_fps, "start": start, "end": end}
    inputs = _inputs(model, video, words.format(queries[0]), fps, sampling)
    preprocess_ms = 1000 * (time.perf_counter() - began)
    if len(queries) == 1:
        return [_points_of_one(model, inputs, queries[0], bounds or Bounds(), preprocess_ms)]
    encoded = _encode(model, inputs, preprocess_ms)
    # One by one: a batch would hold the video's keys and values once for each query.
    return [
        point_behind(model, encoded, [query], bounds or Bounds(), words=words, **ROOM)[0] for query in queries
    ]


def _points_of_one(
    model: PointingModel, inputs: dict[str, Any], query: str, bounds: Bounds, preprocess_ms: float
) -> Points:
    """Without keeping what was read, which takes as much memory again."""
    [metadata] = inputs.pop("metadata")
    limits = model.limits(inputs["input_ids"].shape[1], bounds, **ROOM)
    answers = model.engine.answer(inputs, [query], mode=bounds.mode, limits=limits)
    timing = {"preprocess": preprocess_ms, "prefill": answers.prefill_ms, "decode": answers.decode_ms}
    return points_of(model.model, model.processor.tokenizer, answers.rows[0], query, metadata, bounds, timing)


def _encode(model: PointingModel, inputs: dict[str, Any], preprocess_ms: float) -> EncodedImage:
    """The video, read for any number of queries."""
    [metadata] = inputs.pop("metadata")
    model.limits(inputs["input_ids"].shape[1], Bounds(), **ROOM)  # before it is read, which takes long
    began = time.perf_counter()
    with explained(model.model, inputs):
        prefix = read_prefix(model.model, inputs)
    return EncodedImage(prefix, metadata, model.name, preprocess_ms, 1000 * (time.perf_counter() - began))


def track_in_video(
    model: PointingModel, video: VideoSource, queries: Sequence[str], **options: Any
) -> list[Tracks]:
    """Tracks of the frames on which the model saw anything, all queries together.

    `Tracks.frame_index` counts the frames that the model looked at, not those of the video.

    Args:
        model, video: See `point_in_video`.
        queries: What to follow; each is asked on its own, and numbers of objects go on from one to the next.
        options: Keyword arguments of `point_in_video`.

    Raises:
        InputError, QueryError: See `point_in_video`.
    """
    found: dict[tuple[int, float], list[tuple[int, Any, str]]] = {}
    used, size = 0, (0, 0)
    answers = point_in_video(model, video, queries, words=TRACK, **options)
    for query, points in zip(queries, answers, strict=True):
        for point in points:
            assert point.timestamp is not None
            place = found.setdefault((point.image_index, point.timestamp), [])
            place.append((used + point.object_id, point, query))
        used += max((point.object_id for point in points), default=0)
        size = points.image_size[0]
    return [
        Tracks(
            timestamp=timestamp,
            frame_index=index,
            image_size=size,
            xy=np.array([(point.x, point.y) for _, point, _ in seen]),
            object_id=np.array([number for number, _, _ in seen]),
            score=np.array([point.score for _, point, _ in seen]),
            visible=np.ones(len(seen), bool),
            age=np.zeros(len(seen)),
            source=[GROUNDED] * len(seen),
            query=[query for _, _, query in seen],
        )
        for (index, timestamp), seen in sorted(found.items())
    ]


def _inputs(
    model: PointingModel,
    video: VideoSource,
    words: str,
    fps: float,
    sampling: Mapping[str, Any],
) -> dict[str, Any]:
    part: dict[str, Any] = {"type": "video", "video": video}
    if not isinstance(video, (str, os.PathLike)) or Path(video).is_dir():
        part |= {"video": [to_rgb(picture) for picture in pictures_of(video)], "fps": fps}
    return inputs_of(model, [[user_message({"type": "text", "text": words}, part)]], **sampling)
