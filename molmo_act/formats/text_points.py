"""How models that write points as text do so, by the model type of their checkpoints."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from molmo_act.formats import coordinate_text, percent_text

Rows: TypeAlias = "list[list[float]]"


@dataclass(frozen=True)
class TextFormat:
    """How points are written.

    Attributes:
        openings: Beginnings of answers that list points.
        read: Answer and (width, height) of each image → rows ``[object_id, image_index, x, y]``, pixels.
        spans: Answer → first character of each point, and the one behind its last.
    """

    openings: tuple[str, ...]
    read: Callable[[str, Sequence[tuple[int, int]]], Rows]
    spans: Callable[[str], list[tuple[int, int]]]


def _percent_spans(text: str) -> list[tuple[int, int]]:
    return [point.span for point in percent_text.find_percent_points(text)]


def _frame_spans(text: str) -> list[tuple[int, int]]:
    return [point.span for point in percent_text.find_frame_points(text)]


TEXT_FORMATS = {
    "molmo2": TextFormat(
        coordinate_text.OPENINGS, coordinate_text.extract_coordinate_points, coordinate_text.coordinate_spans
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
