"""Turns a model's answer into Points, with scores and heat maps."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

from molmo_act.calibration import apply_curve
from molmo_act.formats.grounding_tokens import AnswerGrammar, PromptIds
from molmo_act.formats.point_extraction import at_seconds, point_rows
from molmo_act.formats.text_points import on_frames, text_format
from molmo_act.generation.outputs import GeneratedAnswer
from molmo_act.outputs.points import Points
from molmo_act.request import Bounds


class Answerer(Protocol):
    """What reading an answer takes of the model that gave it."""

    @property
    def grammar(self) -> AnswerGrammar:
        """How the model writes its answers."""

    @property
    def config(self) -> Any:
        """Configuration of the model."""

    @property
    def has_grounding_tokens(self) -> bool:
        """Whether the model points by grounding tokens; otherwise it writes coordinates as text."""


def make_points(
    runtime: Answerer,
    answer: GeneratedAnswer,
    query: str,
    metadata: Mapping[str, Any],
    bounds: Bounds,
    timing_ms: Mapping[str, float],
) -> Points:
    """Turns an answer about images or a video into points.

    Args:
        runtime: The model that answered.
        answer: Token ids and their probabilities.
        query: What was asked for.
        metadata: The processor's pointing metadata.
        bounds: Which points are wanted.
        timing_ms: Milliseconds that each stage took.

    Returns:
        The points, in pixels of the original images; of a video, with timestamps.
    """
    text = runtime.grammar.tokenizer.decode(
        answer.tokens, skip_special_tokens=False, clean_up_tokenization_spaces=False
    )
    rows, scores, features = read_points(runtime, answer, text, metadata)
    kept = [i for i, score in enumerate(scores) if score >= bounds.min_score][: bounds.max_points]
    return Points(
        xy=np.array([rows[i][2:] for i in kept]),
        score=np.array([scores[i] for i in kept]),
        object_id=np.array([rows[i][0] for i in kept]),
        query=query,
        absent=apply_curve(answer.absent, getattr(runtime.config, "absent_curve", None)),
        text=text if runtime.has_grounding_tokens else text.strip(),
        features=np.stack([features[i] for i in kept]) if kept and features else None,
        heatmaps=_heatmaps(answer, metadata),
        timing_ms=dict(timing_ms),
        truncated=answer.truncated,
        ended_by_order=answer.refused,
        **where_of([rows[i][1] for i in kept], metadata),
    )


def where_of(places: Sequence[float], metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Says which images, or frames, points lie in, as fields of `Points`.

    Args:
        places: For each point the index of its image, or the seconds of its frame.
        metadata: The processor's pointing metadata.

    Returns:
        ``image_index`` and ``image_size``; of a video ``timestamp`` and ``damaged``, too.
    """
    place = np.array(places, dtype=float)
    if "video_size" not in metadata:
        return {"image_index": place, "image_size": metadata.get("image_sizes")}
    times = np.asarray(metadata["timestamps"])
    return {
        "image_index": np.abs(times[None] - place[:, None]).argmin(axis=1) if len(place) else np.zeros(0),
        "image_size": [metadata["video_size"]] * len(times),
        "timestamp": place,
        "damaged": metadata.get("damaged", False),
    }


def read_points(
    runtime: Answerer, answer: GeneratedAnswer, text: str, metadata: Mapping[str, Any]
) -> tuple[list[list[float]], list[float], list[np.ndarray]]:
    """Reads the points out of an answer: grounding tokens of a MolmoPoint, coordinates in text of others.

    Args:
        runtime: The model that answered.
        answer: Token ids and their probabilities.
        text: The same answer as text.
        metadata: The processor's pointing metadata.

    Returns:
        Rows [object id, image index, x, y] in pixels of the original images, or [object id, seconds, x, y] of
        a video; the score of each; and features of the patch that each lies in, none of coordinates in text.
    """
    if runtime.has_grounding_tokens:
        return grounded_points(runtime.config, answer, metadata, runtime.grammar)[:3]
    rows = written_rows(runtime.config, text, metadata)
    spans = text_format(runtime.config).spans(text)
    if len(spans) != len(rows):  # the probability of the whole answer, where a point's own cannot be told
        scores = [math.prod(answer.probabilities)] * len(rows)
    else:
        scores = _written_scores(answer, spans, runtime.grammar.tokenizer.decode)
    kept = [i for i, row in enumerate(rows) if row is not None]
    return [row for row in rows if row is not None], [scores[i] for i in kept], []


def written_rows(config: Any, text: str, metadata: Mapping[str, Any]) -> list[list[float] | None]:
    """Reads points that are written as text.

    Args:
        config: Configuration of the model.
        text: The answer, or a part of it.
        metadata: The processor's pointing metadata.

    Returns:
        Rows as `read_points` gives them; None for a point of a video at a time that it does not have.
    """
    written = text_format(config)
    if "video_size" not in metadata:
        return list(written.read(text, metadata["image_sizes"]))
    assert written.read_video is not None, "the processor refuses videos for these models"
    return on_frames(written.read_video(text, metadata["video_size"]), metadata["timestamps"])


class GroundedPoints(NamedTuple):
    """The points of an answer of grounding tokens, see `read_points`.

    Attributes:
        rows: See `read_points`.
        scores: The score of each.
        features: Features of the patch that each lies in.
        positions: Place of the first id of each in the answer.
    """

    rows: list[list[float]]
    scores: list[float]
    features: list[np.ndarray]
    positions: list[int]


def grounded_points(
    config: Any,
    answer: GeneratedAnswer,
    metadata: Mapping[str, Any],
    grammar: AnswerGrammar,
) -> GroundedPoints:
    """Reads points of grounding tokens; each keeps its score, even where a neighbour lies on no image.

    Args:
        config: Configuration of the model.
        answer: Token ids and their probabilities.
        metadata: The processor's pointing metadata.
        grammar: How the model writes its answers.

    Returns:
        The points.
    """
    ids = PromptIds.of(config, metadata["token_pooling"])
    found = grammar.parse(answer.tokens, ids)
    scores = [
        apply_curve(math.prod(answer.probabilities[first : first + ids.point_length]), config.score_curve)
        for first in found.positions.tolist()
    ]
    rows = _rows_of(found.object_ids, found.triples, metadata)
    kept = [i for i, row in enumerate(rows) if row is not None]
    features = [answer.patch_features[int(found.positions[i])] for i in kept]
    return GroundedPoints(
        [row for row in rows if row is not None],
        [scores[i] for i in kept],
        features,
        [int(found.positions[i]) for i in kept],
    )


def _rows_of(ids: np.ndarray, triples: np.ndarray, metadata: Mapping[str, Any]) -> list[list[float] | None]:
    """Rows as `read_points` gives them; all at once, since reading a video's tables takes long."""
    tables = metadata["token_pooling"], metadata["subpatch_mapping"]
    if "video_size" not in metadata:
        return point_rows(ids, triples, *tables, metadata["image_sizes"])
    times = metadata["timestamps"]
    rows = point_rows(ids, triples, *tables, [metadata["video_size"]] * len(times))
    return [None if row is None else at_seconds(row, times) for row in rows]


def _written_scores(
    answer: GeneratedAnswer, spans: Sequence[tuple[int, int]], decode: Callable[..., str]
) -> list[float]:
    """Probability of the tokens that write each point."""
    ends = [len(decode(answer.tokens[: i + 1], skip_special_tokens=False)) for i in range(len(answer.tokens))]
    starts = [0, *ends[:-1]]
    return [
        math.prod(
            probability
            for begin, end, probability in zip(starts, ends, answer.probabilities, strict=True)
            if begin < last and end > first
        )
        for first, last in spans
    ]


def _heatmaps(answer: GeneratedAnswer, metadata: Mapping[str, Any]) -> list[np.ndarray] | None:
    """For each image float32 (rows, columns): the first point's patch probability on every ViT patch.

    The probability of a window is shared evenly among its ViT patches. None when no patch was considered.
    """
    if answer.first_patch_probabilities is None:
        return None
    pooling = np.asarray(metadata["token_pooling"])
    filled = pooling >= 0
    share = answer.first_patch_probabilities[:-1] / np.maximum(filled.sum(-1), 1)
    by_patch = np.zeros(int(pooling.max()) + 1, dtype=np.float32)
    # A patch of the global crop never takes part: its ids are in no image's map.
    np.add.at(by_patch, pooling[filled], np.broadcast_to(share[:, None], pooling.shape)[filled])
    return [by_patch[np.asarray(mapping)] for mapping in metadata["subpatch_mapping"]]
