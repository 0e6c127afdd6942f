"""Writes the learning curve of a run, a CSV file made from its metrics."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from molmo_act.io.atomic import atomic_file

FILE = "curve.csv"
TRAIN = "train"
STEPS_A_LINE = 50

BranchTargets = dict[str, Any]


def write_curve(metrics: Path, metric_names: Sequence[str]) -> None:
    """Writes `curve.csv` beside the metrics.

    Args:
        metrics: `metrics.jsonl`.
        metric_names: Columns behind step, seconds, examples and split: means of 50 steps of training, and of
            each evaluation on held-out batches. A metric that a line lacks stays empty.
    """
    lines = (json.loads(line) for line in metrics.read_text().splitlines())
    with atomic_file(metrics.with_name(FILE)) as partial, partial.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["step", "seconds", "examples", "split", *metric_names])
        for row in _rows(lines):
            shown = [f"{row[name]:.4f}" if name in row else "" for name in metric_names]
            writer.writerow([row["step"], round(row["seconds"]), row["examples"], row["split"], *shown])


def _rows(lines: Iterator[BranchTargets]) -> Iterator[BranchTargets]:
    """Held-out lines as they are, and a line for every full window of training, in the order of steps."""

    def window(line: BranchTargets) -> tuple[int, bool]:
        return (line["step"] - 1) // STEPS_A_LINE, "split" in line

    for (number, is_held_out), found in groupby(lines, window):
        rows = list(found)
        if is_held_out:
            yield from rows
        elif rows[-1]["step"] == (number + 1) * STEPS_A_LINE:
            yield rows[-1] | _means(rows) | {"split": TRAIN}


def _means(rows: list[BranchTargets]) -> dict[str, float]:
    names = {name for row in rows for name in row if isinstance(row[name], float)}
    known = {name: [row[name] for row in rows if name in row] for name in names - {"seconds"}}
    return {name: sum(values) / len(values) for name, values in known.items()}
