"""OSWorld-G: one point on a desktop's screenshot, by two rules that are not comparable, refusals included."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from model.data.errors import SkippedRow
from model.evaluation import standins
from model.evaluation.benchmark import (
    Benchmark,
    Case,
    Prediction,
    Record,
    Row,
    Scores,
    cases_of,
    mean_of,
    means_by,
    published_column,
)
from model.evaluation.benchmarks.screenspot import hit
from model.evaluation.case_files import Table, find
from model.evaluation.official.lmms_point import in_polygon

KINDS = ("bbox", "polygon", "refusal")

PUBLISHED = {
    "Gemini-3-Pro": (35.5,),
    "Holo2-8B": (70.1,),
    "UI-TARS-1.5-7B": (64.2,),
    "UI-Venus-1.5-8B": (69.7,),
    "Qwen3-VL-8B": (57.5,),
    "MAI-UI-8B": (60.1,),
    "JEDI-7B": (54.1,),
    "GroundCUA-7B": (67.2,),
    "OpenCUA-7B": (55.3,),
    "GTA1-7B": (60.1,),
    "Molmo2-8B": (54.1,),
    "Molmo2-GUI-8B": (66.1,),
    "MolmoPoint-8B": (54.9,),
    "MolmoPoint-8B (64 crops)": (56.5,),
    "MolmoPoint-GUI-8B": (70.0,),
    "MolmoPoint-GUI-8B (64 crops)": (70.0,),
}


def correct_by_kind(kind: str, numbers: Sequence[float], point: Sequence[float] | None) -> bool:
    """lmms-eval's rule: boxes, polygons, and refusals, which are right where both coordinates are negative.

    Args:
        kind: One of `KINDS`.
        numbers: ``box_coordinates``.
        point: (x, y) in pixels; None where there is none, which is wrong for a refusal, too.
    """
    if point is None:
        return False
    x, y = point
    if kind == "refusal":
        return x < 0 and y < 0
    if kind == "polygon":
        return in_polygon(x, y, numbers)
    left, top, width, height = numbers
    return left <= x <= left + width and top <= y <= top + height


class OsworldG(Benchmark):
    """OSWorld-G."""

    name = "osworld-g"
    title = "OSWorld-G"
    folder = "OSWorld-G"
    download = ("hf download MMInstruction/OSWorld-G --repo-type dataset --local-dir {home}",)
    official_rows = 564
    headline = "molmo2"
    figures_shown = ("molmo2", "by kind", *KINDS)
    published = published_column(PUBLISHED, 0, "molmo2")
    protocol = (
        "`molmo2`: every row is a box of its first four numbers x, y, width, height, polygons and refusals "
        "too, and no point is wrong; the papers' figures of Molmo models are these. `by kind`: lmms-eval's "
        "rule, in which polygons are polygons, and a refusal is right where the answer says that there is "
        "nothing; with `--exactly 1` no answer says so. The two are not comparable."
    )

    def cases(self, home: Path) -> list[Case]:
        """Reads the rows with their images."""
        table = Table(find(self, home, "**/test*.parquet", "**/*.parquet"), ("image",))
        return cases_of(table.rows, lambda index, row: self._case(index, row, table))

    def _case(self, index: int, row: Row, table: Table) -> Case:
        words, kind = str(row["instruction"]), row["box_type"]
        if kind not in KINDS or not np.isfinite(np.array(row["box_coordinates"], float)).all():
            raise SkippedRow("box is unknown")
        return Case(index, row, words, words, table.reader(index), {"kind": kind})

    def score(self, case: Case, prediction: Prediction) -> Scores:
        """Right or wrong by either rule."""
        numbers = [float(value) for value in case.row["box_coordinates"]]
        left, top, width, height = numbers[:4]
        box = (left, top, left + width, top + height)
        # The prompt of lmms-eval asks for (-1, -1) where there is nothing; Molmo models say it in words.
        point = tuple(prediction.points[0][2:4]) if prediction.points else (-1.0, -1.0)
        return {
            "molmo2": float(hit(box, prediction)),
            "by kind": float(correct_by_kind(case.row["box_type"], numbers, point)),
        }

    def figures(self, records: Sequence[Record]) -> dict[str, float]:
        """Both rules over all rows, and lmms-eval's by kind."""
        return {
            "molmo2": mean_of(records, "molmo2"),
            "by kind": mean_of(records, "by kind"),
            **means_by(records, "by kind", "kind"),
        }

    def truth(self, case: Case) -> Mapping[str, Any]:
        """The box, or that of the polygon."""
        numbers = case.row["box_coordinates"]
        if case.row["box_type"] == "refusal":
            return {"text": "nothing matches"}
        if case.row["box_type"] == "polygon":
            xs, ys = numbers[::2], numbers[1::2]
            return {"boxes": [(min(xs), min(ys), max(xs), max(ys))], "text": "polygon"}
        left, top, width, height = numbers
        return {"boxes": [(left, top, left + width, top + height)]}

    def write_standins(self, home: Path, rng: np.random.Generator, count: int) -> None:
        """Windows with buttons; a third of the targets as polygons, and some that are not there."""
        rows = []
        windows = standins.asked(standins.forms(rng), rng, count, absent=True)
        for number, (sample, query) in enumerate(windows):
            height, width = sample.image.shape[:2]
            kind, numbers = "refusal", [-1.0, -1.0, -1.0, -1.0]
            if query.targets:
                x0, y0, x1, y1 = query.targets[0].box
                kind, numbers = "bbox", [x0, y0, x1 - x0, y1 - y0]
                if number % 3 == 0:
                    kind, numbers = "polygon", [x0, y0, x1, y0, x1, y1, x0, y1]
            rows.append(
                {
                    "id": str(number),
                    "image": {"bytes": standins.png(sample.image), "path": f"{number}.png"},
                    "image_size": [width, height],
                    "instruction": query.text,
                    "box_type": kind,
                    "box_coordinates": numbers,
                }
            )
        standins.write_parquet(home / "data" / "test-00000-of-00001.parquet", rows)


OSWORLD_G = OsworldG()
