"""Reads the points behind the words of an answer, by their labels."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from molmo_act.formats.answer_text import PointTag, point_tags
from molmo_act.formats.text_points import text_format
from molmo_act.formats.token_text import TokenText
from molmo_act.generation.outputs import GeneratedAnswer
from molmo_act.outputs.points import Points
from molmo_act.pointing.postprocessing import Answerer, grounded_points, where_of, written_rows


@dataclass(frozen=True)
class _Found:
    """A point of an answer: its row as `read_points` gives it, and its tag."""

    row: list[float]
    score: float
    tag: PointTag
    feature: np.ndarray | None = None


def labelled_points(
    runtime: Answerer, answer: GeneratedAnswer, written: TokenText, metadata: Mapping[str, Any]
) -> dict[str, Points]:
    """Reads the points of an answer.

    Args:
        runtime: The model that answered.
        answer: Token ids and their probabilities.
        written: The same ids as text.
        metadata: The processor's pointing metadata.

    Returns:
        Points by their labels, in the order of the answer; "" stands for points without one. Of models that
        write no numbers of objects, the points of a label are numbered through.
    """
    if "video_size" not in metadata and not metadata.get("image_sizes"):
        return {}
    tags = point_tags(written.text)
    found = (_grounded if runtime.has_grounding_tokens else _written)(
        runtime, answer, written, metadata, tags
    )
    labels = dict.fromkeys(one.tag.label for one in found)
    numbered = runtime.has_grounding_tokens or text_format(runtime.config).numbered
    return {
        label: _points(
            [one for one in found if one.tag.label == label], label, answer, written, metadata, numbered
        )
        for label in labels
    }


def _grounded(
    runtime: Answerer,
    answer: GeneratedAnswer,
    written: TokenText,
    metadata: Mapping[str, Any],
    tags: Sequence[PointTag],
) -> list[_Found]:
    read = grounded_points(runtime.config, answer, metadata, runtime.grammar)
    found = []
    for row, score, feature, position in zip(*read, strict=True):
        place = written.spans[position][0]
        own = next((tag for tag in tags if tag.start <= place < tag.end), PointTag(place, place, ""))
        found.append(_Found(row, score, own, feature))
    return found


def _written(
    runtime: Answerer,
    answer: GeneratedAnswer,
    written: TokenText,
    metadata: Mapping[str, Any],
    tags: Sequence[PointTag],
) -> list[_Found]:
    """Points within tags only: numbers in the prose of an answer are none."""
    found = []
    for tag in tags:
        part = written.text[tag.start : tag.end]
        rows, spans = written_rows(runtime.config, part, metadata), text_format(runtime.config).spans(part)
        if len(spans) != len(rows):  # the probability of the tag, where a point's own cannot be told
            spans = [(0, len(part))] * len(rows)
        for row, (first, last) in zip(rows, spans, strict=True):
            if row is not None:
                score = _probability(answer, written, tag.start + first, tag.start + last)
                found.append(_Found(row, score, tag))
    return found


def _probability(answer: GeneratedAnswer, written: TokenText, first: int, last: int) -> float:
    """Probability of the tokens that write a part of the answer."""
    return math.prod(
        probability
        for (begin, end), probability in zip(written.spans, answer.probabilities, strict=True)
        if begin < last and end > first
    )


def _points(
    found: Sequence[_Found],
    label: str,
    answer: GeneratedAnswer,
    written: TokenText,
    metadata: Mapping[str, Any],
    numbered: bool,
) -> Points:
    tags = list(dict.fromkeys(one.tag for one in found))
    features = [one.feature for one in found if one.feature is not None]
    return Points(
        xy=np.array([one.row[2:] for one in found]),
        score=np.array([one.score for one in found]),
        object_id=np.array([one.row[0] for one in found]) if numbered else np.arange(1, len(found) + 1),
        query=label,
        absent=math.nan,
        text="".join(written.text[tag.start : tag.end] for tag in tags),
        features=np.stack(features) if features else None,
        truncated=answer.truncated,
        ended_by_order=answer.refused,
        **where_of([one.row[1] for one in found], metadata),
    )
