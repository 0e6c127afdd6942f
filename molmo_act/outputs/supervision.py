"""Points as KeyPoints and Detections of the package supervision."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from molmo_act._optional import import_optional
from molmo_act.validation import check_number

if TYPE_CHECKING:
    import supervision

_EXTRA = {"extra": "supervision", "purpose": "to_supervision()"}


def key_points(
    xy: np.ndarray, score: np.ndarray, object_id: np.ndarray, queries: Sequence[str]
) -> supervision.KeyPoints:
    """Gives each point as an object of one key point.

    Args:
        xy: float32 (N, 2), pixels of the image.
        score: float32 (N,), probabilities.
        object_id: int64 (N,).
        queries: What each point was asked for.

    Returns:
        KeyPoints in pixels of the image.

    Raises:
        MissingExtraError: The package is not installed.
    """
    package = import_optional("supervision", **_EXTRA)
    found: supervision.KeyPoints = package.KeyPoints(
        xy=xy.copy()[:, None],
        class_id=_numbers(queries),
        keypoint_confidence=score.copy()[:, None],
        detection_confidence=score.copy(),
        data=_data(object_id, queries),
    )
    return found


def detections(
    xy: np.ndarray,
    score: np.ndarray,
    object_id: np.ndarray,
    queries: Sequence[str],
    *,
    image_size: tuple[int, int],
    box_size: float,
) -> supervision.Detections:
    """Gives each point as the middle of a box.

    Args:
        xy: See `key_points`; so are the next three.
        score: See `key_points`.
        object_id: See `key_points`.
        queries: See `key_points`.
        image_size: (width, height) in pixels.
        box_size: Width and height of the boxes in pixels; they are cut at the edges of the image.

    Returns:
        Detections in pixels of the image.

    Raises:
        InputError: `box_size` is no number of pixels.
        MissingExtraError: The package is not installed.
    """
    package = import_optional("supervision", **_EXTRA)
    half = check_number("box_size", box_size, least=0, what="pixels") / 2
    corners = np.concatenate([xy - half, xy + half], axis=1)
    found: supervision.Detections = package.Detections(
        xyxy=np.clip(corners, 0, image_size * 2).astype(np.float32),
        confidence=score.copy(),
        class_id=_numbers(queries),
        data=_data(object_id, queries),
    )
    return found


def _numbers(queries: Sequence[str]) -> np.ndarray:
    """A number for each query, the same for the same words."""
    known = sorted(set(queries))
    return np.array([known.index(query) for query in queries], int)


def _data(object_id: np.ndarray, queries: Sequence[str]) -> dict[str, np.ndarray]:
    return {"class_name": np.array(queries, str), "object_id": object_id.copy()}
