"""How models that write points as text do so, by the model type of their checkpoints."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from molmo_act.formats import coordinate_text, percent_text

logger = logging.getLogger(__name__)

Rows: TypeAlias = "list[list[float]]"


@dataclass(frozen=True)
class TextFormat:
    """How points are written.

    Attributes:
        openings: Beginnings of answers that list points.
        read: Answer and (width, height) of each image → rows ``[object_id, image_index, x, y]``, pixels.
        spans: Answer → first character of each point, and the one behind its last.
        read_video: Answer and (width, height) of the frames → rows ``[object_id, seconds, x, y]``, pixels;
            None of models that read no videos in one prompt.
        numbered: Whether points are written with the numbers of their objects.
    """

    openings: tuple[str, ...]
    read: Callable[[str, Sequence[tuple[int, int]]], Rows]
    spans: Callable[[str], list[tuple[int, int]]]
    read_video: Callable[[str, tuple[int, int]], Rows] | None = None
    numbered: bool = False


def _percent_spans(text: str) -> list[tuple[int, int]]:
    return [point.span for point in percent_text.find_percent_points(text)]


def _frame_spans(text: str) -> list[tuple[int, int]]:
    return [point.span for point in percent_text.find_frame_points(text)]


TEXT_FORMATS = {
    "molmo2": TextFormat(
        coordinate_text.OPENINGS,
        coordinate_text.extract_coordinate_points,
        coordinate_text.coordinate_spans,
        coordinate_text.extract_coordinate_video_points,
        numbered=True,
    ),
    "molmo": TextFormat(percent_text.OPENINGS, percent_text.extract_percent_points, _percent_spans),
    "videomolmo": TextFormat(percent_text.OPENINGS, percent_text.extract_frame_points, _frame_spans),
}
"""Model type of config.json, where VideoMolmo has that of Molmo 1 → how it writes points."""


def text_format(config: Any) -> TextFormat:
    """Says how a model writes points.

    Args:
        config: Its configuration.

    Returns:
        The format.
    """
    is_video = getattr(config, "has_temporal_module", False)
    return TEXT_FORMATS["videomolmo" if is_video else config.model_type]


def on_frames(rows: Rows, timestamps: Sequence[float]) -> list[list[float] | None]:
    """Gives points of a video the times of the frames that the model was shown.

    Models write seconds with one decimal, so a time lies beside that of its frame.

    Args:
        rows: ``[object_id, seconds, x, y]`` as written.
        timestamps: Seconds of each frame that was shown, in order.

    Returns:
        The rows with the seconds of the nearest frame; None, with a logged warning, for one whose time is
        farther from every frame than a time between two of them can be.
    """
    times = np.asarray(timestamps, float)
    reach = max(float(np.diff(times).max(initial=0.0)) / 2, _ROUNDING)
    found: list[list[float] | None] = []
    for object_id, seconds, x, y in rows:
        nearest = float(times[np.abs(times - seconds).argmin()])
        if abs(nearest - seconds) > reach + 1e-6:
            logger.warning("Left out a point at %g s: no frame near that time was shown.", seconds)
            found.append(None)
        else:
            found.append([object_id, nearest, x, y])
    return found


_ROUNDING = 0.1
"""Seconds by which a time that is written with one decimal may be off, cut off or rounded."""
