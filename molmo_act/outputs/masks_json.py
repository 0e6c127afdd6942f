"""Masks as values that JSON can hold, and back."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from molmo_act.outputs.mask import Mask
from molmo_act.outputs.serialization import need, number, pair, rounded, rows, whole


def to_dict(
    masks: Iterable[Mask],
    timestamp: np.ndarray,
    sampled: np.ndarray,
    image_size: tuple[int, int],
    *,
    truncated: bool,
    damaged: bool,
) -> dict[str, object]:
    """Gives masks as values that JSON can hold, see `Masks.to_dict`.

    Args:
        masks: The masks.
        timestamp: float (T,), seconds of each frame.
        sampled: bool (T,), whether the model was asked about it.
        image_size: (width, height) of the frames in pixels.
        truncated: See `Masks`.
        damaged: See `Masks`.

    Returns:
        The values by name.
    """
    return {
        "image_size": list(image_size),
        "truncated": truncated,
        "damaged": damaged,
        "frames": [
            {"timestamp": rounded(seconds), "sampled": bool(asked)}
            for seconds, asked in zip(timestamp.tolist(), sampled, strict=True)
        ],
        "masks": [
            {
                "frame_index": mask.frame_index,
                "object_id": mask.object_id,
                "score": rounded(mask.score),
                "query": mask.query,
                "counts": mask.counts,
            }
            for mask in masks
        ],
    }


def fields_of(values: Mapping[str, object]) -> dict[str, Any]:
    """Reads what `to_dict` gave.

    Args:
        values: The dictionary, also out of JSON.

    Returns:
        The fields of `Masks`.

    Raises:
        InputError: A key is missing, or a value is of another kind.
    """
    shown, listed = rows(values, "frames"), rows(values, "masks")
    return {
        "image_size": pair(need(values, "image_size", list)),
        "timestamp": np.array([number(row, "timestamp") for row in shown]),
        "sampled": np.array([need(row, "sampled", bool) for row in shown], bool),
        "frame_index": np.array([whole(row, "frame_index") for row in listed]),
        "object_id": np.array([whole(row, "object_id") for row in listed]),
        "score": np.array([number(row, "score", math.nan) for row in listed]),
        "counts": [need(row, "counts", str) for row in listed],
        "query": [None if row.get("query") is None else need(row, "query", str) for row in listed],
        "truncated": need(values, "truncated", bool),
        "damaged": need(values, "damaged", bool),
    }
