"""The log of a run: means of losses as lines of a CSV file; knows no model."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from model.train.run_state import Progress


class TrainingLog:
    """Collects measures and writes their means since the last line, one line a split.

    Args:
        path: The file; an existing one is gone on with.
        measures: Names of the columns behind step, seconds, pictures and split. What a split does not
            measure stays empty.
    """

    def __init__(self, path: Path, measures: Sequence[str]) -> None:
        self._measures = measures
        self._path = path
        self._rows: dict[str, list[list[float]]] = {}
        if not path.exists():
            self._append(["step", "seconds", "pictures", "split", *measures])

    def add(self, split: str, losses: Any) -> None:
        """Takes the measures, scalar tensors, that `losses` has as attributes."""
        row = [float(getattr(losses, name, np.nan)) for name in self._measures]
        self._rows.setdefault(split, []).append(row)

    def write(self, split: str, progress: Progress) -> dict[str, str]:
        """Writes the line of one split and returns what it measured; nothing when nothing was added."""
        rows = np.array(self._rows.pop(split, []), dtype=np.float64).reshape(-1, len(self._measures))
        known = ~np.isnan(rows)
        means = {
            name: f"{rows[known[:, i], i].mean():.4f}"
            for i, name in enumerate(self._measures)
            if known[:, i].any()
        }
        if means:
            values = [means.get(name, "") for name in self._measures]
            self._append([progress.step, round(progress.seconds), progress.pictures, split, *values])
        return means

    def _append(self, row: Sequence[Any]) -> None:
        with self._path.open("a", newline="") as file:
            csv.writer(file).writerow(row)
