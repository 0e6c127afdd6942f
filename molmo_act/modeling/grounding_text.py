"""Answers with grounding tokens ⇄ (patch, subpatch, location) triples. Knows numbers in text, not token ids.

A point reads ``<POINT_a><POINT_b><POINT_c>7``: patch, subpatch, location and the number of its object. With P
image tokens, S slots per window and the no-more-points class, the numbers count P patches, no-more-points, S
subpatches and the locations, in this order. What the triples mean is told in `grounding_points`.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from molmo_act.modeling.grounding_points import locate_points

logger = logging.getLogger(__name__)

_POINT = r"<POINT_([0-9]+)> ?"
_TRIPLE = re.compile(rf"{_POINT}{_POINT}{_POINT}([0-9]+)")
_PAIR = re.compile(rf"{_POINT}{_POINT}([0-9]+)")
_MOST_DIGITS = 9  # of a number in an answer; longer ones come from a model gone round in circles


def parse_grounding_text(
    text: str,
    num_patches: int,
    num_subpatches: int,
    *,
    no_more_points_class: bool,
    patch_location: str | None,
) -> tuple[np.ndarray, np.ndarray]:
    """Reads the points of an answer. What is not a point (other text, no-more-points, halves) is skipped.

    Args:
        text: The answer, grounding tokens kept. Every token of a point may be followed by one space.
        num_patches: Number of image tokens P of the prompt.
        num_subpatches: Number of slots S of a pooling window.
        no_more_points_class: Whether the number after the last patch is taken by no-more-points.
        patch_location: ``"3x3"``, or None when points consist of patch and subpatch only.

    Returns:
        Object ids int64 (N,), as written behind each point, and triples int64 (N, 3); the location is -1
        without `patch_location`. Numbers that name no such patch, subpatch or location are left out with
        a logged warning.
    """
    pattern, parts = (_PAIR, 2) if patch_location is None else (_TRIPLE, 3)
    num_locations = 0 if patch_location is None else 9
    first_subpatch = num_patches + int(no_more_points_class)
    starts = (0, first_subpatch, first_subpatch + num_subpatches)
    counts = (num_patches, num_subpatches, num_locations)
    object_ids, triples = [], []
    for match in pattern.finditer(text):
        if max(map(len, match.groups())) > _MOST_DIGITS:
            logger.warning("Left out a point with a number of more than %d digits.", _MOST_DIGITS)
            continue
        *tokens, object_id = map(int, match.groups())
        choice = [token - start for token, start in zip(tokens, starts, strict=False)]
        if not all(0 <= value < count for value, count in zip(choice, counts, strict=False)):
            logger.warning("Left out the point %r: it names nothing in this prompt.", match.group())
            continue
        object_ids.append(object_id)
        triples.append([*choice, *[-1] * (3 - parts)])
    return np.array(object_ids, dtype=np.int64), np.array(triples, dtype=np.int64).reshape(-1, 3)


def write_grounding_text(
    triples: ArrayLike,
    object_ids: Iterable[int],
    label: str,
    num_patches: int,
    num_subpatches: int,
    *,
    tag: str = "points",
) -> str:
    """Writes points as models with a no-more-points class answer them; tokenised, it is what one learns.

    Args:
        triples: int (N, 3) patch, subpatch and location, in ascending order, as models are taught.
        object_ids: What follows each point: 1, 2, 3… for pointing, the object's number for tracking.
        label: What was pointed at.
        num_patches: Number of image tokens P of the prompt.
        num_subpatches: Number of slots S of a pooling window.
        tag: ``points``, or ``tracks`` when objects recur over frames.

    Returns:
        ``<points coords="<POINT_…>…1…">label</points>``, or "There are none." without points.
    """
    rows = np.asarray(triples, dtype=np.int64).reshape(-1, 3)
    if not len(rows):
        return "There are none."
    starts = np.array([0, num_patches + 1, num_patches + 1 + num_subpatches])
    points = "".join(
        "".join(f"<POINT_{number}>" for number in row) + str(object_id)
        for row, object_id in zip((rows + starts).tolist(), object_ids, strict=True)
    )
    return f'<{tag} coords="{points}<POINT_{num_patches}>">{label}</{tag}>'


def extract_grounding_points(
    text: str,
    no_more_points_class: bool,
    patch_location: str | None,
    token_pooling: ArrayLike,
    subpatch_mapping: Sequence[ArrayLike],
    image_sizes: Sequence[tuple[int, int]],
) -> list[list[float]]:
    """The points of an answer about images, as released models' own code reads them.

    Args:
        text: The answer, grounding tokens kept.
        no_more_points_class: See `parse_grounding_text`.
        patch_location: See `parse_grounding_text`.
        token_pooling: See `locate_points`.
        subpatch_mapping: See `locate_points`.
        image_sizes: See `locate_points`.

    Returns:
        Rows ``[object_id, image_index, x, y]``, x and y in pixels of the original image, in the order of the
        text. Points that lie on no image are left out with a logged warning.
    """
    pooling = np.asarray(token_pooling)
    object_ids, triples = parse_grounding_text(
        text, *pooling.shape, no_more_points_class=no_more_points_class, patch_location=patch_location
    )
    rows = rows_of(object_ids, triples, pooling, subpatch_mapping, image_sizes)
    return [row for row in rows if row is not None]


def rows_of(
    object_ids: Sequence[int] | np.ndarray,
    triples: ArrayLike,
    token_pooling: ArrayLike,
    subpatch_mapping: Sequence[ArrayLike],
    image_sizes: Sequence[tuple[int, int]],
) -> list[list[float] | None]:
    """``[object_id, image_index, x, y]`` of each point; None, with a logged warning, for one on no image.

    Args:
        object_ids: Of each point.
        triples, token_pooling, subpatch_mapping, image_sizes: See `locate_points`.
    """
    image_index, xy = locate_points(triples, token_pooling, subpatch_mapping, image_sizes)
    if (image_index < 0).any():
        logger.warning(
            "Left out %d point(s) on the low-resolution view or on padding.", (image_index < 0).sum()
        )
    rows = zip(np.asarray(object_ids).tolist(), image_index.tolist(), xy.tolist(), strict=True)
    return [None if index < 0 else [object_id, index, *point] for object_id, index, point in rows]


def extract_grounding_video_points(
    text: str,
    no_more_points_class: bool,
    patch_location: str | None,
    token_pooling: ArrayLike,
    subpatch_mapping: ArrayLike,
    timestamps: Sequence[float],
    video_size: tuple[int, int],
) -> list[list[float]]:
    """The points of an answer about a video, as released models' own code reads them.

    Args:
        text: The answer, grounding tokens kept.
        no_more_points_class: See `parse_grounding_text`.
        patch_location: See `parse_grounding_text`.
        token_pooling: See `locate_points`.
        subpatch_mapping: int (frames, rows, columns) absolute ViT patch ids.
        timestamps: Seconds of each frame.
        video_size: (width, height) of the original frames in pixels.

    Returns:
        Rows ``[object_id, seconds, x, y]``, x and y in pixels of the original frame.
    """
    frames = np.asarray(subpatch_mapping)
    rows = extract_grounding_points(
        text, no_more_points_class, patch_location, token_pooling, list(frames), [video_size] * len(frames)
    )
    return [at_seconds(row, timestamps) for row in rows]


def at_seconds(row: Sequence[float], timestamps: Sequence[float]) -> list[float]:
    """``[object_id, seconds, x, y]`` of a point that is given as ``[object_id, frame, x, y]``."""
    object_id, frame, x, y = row
    return [object_id, float(timestamps[int(frame)]), x, y]
