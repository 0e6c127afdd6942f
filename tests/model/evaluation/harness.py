"""A small benchmark and an asker for tests of the harness itself; models are asked elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from model.data.errors import SkippedRow
from model.evaluation.benchmark import (
    Benchmark,
    Case,
    Prediction,
    Record,
    cases_of,
    mean_of,
    published_column,
)
from model.evaluation.case_files import find, read_rows
from model.evaluation.run_files import Header


class Doubling(Benchmark):
    """Rows ``{"n": …}``; the right answer is twice the number."""

    name = "doubling"
    title = "Doubling"
    folder = "doubling"
    download = ("hf download somebody/doubling --repo-type dataset --local-dir {home}",)
    headline = "correct"
    protocol = "Twice the number."
    published = published_column({"paper": (50.0,)}, 0, "correct")

    def cases(self, home: Path) -> list[Case]:
        return cases_of(read_rows(find(self, home, "rows.json")[0]), self._case)

    def _case(self, index: int, row: Any) -> Case:
        def read() -> np.ndarray:
            if row.get("dead"):
                raise SkippedRow("image is missing")
            return np.full((8, 8, 3), row["n"], np.uint8)

        return Case(index, row, str(row["n"]), str(row["n"]), read, {"kind": str(row["n"] % 2)})

    def ask(self, asker: Any, cases: Sequence[Case], shown: Sequence[Any]) -> list[Prediction]:
        return [asker(case) for case in cases]

    def score(self, case: Case, prediction: Prediction) -> dict[str, float]:
        return {"correct": float(prediction.text == str(2 * case.row["n"]))}

    def figures(self, records: Sequence[Record]) -> dict[str, float]:
        return {"correct": mean_of(records, "correct")}


def doubled(case: Case) -> Prediction:
    """The right answer."""
    return Prediction(str(2 * int(case.prompt)))


def header(**changed: Any) -> Header:
    """The first line of a run's file."""
    model = {"name": "m", "sha256": "1", "quantization": None, "reader": None}
    about = {"benchmark": "doubling", "model": model, "asked": {}, "rows": 4, "data_sha256": "d"}
    return {**about, "data": "", "machine": {}, **changed}


Answerer = Callable[[Case], Prediction]
