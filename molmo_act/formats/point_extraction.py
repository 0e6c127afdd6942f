"""Points of answers as released code gives them: text with ``<POINT_n>`` in, rows in pixels out.

The text becomes the integers that `grounding_tokens` reads; `patch_geometry` says where they lie.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from molmo_act.formats.grounding_tokens import MOST_DIGITS, PromptIds, parse_tokens
from molmo_act.formats.patch_geometry import locate_points

logger = logging.getLogger(__name__)

_TEXT_TOKEN = re.compile(r"<POINT_([0-9]+)> ?|([0-9])|.", re.DOTALL)
_DIGITS_IN_TEXT = {-1 - digit: digit for digit in range(10)}  # no id of a vocabulary is negative
_OTHER_TEXT = -11


def parse_grounding_text(text: str, ids: PromptIds) -> tuple[np.ndarray, np.ndarray]:
    """Reads the points of an answer that is text already. What is not a point is skipped.

    Args:
        text: The answer, grounding tokens kept. Every token of a point may be followed by one space.
        ids: The grounding ids of its prompt.

    Returns:
        Object ids int64 (N,), as written behind each point, and triples int64 (N, 3), see `ParsedPoints`.
        Points whose numbers name nothing in this prompt are left out with a logged warning.
    """
    tokens = []
    for number, digit in _TEXT_TOKEN.findall(text):
        if number:
            tokens.append(ids.start + (int(number) if len(number) <= MOST_DIGITS else 10**MOST_DIGITS))
        else:
            tokens.append(-1 - int(digit) if digit else _OTHER_TEXT)
    return parse_tokens(tokens, ids, _DIGITS_IN_TEXT, None)[1:]


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
        no_more_points_class: Whether the number behind the last patch is taken by "no more points".
        patch_location: ``"3x3"``, or None when points consist of patch and subpatch only.
        token_pooling: See `locate_points`.
        subpatch_mapping: See `locate_points`.
        image_sizes: See `locate_points`.

    Returns:
        Rows ``[object_id, image_index, x, y]``, x and y in pixels of the original image, in the order of the
        text. Points that lie on no image are left out with a logged warning.
    """
    pooling = np.asarray(token_pooling)
    patches, slots = pooling.shape
    ids = PromptIds(0, patches, slots, 0 if patch_location is None else 9, no_more_points_class)
    object_ids, triples = parse_grounding_text(text, ids)
    rows = point_rows(object_ids, triples, pooling, subpatch_mapping, image_sizes)
    return [row for row in rows if row is not None]


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
        no_more_points_class: See `extract_grounding_points`.
        patch_location: See `extract_grounding_points`.
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


def point_rows(
    object_ids: Sequence[int] | np.ndarray,
    triples: ArrayLike,
    token_pooling: ArrayLike,
    subpatch_mapping: Sequence[ArrayLike],
    image_sizes: Sequence[tuple[int, int]],
) -> list[list[float] | None]:
    """Where points lie, as rows in the form of released code.

    Args:
        object_ids: int (N,) of each point.
        triples: int (N, 3), see `locate_points`.
        token_pooling: See `locate_points`.
        subpatch_mapping: See `locate_points`.
        image_sizes: See `locate_points`.

    Returns:
        ``[object_id, image_index, x, y]`` of each point, x and y in pixels of the original image; None, with
        a logged warning, for one that lies on no image.
    """
    image_index, xy = locate_points(triples, token_pooling, subpatch_mapping, image_sizes)
    if (image_index < 0).any():
        logger.warning(
            "Left out %d point(s) on the low-resolution view or on padding.", (image_index < 0).sum()
        )
    rows = zip(np.asarray(object_ids).tolist(), image_index.tolist(), xy.tolist(), strict=True)
    return [None if index < 0 else [object_id, index, *point] for object_id, index, point in rows]


def at_seconds(row: Sequence[float], timestamps: Sequence[float]) -> list[float]:
    """Gives a point of a video the time of its frame.

    Args:
        row: ``[object_id, frame, x, y]``.
        timestamps: Seconds of each frame.

    Returns:
        ``[object_id, seconds, x, y]``.
    """
    object_id, frame, x, y = row
    return [object_id, float(timestamps[int(frame)]), x, y]
