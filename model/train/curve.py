"""The learning curve of a run as a CSV file, made from its metrics; knows no training."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

FILE = "curve.csv"
TRAIN = "train"
STEPS_A_LINE = 50

Line = dict[str, Any]


def write_curve(metrics: Path, measures: Sequence[str]) -> None:
    """Writes `curve.csv` beside the metrics.

    Args:
        metrics: `metrics.jsonl`.
        measures: Columns behind step, seconds, examples and split: means of so many steps of training, and
            of each look at held-out batches. What a line does not measure stays empty.
    """
    lines = (json.loads(line) for line in metrics.read_text().splitlines())
    partial = metrics.with_name(FILE + ".partial")
    with partial.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["step", "seconds", "examples", "split", *measures])
        for row in _rows(lines):
            shown = [f"{row[name]:.4f}" if name in row else "" for name in measures]
            writer.writerow([row["step"], round(row["seconds"]), row["examples"], row["split"], *shown])
    os.replace(partial, metrics.with_name(FILE))


def _rows(lines: Iterator[Line]) -> Iterator[Line]:
    """Held-out lines as they are; of training one for every full window, in the order of steps."""

    def window(line: Line) -> tuple[int, bool]:
        return (line["step"] - 1) // STEPS_A_LINE, "split" in line

    for (number, is_held_out), found in groupby(lines, window):
        rows = list(found)
        if is_held_out:
            yield from rows
        elif rows[-1]["step"] == (number + 1) * STEPS_A_LINE:
            yield rows[-1] | _means(rows) | {"split": TRAIN}


def _means(rows: list[Line]) -> dict[str, float]:
    names = {name for row in rows for name in row if isinstance(row[name], float)}
    known = {name: [row[name] for row in rows if name in row] for name in names - {"seconds"}}
    return {name: sum(values) / len(values) for name, values in known.items()}
