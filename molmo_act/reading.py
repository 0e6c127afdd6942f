"""Reads a model's answer as Points, with scores and heat maps. Knows formats, runs no model."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from molmo_act.answers import Answer
from molmo_act.asking import Bounds
from molmo_act.calibration import on_curve
from molmo_act.modeling.coordinate_text import extract_coordinate_points
from molmo_act.modeling.grounding_text import at_seconds, parse_grounding_text, rows_of
from molmo_act.modeling.molmo_point import MolmoPointForConditionalGeneration
from molmo_act.points import Points

_COORDINATES = re.compile(r"[0-9]+ [0-9]{3,4} [0-9]{3,4}")


def points_of(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    answer: Answer,
    query: str,
    metadata: Mapping[str, Any],
    bounds: Bounds,
    timing_ms: Mapping[str, float],
) -> Points:
    """The points of an answer about images or a video.

    Args:
        model: Who answered.
        tokenizer: Its.
        answer: What it said.
        query: What it was asked for.
        metadata: The processor's pointing metadata.
        bounds: Which points are wanted.
        timing_ms: What the answer took.
    """
    decode = tokenizer.decode
    text = decode(answer.tokens, skip_special_tokens=False, clean_up_tokenization_spaces=False)
    rows, scores, features = read_points(model, answer, text, metadata, decode)
    kept = [i for i, score in enumerate(scores) if score >= bounds.min_score][: bounds.max_points]
    place = np.array([rows[i][1] for i in kept])
    where: dict[str, Any] = {"image_index": place, "image_size": metadata.get("image_sizes")}
    if "video_size" in metadata:
        times = np.asarray(metadata["timestamps"])
        where = {
            "image_index": np.abs(times[None] - place[:, None]).argmin(axis=1) if kept else np.zeros(0),
            "image_size": [metadata["video_size"]] * len(times),
            "timestamp": place,
        }
    return Points(
        xy=np.array([rows[i][2:] for i in kept]),
        score=np.array([scores[i] for i in kept]),
        object_id=np.array([rows[i][0] for i in kept]),
        query=query,
        absent=on_curve(answer.absent, getattr(model.config, "absent_curve", None)),
        text=text,
        features=np.stack([features[i].numpy() for i in kept]) if kept and features else None,
        heatmaps=_heatmaps(answer, metadata),
        timing_ms=dict(timing_ms),
        cut=answer.cut,
        **where,
    )


def read_points(
    model: Any, answer: Answer, text: str, metadata: Mapping[str, Any], decode: Callable[..., str]
) -> tuple[list[list[float]], list[float], list[Tensor]]:
    """Rows [object id, image index, x, y] in pixels of the original images, their scores and features.

    Of a video, rows [object id, seconds, x, y]. Coordinates in text have no features.

    Args:
        model: Who answered; MolmoPoint answers with grounding tokens, others with coordinates as text.
        answer: Ids and their probabilities.
        text: The same as text.
        metadata: The processor's pointing metadata.
        decode: Turns ids into text.
    """
    if isinstance(model, MolmoPointForConditionalGeneration):
        return _grounding_points(model, answer, metadata, decode)
    rows = extract_coordinate_points(text, metadata["image_sizes"])
    return rows, _coordinate_scores(answer, text, len(rows), decode), []


def _grounding_points(
    model: MolmoPointForConditionalGeneration,
    answer: Answer,
    metadata: Mapping[str, Any],
    decode: Callable[..., str],
) -> tuple[list[list[float]], list[float], list[Tensor]]:
    """Points are read one by one, so that each keeps its score even where a neighbour lies on no image."""
    config, pooling = model.config, np.asarray(metadata["token_pooling"])
    kinds = {"no_more_points_class": config.no_more_points_class, "patch_location": config.patch_location}
    start = config.extended_vocab_start
    ids, triples, scores, features = [], [], [], []
    for first in range(len(answer.tokens) - 3):
        point = answer.tokens[first : first + 3]
        if first not in answer.features or min(point) < start or answer.tokens[first + 3] >= start:
            continue
        point += _digits(answer.tokens[first + 3 :], start)
        text = decode(point, skip_special_tokens=False, clean_up_tokenization_spaces=False)
        for number, triple in zip(*parse_grounding_text(text, *pooling.shape, **kinds), strict=True):
            ids.append(number)
            triples.append(triple)
            scores.append(on_curve(math.prod(answer.probabilities[first : first + 3]), config.score_curve))
            features.append(answer.features[first])
    rows = _rows_of(ids, triples, metadata)
    kept = [i for i, row in enumerate(rows) if row is not None]
    return [row for row in rows if row is not None], [scores[i] for i in kept], [features[i] for i in kept]


def _rows_of(
    ids: Sequence[int], triples: Sequence[np.ndarray], metadata: Mapping[str, Any]
) -> list[list[float] | None]:
    """Rows as `read_points` gives them; all at once, since every look at a video's tables takes its time."""
    tables = metadata["token_pooling"], metadata["subpatch_mapping"]
    if "video_size" not in metadata:
        return rows_of(ids, triples, *tables, metadata["image_sizes"])
    times = metadata["timestamps"]
    rows = rows_of(ids, triples, *tables, [metadata["video_size"]] * len(times))
    return [None if row is None else at_seconds(row, times) for row in rows]


def _digits(tokens: list[int], start: int) -> list[int]:
    """The words up to the next grounding id."""
    return tokens[: next((i for i, token in enumerate(tokens) if token >= start), len(tokens))]


def _coordinate_scores(answer: Answer, text: str, count: int, decode: Callable[..., str]) -> list[float]:
    """Probability of the tokens that write each point; of the whole answer where these cannot be told."""
    spans = [match.span() for match in _COORDINATES.finditer(text)]
    if len(spans) != count:
        return [math.prod(answer.probabilities)] * count
    ends = [len(decode(answer.tokens[: i + 1], skip_special_tokens=False)) for i in range(len(answer.tokens))]
    starts = [0, *ends[:-1]]
    return [
        math.prod(
            chance
            for begin, end, chance in zip(starts, ends, answer.probabilities, strict=True)
            if begin < last and end > first
        )
        for first, last in spans
    ]


def _heatmaps(answer: Answer, metadata: Mapping[str, Any]) -> list[np.ndarray] | None:
    """For each image float32 (rows, columns): the first point's patch probability on every ViT patch.

    The probability of a window is shared evenly among its ViT patches. None when no patch was considered.
    """
    if answer.first_patch is None:
        return None
    pooling = np.asarray(metadata["token_pooling"])
    filled = pooling >= 0
    share = answer.first_patch[:-1].numpy() / np.maximum(filled.sum(-1), 1)
    by_patch = np.zeros(int(pooling.max()) + 1, dtype=np.float32)
    # A patch of the global crop never takes part: its ids are in no image's map.
    np.add.at(by_patch, pooling[filled], np.broadcast_to(share[:, None], pooling.shape)[filled])
    return [by_patch[np.asarray(mapping)] for mapping in metadata["subpatch_mapping"]]
