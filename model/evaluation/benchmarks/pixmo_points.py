"""PixMo-Points: precision, recall and F1 of points against the masks of all objects that words name."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from model.data.datasets.parquet import ImageFolder
from model.evaluation import standins
from model.evaluation.benchmark import Benchmark, Case, Prediction, Record, Row, Scores, cases_of, mean_of
from model.evaluation.case_files import Table, find, how_to_get
from model.evaluation.official.points_f1 import points_f1, truth_in_pixels
from model.evaluation.official.prompt_index import ask
from molmo_act.errors import InputError

TEMPLATES = ("Point to {}",)
"""The official evaluation draws one of 43 by the number of the row, see `official.prompt_index`; those belong
to its program. This is the one that models are asked by here."""
IMAGES = "images"
FIGURES = ("f1", "precision", "recall")

PUBLISHED = {  # recall, precision, F1
    "GPT-5.2": (31.0, 32.9, 31.6),
    "Gemini3-Pro": (77.3, 81.3, 77.8),
    "Qwen3-VL-8B": (54.3, 53.5, 53.4),
    "Qwen3-VL-4B": (45.1, 44.2, 43.7),
    "Molmo-7B-D": (76.4, 76.2, 75.7),
    "Molmo-72B": (74.9, 74.9, 74.5),
    "Molmo-7B-O": (74.4, 74.6, 74.0),
    "Molmo2-4B": (83.3, 85.1, 83.4),
    "Molmo2-8B": (85.5, 86.4, 85.2),
    "Molmo2-O-7B": (83.1, 83.7, 82.7),
    "MolmoPoint-8B": (90.4, 89.3, 89.2),
}


class PixmoPoints(Benchmark):
    """PixMo-Points."""

    name = "pixmo-points"
    title = "PixMo-Points"
    folder = "pixmo-points-eval"
    download = (
        "hf download allenai/pixmo-points-eval --repo-type dataset --local-dir {home}",
        "python -m model.data.download pixmo-points-eval --data {home}",
    )
    official_rows = 436
    headline = "f1"
    figures_shown = (*FIGURES, "f1, images there")
    protocol = (
        "Molmo2's rule: points and truth are paired by the least total distance without a bound; a pair is a "
        "hit where the pixel, rounded half to even, is in the paired object's mask. Truth is scaled by the "
        "masks' size. Images are addresses of which about half still answer: a row without its image counts "
        "as wrong, and `f1, images there` leaves those out. Points of MolmoPoint are its decoded ones; the "
        "released program would read its text alone."
    )
    published = {  # noqa: RUF012
        model: {"recall": recall, "precision": precision, "f1": f1}
        for model, (recall, precision, f1) in PUBLISHED.items()
    }

    def cases(self, home: Path) -> list[Case]:
        """Reads the rows; images lie in ``images/`` under the SHA-256 of their address."""
        table = Table(find(self, home, "data/test*.parquet", "**/test*.parquet", "**/*.parquet"), ("masks",))
        if not (home / IMAGES).is_dir():
            raise InputError(
                f"{self.title} has rows but no images in {home / IMAGES}. {how_to_get(self, home)}"
            )
        images = ImageFolder(home / IMAGES)
        return cases_of(table.rows, lambda index, row: self._case(index, row, table, images))

    def _case(self, index: int, row: Row, table: Table, images: ImageFolder) -> Case:
        label = str(row["label"]).lower()
        return Case(
            index,
            row,
            ask(index, label, TEMPLATES),
            label,
            lambda: images.read(row),
            read_truth=lambda: [np.array(mask, bool) for mask in table.column(index, "masks") or ()],
        )

    def score(self, case: Case, prediction: Prediction) -> Scores:
        """Precision, recall and F1."""
        masks = case.read_truth()
        return points_f1(prediction.xy, truth_in_pixels(case.row["points"], masks), masks)

    def figures(self, records: Sequence[Record]) -> dict[str, float]:
        """Means over all rows, and of F1 over those with an image."""
        there = [record for record in records if record.problem is None]
        return {
            **{name: mean_of(records, name) for name in FIGURES},
            "f1, images there": mean_of(there, "f1"),
        }

    def truth(self, case: Case) -> Mapping[str, Any]:
        """The masks."""
        return {"masks": case.read_truth(), "text": f"{len(case.row['points'])} objects"}

    def write_standins(self, home: Path, rng: np.random.Generator, count: int) -> None:
        """Scenes of coloured shapes, some of them without what is asked for."""
        (home / IMAGES).mkdir()
        rows = []
        scenes = standins.asked(standins.scenes(rng), rng, count, absent=True)
        for number, (sample, query) in enumerate(scenes):
            url, data = f"https://example.org/{number}.png", standins.png(sample.image)
            ImageFolder(home / IMAGES).path(url).write_bytes(data)
            height, width = sample.image.shape[:2]
            rows.append(
                {
                    "image_url": url,
                    "image_sha256": hashlib.sha256(data).hexdigest(),
                    "label": query.text,
                    "points": [
                        {"x": 100 * target.point[0] / width, "y": 100 * target.point[1] / height}
                        for target in query.targets
                    ],
                    "masks": [standins.mask_of(target, sample.image).tolist() for target in query.targets],
                }
            )
        standins.write_parquet(home / "data" / "test-00000-of-00001.parquet", rows)


PIXMO_POINTS = PixmoPoints()
