"""Where2Place: points at free space on tables, scored by the share that lies in the mask."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from model.evaluation import standins
from model.evaluation.benchmark import Benchmark, Case, Prediction, Record, Row, Scores, cases_of, mean_of
from model.evaluation.benchmarks.pointbench import mask_of_image
from model.evaluation.case_files import Files, find, how_to_get, read_rows
from molmo_act.errors import InputError

_FORMAT = "Your answer should be formatted as"
"""Questions of the set end with how coordinates are to be written, which models here know."""


def share_inside(mask: np.ndarray, points: np.ndarray, width: float, height: float) -> float:
    """Returns the share of points in a mask; points beside the image are outside, no point scores 0.

    Args:
        mask: bool (H, W).
        points: (N, 2) pixels of the image.
        width: Width of the image in pixels.
        height: Height of the image in pixels.
    """
    if not len(points):
        return 0.0
    rows, columns = mask.shape
    x = (points[:, 0] / width * columns).astype(int)
    y = (points[:, 1] / height * rows).astype(int)
    there = (x >= 0) & (x < columns) & (y >= 0) & (y < rows)
    return float(mask[y[there], x[there]].sum() / len(points))


class Where2Place(Benchmark):
    """Where2Place."""

    name = "where2place"
    title = "Where2Place"
    folder = "where2place"
    download = ("hf download wentao-yuan/where2place --repo-type dataset --local-dir {home}",)
    official_rows = 100
    headline = "inside"
    protocol = (
        "RoboPoint's rule: the share of the points of an answer that lie in the mask, mean over questions; "
        "no point scores 0. What a question says about how coordinates are to be written is left out."
    )

    def cases(self, home: Path) -> list[Case]:
        """Reads ``point_questions.jsonl``; masks have the names of their images."""
        images, masks = Files(home, "images", "images*.zip"), Files(home, "masks", "masks*.zip")
        rows = read_rows(find(self, home, "point_questions.jsonl")[0])
        if not (images.there and masks.there):
            raise InputError(f"{self.title} lacks images or masks in {home}. {how_to_get(self, home)}")
        return cases_of(rows, lambda index, row: self._case(index, row, images, masks))

    def _case(self, index: int, row: Row, images: Files, masks: Files) -> Case:
        words, name = str(row["text"]).partition(_FORMAT)[0].strip(), str(row["image"])
        read = images.reader(name)
        return Case(
            index,
            row,
            words,
            words,
            read,
            read_truth=lambda: (mask_of_image(masks.image(name)), read().shape),
        )

    def score(self, case: Case, prediction: Prediction) -> Scores:
        """The share inside."""
        mask, (height, width, _) = case.read_truth()
        return {"inside": share_inside(mask, prediction.xy, width, height)}

    def figures(self, records: Sequence[Record]) -> dict[str, float]:
        """The mean share, and how many questions had a point at all."""
        return {"inside": mean_of(records, "inside")}

    def truth(self, case: Case) -> Mapping[str, Any]:
        """The mask."""
        return {"masks": [case.read_truth()[0]]}

    def write_standins(self, home: Path, rng: np.random.Generator, count: int) -> None:
        """Scenes of coloured shapes."""
        rows = []
        for number, (sample, query) in enumerate(standins.asked(standins.scenes(rng), rng, count)):
            mask = np.any([standins.mask_of(target, sample.image) for target in query.targets], axis=0)
            name = f"{number:02d}.png"
            for folder, image in (("images", sample.image), ("masks", (mask * 255).astype(np.uint8))):
                (home / folder).mkdir(exist_ok=True)
                (home / folder / name).write_bytes(standins.png(image))
            text = f"{query.text} {_FORMAT} a list of tuples."
            rows.append({"question_id": number, "image": name, "text": text, "category": "point"})
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (home / "point_questions.jsonl").write_text(lines, encoding="utf-8")


WHERE2PLACE = Where2Place()
