"""Counting in images: CountBenchQA and PixMo-Count, by the number of points of an answer."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from model.data.datasets.parquet import ImageFolder
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
    mean,
    mean_of,
    means_by,
    published_column,
)
from model.evaluation.case_files import Table, find, how_to_get
from model.evaluation.official.counts import count_molmo1, count_molmo2
from model.evaluation.official.prompt_index import ask
from molmo_act.errors import InputError

TEMPLATES = ("How many {} are there?",)
"""The official evaluation draws one of 60 by the number of the row; those belong to its program."""
OVERCOUNT = 5
"""More points than this, and more than twice the truth, are an overcount. The published bound is an image in
all copies of the paper, so this one is not known to be it."""
_HOW_MANY = re.compile(r"how many (.+?) (?:are|is|can|do)\b.*", re.IGNORECASE | re.DOTALL)

PUBLISHED: Mapping[str, tuple[float | None, float | None]] = {  # CountBenchQA, PixMo-Count
    "MolmoPoint-8B": (92.9, 87.6),
    "Molmo2-8B": (93.7, 88.5),
    "MolmoE-1B": (87.2, 79.6),
    "Molmo-7B-O": (89.0, 83.3),
    "Molmo-7B-D": (88.5, 84.8),
    "Molmo-72B": (91.2, 85.2),
    "GPT-4o": (87.9, 59.6),
}


def count_scores(predicted: int | None, wanted: int) -> Scores:
    """Scores a number of objects.

    Args:
        predicted: What was counted; None where nothing could be read.
        wanted: The right number.
    """
    off = None if predicted is None else abs(predicted - wanted)
    over = predicted is not None and predicted > OVERCOUNT and predicted > 2 * wanted
    return {
        "correct": float(off == 0),
        "close": float(off is not None and off <= 1),
        "overcount": float(over),
        "error": float(wanted if off is None else off),
    }


class Counting(Benchmark):
    """What both sets have in common."""

    headline = "correct"
    numbers = ("MAE",)
    figures_shown = ("correct", "close", "per_category_average", "molmo1", "MAE", "overcount")
    protocol = (
        "Molmo2's rule: what counts is the number of points, not the number in the words. close: off by at "
        "most one; per_category_average: the mean over the counts that occur; `molmo1`: the number in the "
        f"words, as Molmo 1 was measured. MAE (objects) has no official program. overcount: more than "
        f"{OVERCOUNT} points and more than twice the truth, a bound that is not known to be the paper's."
    )

    def ask(self, asker: Any, cases: Sequence[Case], shown: Sequence[Any]) -> list[Prediction]:
        """Points, and keeps the number that Molmo2's program would count."""
        found = asker.points(cases, shown)
        if not asker.writes_text:
            return list(found)
        return [replace(one, extra={"count": count_molmo2(one.text)}) for one in found]

    def wanted(self, case: Case) -> int:
        """The right number."""
        raise NotImplementedError

    def score(self, case: Case, prediction: Prediction) -> Scores:
        """Right, close, and how far off."""
        wanted = self.wanted(case)
        in_words = count_molmo1(prediction.text)
        points = int(prediction.extra.get("count", len(prediction.points)))
        return {**count_scores(points, wanted), "molmo1": float(in_words == wanted)}

    def missed(self, case: Case) -> Scores:
        """All wrong; the error is that of an answer of nothing."""
        try:
            return {**super().missed(case), "error": float(self.wanted(case))}
        except (LookupError, TypeError, ValueError):
            return {}

    def figures(self, records: Sequence[Record]) -> dict[str, float]:
        """Shares over all rows, by the true count, and the mean error in objects."""
        by_count = means_by(records, "correct", "count")
        return {
            "correct": mean_of(records, "correct"),
            "close": mean_of(records, "close"),
            "per_category_average": mean(list(by_count.values())),
            "molmo1": mean_of(records, "molmo1"),
            "MAE": mean_of(records, "error"),
            "overcount": mean_of(records, "overcount"),
            **{f"correct_{count}": value for count, value in by_count.items()},
        }

    def truth(self, case: Case) -> Mapping[str, Any]:
        """The number."""
        return {"text": f"{self.wanted(case)} objects"}


def _whole(value: Any) -> int:
    number = int(value)
    if number != value or number < 0:
        raise SkippedRow("count is no whole number")
    return number


class CountBench(Counting):
    """CountBenchQA."""

    name = "countbench"
    title = "CountBenchQA"
    folder = "CountBenchQA"
    download = ("hf download vikhyatk/CountBenchQA --repo-type dataset --local-dir {home}",)
    official_rows = 490
    published = published_column(PUBLISHED, 0, "correct")

    def cases(self, home: Path) -> list[Case]:
        """Reads the rows with their images."""
        table = Table(find(self, home, "data/test*.parquet", "**/*.parquet"), ("image",))
        return cases_of(table.rows, lambda index, row: self._case(index, row, table))

    def _case(self, index: int, row: Row, table: Table) -> Case:
        words = str(row["question"])
        named = _HOW_MANY.fullmatch(words.strip())
        groups = {"count": str(_whole(row["number"]))}
        return Case(index, row, words, named.group(1) if named else words, table.reader(index), groups)

    def wanted(self, case: Case) -> int:
        """The column `number`."""
        return int(case.row["number"])

    def write_standins(self, home: Path, rng: np.random.Generator, count: int) -> None:
        """Scenes of coloured shapes."""
        scenes = standins.asked(standins.scenes(rng), rng, count)
        rows = [
            {
                "image": {"bytes": standins.png(sample.image), "path": f"{number}.png"},
                "question": f"How many {query.text} are there in the image?",
                "number": len(query.targets),
            }
            for number, (sample, query) in enumerate(scenes)
        ]
        standins.write_parquet(home / "data" / "test-00000-of-00001.parquet", rows)


class PixmoCount(Counting):
    """PixMo-Count, which Molmo 1 calls Flickr Count."""

    name = "pixmo-count"
    title = "PixMo-Count"
    folder = "pixmo-count"
    download = (
        "hf download allenai/pixmo-count --repo-type dataset --local-dir {home}",
        "python -m model.data.download pixmo-count --data {home}",
    )
    official_rows = 540
    published = published_column(PUBLISHED, 1, "correct")

    def cases(self, home: Path) -> list[Case]:
        """Reads the rows; images lie in ``images/`` under the SHA-256 of their address."""
        table = Table(find(self, home, "data/test*.parquet", "**/test*.parquet", "**/*.parquet"))
        if not (home / "images").is_dir():
            raise InputError(f"{self.title} has rows but no images in {home}. {how_to_get(self, home)}")
        images = ImageFolder(home / "images")
        return cases_of(table.rows, lambda index, row: self._case(index, row, images))

    def _case(self, index: int, row: Row, images: ImageFolder) -> Case:
        label = str(row["label"]).lower()
        groups = {"count": str(_whole(row["count"]))}
        return Case(index, row, ask(index, label, TEMPLATES), label, lambda: images.read(row), groups)

    def wanted(self, case: Case) -> int:
        """The column `count`."""
        return int(case.row["count"])

    def write_standins(self, home: Path, rng: np.random.Generator, count: int) -> None:
        """Scenes of coloured shapes."""
        (home / "images").mkdir()
        rows = []
        for number, (sample, query) in enumerate(standins.asked(standins.scenes(rng), rng, count)):
            url, data = f"https://example.org/{number}.png", standins.png(sample.image)
            ImageFolder(home / "images").path(url).write_bytes(data)
            points = [target.point for target in query.targets]
            rows.append(
                {
                    "image_url": url,
                    "image_sha256": hashlib.sha256(data).hexdigest(),
                    "label": query.text,
                    "count": len(points),
                    "points": {"x": [point[0] for point in points], "y": [point[1] for point in points]},
                }
            )
        standins.write_parquet(home / "data" / "test-00000-of-00001.parquet", rows)


COUNTING = (CountBench(), PixmoCount())
