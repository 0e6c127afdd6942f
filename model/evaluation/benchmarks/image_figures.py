"""The published figures of the eleven general image sets, and their average."""

from __future__ import annotations

from collections.abc import Mapping

SETS = (
    *("AI2D", "ChartQA", "VQAv2", "DocVQA", "InfoQA", "TextVQA", "RWQA", "MMMU", "MathVista"),
    *("CountBench", "PixMoCount"),
)
FIGURES: Mapping[str, tuple[float, ...]] = {  # by the columns of SETS
    "MolmoPoint-8B": (96.4, 86.8, 87.2, 93.8, 83.0, 86.0, 77.4, 53.7, 59.4, 92.9, 87.6),
    "Molmo2-8B": (95.8, 86.0, 87.0, 93.2, 80.1, 85.7, 77.6, 53.0, 58.9, 93.7, 88.5),
    "Molmo-72B": (96.3, 87.3, 86.5, 93.5, 81.9, 83.1, 75.2, 54.1, 58.6, 91.2, 85.2),
    "Molmo-7B-D": (93.2, 84.1, 85.6, 92.2, 72.6, 81.7, 70.7, 45.3, 51.6, 88.5, 84.8),
    "Molmo-7B-O": (90.7, 80.4, 85.3, 90.8, 70.0, 80.4, 67.5, 39.3, 44.5, 89.0, 83.3),
    "MolmoE-1B": (86.4, 78.0, 83.9, 77.7, 53.9, 78.8, 60.4, 34.9, 34.0, 87.2, 79.6),
    "GPT-4o": (94.2, 85.7, 78.7, 92.8, 79.2, 77.4, 75.4, 69.1, 63.8, 87.9, 59.6),
}


def published_of(name: str) -> dict[str, Mapping[str, float]]:
    """Takes the column of one set.

    Args:
        name: One of `SETS`.
    """
    return {model: {"score": row[SETS.index(name)]} for model, row in FIGURES.items()}
