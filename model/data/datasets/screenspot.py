"""Reads ScreenSpot-v2 and ScreenSpot-Pro, for evaluation only.

    ScreenSpot-v2/screenspot_{desktop,mobile,web}_v2.json, ScreenSpot-v2/screenspotv2_image/
    ScreenSpot-Pro/annotations/*.json, ScreenSpot-Pro/images/

Each row is an instruction and the box of what it means; a query's kind is "text" or "icon".
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from model.data.datasets.parquet import decoded
from model.data.errors import SkippedRow, row_as_expected
from model.data.schema import ImageSample, Query, Target
from molmo_act.errors import InputError

Box = tuple[float, float, float, float]
Row = Mapping[str, Any]


def _v2_box(row: Row) -> Box:
    """`bbox` [x, y, width, height] pixels."""
    x, y, width, height = row["bbox"]
    return x, y, x + width, y + height


def _pro_box(row: Row) -> Box:
    """`bbox` [x0, y0, x1, y1] pixels."""
    x0, y0, x1, y1 = row["bbox"]
    return x0, y0, x1, y1


@dataclass(frozen=True)
class Layout:
    """Where the rows and images of a set lie.

    Attributes:
        hub: Its name on the hub.
        rows: Pattern of the files with its rows.
        images: Folder of its images.
        box: Reads (x0, y0, x1, y1) in pixels from a row.
        kind: Key that says "text" or "icon".
    """

    hub: str
    rows: str
    images: str
    box: Callable[[Row], Box]
    kind: str

    @property
    def folder(self) -> str:
        """Name of the set without that of its owner."""
        return self.hub.split("/")[1]


LAYOUTS = {
    "screenspot-v2": Layout(
        "OS-Copilot/ScreenSpot-v2", "screenspot_*_v2.json", "screenspotv2_image", _v2_box, "data_type"
    ),
    "screenspot-pro": Layout("likaixin/ScreenSpot-Pro", "annotations/*.json", "images", _pro_box, "ui_type"),
}


class ScreenSpot:
    """One of the two sets, row by row.

    Args:
        name: One of `LAYOUTS`.
        folder: Holds both, each in a folder of its name.

    Raises:
        InputError: The set is not there, or a file of it is damaged.
    """

    def __init__(self, name: str, folder: Path) -> None:
        self._layout = LAYOUTS[name]
        self._home = folder / self._layout.folder
        files = sorted(self._home.glob(self._layout.rows))
        if not files:
            raise InputError(
                f"The data set {name!r} is not in {self._home}: no file {self._layout.rows}. Download it "
                f"there: hf download {self._layout.hub} --repo-type dataset --local-dir {self._home}"
            )
        self._rows = [row for path in files for row in _read(path)]
        self.blocks: Sequence[int] = (len(self._rows),)

    def read(self, index: int, rng: np.random.Generator) -> ImageSample:
        """Reads a screen with one query; see `Source.read`.

        Raises:
            SkippedRow: The image cannot be read, or the box lies outside it.
        """
        with row_as_expected():
            return self._sample(self._rows[index])

    def _sample(self, row: Row) -> ImageSample:
        layout = self._layout
        try:
            image = decoded((self._home / layout.images / row["img_filename"]).read_bytes())
        except OSError:
            raise SkippedRow("image is missing") from None
        x0, y0, x1, y1 = box = layout.box(row)
        height, width = image.shape[:2]
        if not (0 <= x0 <= x1 <= width and 0 <= y0 <= y1 <= height):
            raise SkippedRow("box lies outside the image")
        target = Target(((x0 + x1) / 2, (y0 + y1) / 2), box)
        query = Query(row["instruction"], row["instruction"], (target,), row[layout.kind])
        return ImageSample(image, (query,), ())


def _read(path: Path) -> list[Row]:
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as exc:
        raise InputError(f"{path} is damaged ({exc}). Download it again.") from exc
    if not isinstance(rows, list):
        raise InputError(f"{path} holds a {type(rows).__name__}; expected a list of rows.")
    return rows
