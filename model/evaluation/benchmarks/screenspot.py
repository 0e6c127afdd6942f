"""ScreenSpot-v2 and ScreenSpot-Pro: one point on a screenshot, right where it lies in the target's box."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from model.data.datasets.screenspot import LAYOUTS, Layout
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
from model.evaluation.case_files import Files, find, how_to_get, read_rows
from model.evaluation.official.screenspot_pro import outcome
from molmo_act.errors import InputError

Box = tuple[float, float, float, float]

PUBLISHED = {  # ScreenSpot-v2, ScreenSpot-Pro
    "Claude 3.7": (87.6, 27.7),
    "OpenAI CUA": (87.9, 23.4),
    "Gemini-3-Pro": (93.7, 72.7),
    "Holo2-8B": (93.2, 58.9),
    "UI-TARS-1.5-7B": (94.2, 61.6),
    "UI-Venus-1.5-8B": (95.9, 68.4),
    "Qwen3-VL-8B": (92.1, 52.7),
    "MAI-UI-8B": (95.2, 65.8),
    "GUI-Actor": (90.9, 41.8),
    "JEDI-7B": (91.7, 50.2),
    "GroundCUA-7B": (89.3, 50.2),
    "OpenCUA-7B": (92.3, 50.0),
    "GTA1-7B": (92.4, 50.1),
    "Molmo2-8B": (89.5, 30.4),
    "Molmo2-GUI-8B": (88.8, 52.3),
    "MolmoPoint-8B": (89.8, 36.4),
    "MolmoPoint-8B (64 crops)": (89.8, 39.4),
    "MolmoPoint-GUI-8B": (93.4, 60.2),
    "MolmoPoint-GUI-8B (64 crops)": (93.9, 61.1),
}


def hit(box: Sequence[float], prediction: Prediction) -> bool:
    """Tells whether the first point lies in a box; all four bounds are inside, later points do not count.

    Args:
        box: (x0, y0, x1, y1), pixels.
        prediction: The answer.
    """
    if not prediction.points:
        return False
    x, y = prediction.points[0][2:4]
    x0, y0, x1, y1 = box
    return bool(x0 <= x <= x1 and y0 <= y <= y1)


def box_of(values: Any) -> Box:
    """Reads four numbers, which may be JSON text; odd ones stay as they are, and are hardly ever hit.

    Raises:
        ValueError: There are not four, or one is no finite number.
    """
    numbers = json.loads(values) if isinstance(values, str) else values
    x0, y0, x1, y1 = (float(value) for value in numbers)
    if not np.isfinite([x0, y0, x1, y1]).all():
        raise ValueError(f"box {numbers} is not finite")
    return x0, y0, x1, y1


class ScreenSpot(Benchmark):
    """What both sets have in common.

    Attributes:
        layout: Where rows and images lie.
    """

    layout: Layout
    archive: str

    def cases(self, home: Path) -> list[Case]:
        """Reads the rows of all annotation files, in the order of their names."""
        rows = [
            {**row, "file": path.stem}
            for path in find(self, home, self.layout.rows)
            for row in read_rows(path)
        ]
        images = Files(home, self.layout.images, self.archive)
        if not images.there:
            raise InputError(
                f"{self.title} has rows but no images in {home}: neither a folder {self.layout.images} nor "
                f"an archive {self.archive}. {how_to_get(self, home)}"
            )
        return cases_of(rows, lambda index, row: self._case(index, row, images))

    def _case(self, index: int, row: Row, images: Files) -> Case:
        self.box(row)
        words = str(row["instruction"])
        return Case(index, row, words, words, images.reader(row["img_filename"]), self.groups(row))

    def box(self, row: Row) -> Box:
        """Reads (x0, y0, x1, y1) in pixels from a row."""
        raise NotImplementedError

    def groups(self, row: Row) -> Mapping[str, str]:
        """Says what a row counts to."""
        raise NotImplementedError

    def write_rows(self, home: Path, name: str, rows: list[dict[str, Any]]) -> None:
        """Writes a file of rows."""
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(rows), encoding="utf-8")

    def score(self, case: Case, prediction: Prediction) -> Scores:
        """1 where the first point lies in the box."""
        return {"correct": float(hit(self.box(case.row), prediction))}

    def truth(self, case: Case) -> Mapping[str, Any]:
        """The box."""
        return {"boxes": [self.box(case.row)]}


class ScreenSpotV2(ScreenSpot):
    """ScreenSpot-v2: desktop, web and mobile."""

    name = "screenspot-v2"
    title = "ScreenSpot-v2"
    folder = "ScreenSpot-v2"
    download = ("hf download OS-Copilot/ScreenSpot-v2 --repo-type dataset --local-dir {home}",)
    official_rows = 1272
    headline = "overall"
    figures_shown = ("overall", "desktop", "web", "mobile", "text", "icon")
    published = published_column(PUBLISHED, 0, "overall")
    protocol = (
        "Molmo2's rule: the first point counts, all bounds are inside, no point is wrong. Molmo2 gives means "
        "by platform alone; overall is the share of all rows."
    )
    layout = LAYOUTS["screenspot-v2"]
    archive = "*.zip"

    def box(self, row: Row) -> Box:
        """`bbox` is x, y, width, height."""
        x, y, width, height = box_of(row["bbox"])
        return x, y, x + width, y + height

    def groups(self, row: Row) -> Mapping[str, str]:
        """Platform, out of the name of the file, and text or icon."""
        kind = row.get("kind") or str(row["file"]).removeprefix("screenspot_").removesuffix("_v2")
        return {"platform": str(kind), "type": str(row["data_type"])}

    def figures(self, records: Sequence[Record]) -> dict[str, float]:
        """Overall, by platform, by platform and type, and by type."""
        return {
            "overall": mean_of(records, "correct"),
            **means_by(records, "correct", "platform"),
            **means_by(records, "correct", "platform", "type"),
            **means_by(records, "correct", "type"),
        }

    def write_standins(self, home: Path, rng: np.random.Generator, count: int) -> None:
        """Windows with buttons, of three sizes."""
        folder = home / self.layout.images
        folder.mkdir()
        for platform, samples in (
            ("desktop", standins.forms(rng)),
            ("mobile", standins.forms(rng, (240, 320))),
            ("web", standins.forms(rng, (360, 240))),
        ):
            rows = []
            for number, (sample, query) in enumerate(standins.asked(samples, rng, -(-count // 3))):
                file = f"{platform}_{number}.png"
                (folder / file).write_bytes(standins.png(sample.image))
                x0, y0, x1, y1 = query.targets[0].box
                rows.append(
                    {
                        "img_filename": file,
                        "bbox": [x0, y0, x1 - x0, y1 - y0],
                        "instruction": query.text,
                        "data_type": "text",
                        "data_source": "generated",
                    }
                )
            self.write_rows(home, f"screenspot_{platform}_v2.json", rows)


class ScreenSpotPro(ScreenSpot):
    """ScreenSpot-Pro: high resolutions and professional applications."""

    name = "screenspot-pro"
    title = "ScreenSpot-Pro"
    folder = "ScreenSpot-Pro"
    download = ("hf download likaixin/ScreenSpot-Pro --repo-type dataset --local-dir {home}",)
    official_rows = 1581
    headline = "overall"
    figures_shown = (
        "overall",
        "official",
        "text",
        "icon",
        "Dev",
        "Creative",
        "CAD",
        "Scientific",
        "Office",
        "OS",
    )
    published = published_column(PUBLISHED, 1, "overall")
    protocol = (
        "Molmo2's rule: the first point counts, all bounds are inside, no point is wrong and stays in the "
        "denominator. Overall is the share of all rows. `official` is the official script's figure, which "
        "compares shares of the image."
    )
    layout = LAYOUTS["screenspot-pro"]
    archive = "images*.zip"

    def box(self, row: Row) -> Box:
        """`bbox` is x0, y0, x1, y1."""
        return box_of(row["bbox"])

    def score(self, case: Case, prediction: Prediction) -> Scores:
        """1 where the first point lies in the box, by either rule."""
        width, height = (float(side) for side in case.row["img_size"])
        row = {**case.row, "bbox": self.box(case.row), "img_size": (width, height)}
        xy = prediction.xy
        share = (xy[0, 0] / width, xy[0, 1] / height) if len(xy) else None
        official = outcome(row, share, "positive" if len(xy) else "negative")
        return {**super().score(case, prediction), "official": float(official == "correct")}

    def groups(self, row: Row) -> Mapping[str, str]:
        """Group, application, platform, and text or icon."""
        return {
            "group": str(row["group"]),
            "application": str(row["application"]),
            "platform": str(row["platform"]),
            "type": str(row["ui_type"]),
        }

    def figures(self, records: Sequence[Record]) -> dict[str, float]:
        """Overall, by group, by group and application, by platform, and by type."""
        return {
            "overall": mean_of(records, "correct"),
            "official": mean_of(records, "official"),
            **means_by(records, "correct", "group"),
            **means_by(records, "correct", "group", "application"),
            **means_by(records, "correct", "platform"),
            **means_by(records, "correct", "type"),
        }

    def write_standins(self, home: Path, rng: np.random.Generator, count: int) -> None:
        """Windows on desktops of 800 × 600 pixels."""
        rows = []
        for number, (sample, query) in enumerate(standins.asked(standins.forms(rng, (800, 600)), rng, count)):
            file = home / self.layout.images / "generated" / f"{number}.png"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(standins.png(sample.image))
            rows.append(
                {
                    "id": f"generated_{number}",
                    "img_filename": f"generated/{number}.png",
                    "bbox": list(query.targets[0].box),
                    "img_size": [800, 600],
                    "instruction": query.text,
                    "instruction_cn": "",
                    "application": "generated",
                    "platform": "linux",
                    "group": "OS",
                    "ui_type": "text",
                }
            )
        self.write_rows(home, "annotations/generated.json", rows)


SCREENSPOT = (ScreenSpotV2(), ScreenSpotPro())
