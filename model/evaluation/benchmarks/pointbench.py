"""PointBench: points in masks, by the rules of Molmo2 and by those of PointArena, which made it."""

from __future__ import annotations

import json
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
    mean,
    mean_of,
    means_by,
)
from model.evaluation.case_files import Files, find, how_to_get, read_rows
from molmo_act.errors import InputError

CATEGORIES = ("affordable", "spatial", "reasoning", "steerable", "counting")
COUNTING = "counting"
FOREGROUND = 127  # grey value above which a pixel of a mask file belongs to the mask

PUBLISHED = {  # by the columns of CATEGORIES, and the average
    "Human": (92.3, 83.6, 87.8, 86.3, 95.6, 89.1),
    "Gemini-Robotics-ER-1.5": (69.7, 69.7, 60.1, 67.5, 68.5, 67.1),
    "Gemini-2.5-Pro": (72.7, 70.3, 71.0, 41.0, 59.2, 62.8),
    "Qwen2.5-VL-72B": (76.8, 60.0, 54.4, 46.5, 57.1, 59.0),
    "Qwen3VL": (81.3, 65.6, 60.6, 23.5, 61.2, 58.5),
    "Molmo-7B-D": (82.8, 67.7, 70.5, 28.5, 58.7, 61.6),
    "Molmo-72B": (87.9, 70.3, 69.4, 37.0, 54.6, 63.8),
    "Molmo-7B-O": (84.9, 63.1, 63.2, 45.5, 59.7, 63.3),
    "Molmo2-4B": (82.3, 71.8, 72.0, 41.0, 71.4, 67.7),
    "Molmo2-8B": (84.8, 71.3, 71.5, 44.5, 71.4, 68.7),
    "Molmo2-O-7B": (81.8, 69.7, 69.4, 39.0, 72.4, 66.5),
    "MolmoPoint-8B": (85.9, 76.9, 77.2, 39.0, 74.5, 70.7),
}


def in_mask(mask: np.ndarray, x: float, y: float) -> bool:
    """Tells whether a point lies in a mask: cut off toward zero, so that -0.5 is pixel 0."""
    column, row = int(x), int(y)
    height, width = mask.shape
    return bool(0 <= column < width and 0 <= row < height and mask[row, column])


def success_molmo2(mask: np.ndarray, points: np.ndarray) -> bool:
    """Molmo2's rule: there is a point, and every one is in the mask; numbers are not compared."""
    return len(points) > 0 and all(in_mask(mask, x, y) for x, y in points.tolist())


def success_pointarena(mask: np.ndarray, points: np.ndarray, category: str, count: int | None) -> bool:
    """PointArena's rule: the first point is in the mask; for counting, the number is right and all are.

    Args:
        mask: bool (H, W).
        points: (N, 2) pixels.
        category: One of `CATEGORIES`.
        count: The right number, 1 where the row has none.
    """
    if category != COUNTING:
        points = points[:1]
    elif len(points) != (1 if count is None else count):
        return False
    return success_molmo2(mask, points)


def mask_of_image(image: np.ndarray) -> np.ndarray:
    """The mask of a file, uint8 (H, W, 3): where any channel is above 127."""
    return np.asarray((image > FOREGROUND).any(axis=-1))


class PointBench(Benchmark):
    """PointBench."""

    name = "pointbench"
    title = "PointBench"
    folder = "pointarena-data"
    download = ("hf download PointArena/pointarena-data --repo-type dataset --local-dir {home}",)
    official_rows = 982
    headline = "average"
    figures_shown = (*CATEGORIES, "average", "pointarena")
    protocol = (
        "Molmo2's rule: right where at least one point was given and all lie in the mask, without a look at "
        "their number; average is the mean of the five categories. `pointarena` is the share by PointArena's "
        "own rule: the first point alone, for counting all points and their exact number. Nothing is added "
        "to the prompt of `steerable`, as in Molmo2."
    )
    published = {  # noqa: RUF012
        model: dict(zip((*CATEGORIES, "average"), row, strict=True)) for model, row in PUBLISHED.items()
    }

    def cases(self, home: Path) -> list[Case]:
        """Reads ``data.json``; rows without a mask are no rows of the benchmark."""
        rows = [row for row in read_rows(find(self, home, "data.json")[0]) if row.get("mask_filename")]
        images = Files(home, "selected_images", "selected_images*.zip")
        masks = Files(home, "selected_masks", "selected_masks*.zip")
        for files, name in ((images, "selected_images"), (masks, "selected_masks")):
            if not files.there:
                raise InputError(
                    f"{self.title} lacks {name} (or its zip) in {home}. {how_to_get(self, home)}"
                )
        return cases_of(rows, lambda index, row: self._case(index, row, images, masks))

    def _case(self, index: int, row: Row, images: Files, masks: Files) -> Case:
        category, words = row["category"], row["user_input"]
        if category not in CATEGORIES:
            raise SkippedRow("category is unknown")
        return Case(
            index,
            row,
            str(words),
            str(words),
            images.reader(f"{category}/{row['image_filename']}"),
            {"category": category},
            read_truth=lambda: mask_of_image(masks.image(f"{category}/{row['mask_filename']}")),
        )

    def score(self, case: Case, prediction: Prediction) -> Scores:
        """Success by either rule."""
        mask, points = case.read_truth(), prediction.xy
        category, count = case.row["category"], case.row.get("count")
        return {
            "success": float(success_molmo2(mask, points)),
            "pointarena": float(success_pointarena(mask, points, category, count)),
        }

    def figures(self, records: Sequence[Record]) -> dict[str, float]:
        """By category, their mean, and the share of PointArena."""
        by_category = means_by(records, "success", "category")
        average = mean([by_category.get(category, float("nan")) for category in CATEGORIES])
        return {**by_category, "average": average, "pointarena": mean_of(records, "pointarena")}

    def truth(self, case: Case) -> Mapping[str, Any]:
        """The mask."""
        return {"masks": [case.read_truth()]}

    def write_standins(self, home: Path, rng: np.random.Generator, count: int) -> None:
        """Scenes of coloured shapes; every fifth is of each category."""
        rows = []
        scenes = standins.asked(standins.scenes(rng), rng, max(count, len(CATEGORIES)))
        for number, (sample, query) in enumerate(scenes):
            category = CATEGORIES[number % len(CATEGORIES)]
            mask = np.any([standins.mask_of(target, sample.image) for target in query.targets], axis=0)
            for folder, image in (("selected_images", sample.image), ("selected_masks", mask)):
                path = home / folder / category / f"{number}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(standins.png((image * 255).astype(np.uint8) if image is mask else image))
            rows.append(
                {
                    "image_filename": f"{number}.png",
                    "mask_filename": f"{number}.png",
                    "category": category,
                    "user_input": query.text,
                    "count": len(query.targets),
                }
            )
        (home / "data.json").write_text(json.dumps(rows), encoding="utf-8")


POINTBENCH = PointBench()
