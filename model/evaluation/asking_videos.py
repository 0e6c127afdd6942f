"""Asks a model about videos: points at times, tracks, numbers, and masks of every frame."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from model.data.errors import SkippedRow
from model.evaluation.asking import Asker
from model.evaluation.benchmark import Case, Prediction
from model.evaluation.video_sources import ShownVideo
from molmo_act.errors import ImageError
from molmo_act.outputs import rle
from molmo_act.outputs.masks import Masks
from molmo_act.outputs.points import Points
from molmo_act.outputs.tracks import Tracks

WRITTEN = "written"
"""Key of `Prediction.extra` that says that points are read from the text, by the official reader."""
COUNTED = "counted"
"""Key of `Prediction.extra` that says how a number was found: in the words, or by counting points."""
COUNT_TOKENS, TRACK_TOKENS = 2048, 4096
"""Most tokens of an answer, as in the official evaluations."""


def point(asker: Asker, cases: Sequence[Case], videos: Sequence[ShownVideo]) -> list[Prediction]:
    """Points at times of each video; see `PointingModel.point_in_video`."""

    def ask(case: Case, video: ShownVideo) -> Prediction:
        options: Any = {"prompt": asker.options.prompt or "raw", "min_score": asker.options.min_score}
        points = asker.model.point_in_video(video.source, asker.prompt(case), **_span(video), **options)
        _refuse_damaged(points.damaged)
        extra = {WRITTEN: True} if asker.writes_text else {}
        return Prediction(points.text, _placed(points, video.size), None, points.truncated, extra)

    return _each(ask, cases, videos)


def track(asker: Asker, cases: Sequence[Case], videos: Sequence[ShownVideo]) -> list[Prediction]:
    """Tracks through each video in one prompt; see `PointingModel.track`.

    Of a model that writes points as text, the text is kept, for the official reader.
    """

    def ask(case: Case, video: ShownVideo) -> Prediction:
        if asker.writes_text and asker.options.prompt is None:
            answer = asker.model.answer(
                video.source, case.prompt, max_new_tokens=TRACK_TOKENS, **_span(video)
            )
            _refuse_damaged(answer.damaged)
            return Prediction(answer.written, (), None, answer.truncated, {WRITTEN: True})
        prompt = asker.options.prompt or "raw"
        tracks = asker.model.track(
            video.source,
            asker.prompt(case),
            mode="offline",
            prompt=prompt,
            min_score=asker.options.min_score,
            **_span(video),
        )
        _refuse_damaged(any(one.damaged for one in tracks))
        truncated = any(one.truncated for one in tracks)
        return Prediction("", tuple(_tracked(tracks, video.size)), None, truncated)

    return _each(ask, cases, videos)


def answer(
    asker: Asker, cases: Sequence[Case], videos: Sequence[ShownVideo], *, max_new_tokens: int
) -> list[Prediction]:
    """Asks each case's prompt about its video, in words."""

    def ask(case: Case, video: ShownVideo) -> Prediction:
        said = asker.model.answer(video.source, case.prompt, max_new_tokens=max_new_tokens, **_span(video))
        return Prediction(said.written, (), None, said.truncated)

    return _each(ask, cases, videos)


def count(asker: Asker, cases: Sequence[Case], videos: Sequence[ShownVideo]) -> list[Prediction]:
    """Asks how many there are; a model that was taught to point only is asked to point at the label."""
    answers = asker.answers_questions

    def ask(case: Case, video: ShownVideo) -> Prediction:
        if answers:
            answer = asker.model.answer(
                video.source, case.prompt, max_new_tokens=COUNT_TOKENS, **_span(video)
            )
            _refuse_damaged(answer.damaged)
            return Prediction(answer.written, (), None, answer.truncated, {COUNTED: "words"})
        found = asker.model.count_in_video(
            video.source, case.query, prompt=asker.options.prompt, **_span(video)
        )
        _refuse_damaged(found.damaged)
        return Prediction(str(int(found)), (), None, bool(found.truncated), {COUNTED: "points"})

    return _each(ask, cases, videos)


def segment(asker: Asker, cases: Sequence[Case], videos: Sequence[ShownVideo]) -> list[Prediction]:
    """Segments each video; see `PointingModel.segment`. Objects of one answer are joined.

    Returns:
        ``extra["masks"]``: for each frame run lengths in COCO's form, or None where nothing was found;
        ``extra["size"]``: (width, height).
    """

    def ask(case: Case, video: ShownVideo) -> Prediction:
        masks = asker.model.segment(
            video.source,
            case.query,
            propagator=asker.propagator,
            prompt=asker.options.prompt,
            min_score=asker.options.min_score,
            **_span(video),
        )
        _refuse_damaged(masks.damaged)
        extra: dict[str, Any] = {"masks": joined(masks), "size": list(masks.image_size)}
        return Prediction("", (), None, masks.truncated, extra)

    return _each(ask, cases, videos)


def joined(masks: Masks) -> list[str | None]:
    """Joins the objects of each frame: run lengths in COCO's form, None where there is nothing."""
    found: list[str | None] = []
    for frame in range(masks.frames):
        arrays = [mask.to_array() for mask in masks.on(frame)]
        found.append(rle.encode(np.logical_or.reduce(arrays)) if arrays else None)
    return found


def _each(
    ask: Callable[[Case, ShownVideo], Prediction], cases: Sequence[Case], videos: Sequence[ShownVideo]
) -> list[Prediction]:
    try:
        return [ask(case, video) for case, video in zip(cases, videos, strict=True)]
    except ImageError:
        raise SkippedRow("a frame of the video cannot be read") from None


def _refuse_damaged(damaged: bool) -> None:
    """What was annotated is not on the frames that stand for missing ones."""
    if damaged:
        raise SkippedRow("video is damaged")


def _span(video: ShownVideo) -> dict[str, Any]:
    return {"fps": video.fps, "start": video.start, "end": video.end}


def _placed(points: Points, size: tuple[int, int]) -> tuple[tuple[float, ...], ...]:
    """Rows (id, seconds, x, y) in pixels of the size in which answers are scored."""
    return tuple(
        (
            one.object_id,
            float(one.timestamp or 0.0),
            *_scaled(one.x, one.y, points.image_size[one.image_index], size),
        )
        for one in points
    )


def _tracked(tracks: Iterable[Tracks], size: tuple[int, int]) -> Iterable[tuple[float, ...]]:
    for frame in tracks:
        for one in frame:
            yield (one.object_id, frame.timestamp, *_scaled(one.x, one.y, frame.image_size, size))


def _scaled(x: float, y: float, shown: tuple[int, int], size: tuple[int, int]) -> tuple[float, float]:
    return x * size[0] / shown[0], y * size[1] / shown[1]
