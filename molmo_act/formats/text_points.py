"""How models that write points as text do so, by the model type of their checkpoints."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

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


TEXT_FORMATS = {
    "molmo2": TextFormat(
        coordinate_text.OPENINGS, coordinate_text.extract_coordinate_points, coordinate_text.coordinate_spans
    ),
    "molmo": TextFormat(percent_text.OPENINGS, percent_text.extract_percent_points, _percent_spans),
}
"""Model type of config.json → how it writes points."""
