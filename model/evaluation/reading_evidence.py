"""What a reader and a model say about queries on pages, each by itself; kept in a folder between runs."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from tqdm import tqdm

import molmo_act
from model.data.schema import Query, Target
from model.data.web.real_pages import read_page
from model.evaluation.pointing import SEED
from molmo_act.io.atomic import atomic_file
from molmo_act.reading.icons.seen_icons import SeenIcons
from molmo_act.reading.matching import TextIndex
from molmo_act.reading.rapidocr_reader import RapidOcrReader
from molmo_act.reading.text import ReadText

PER_PAGE = 8
"""Queries about one page."""


@dataclass(frozen=True, eq=False)
class Evidence:
    """What is known about the queries on one page before anything is combined.

    Attributes:
        page: Its JSON file.
        text: What the reader read.
        queries: What was asked.
        points: What the model answered to each.
    """

    page: Path
    text: ReadText
    queries: tuple[Query, ...]
    points: tuple[molmo_act.Points, ...]

    @cached_property
    def index(self) -> TextIndex:
        """The text, arranged for queries."""
        return TextIndex(self.text)

    @cached_property
    def icons(self) -> SeenIcons:
        """The shapes of the image, and what they may show."""
        return SeenIcons.look(self.image, self.text)

    @cached_property
    def image(self) -> np.ndarray:
        """uint8 (H, W, 3), RGB."""
        return read_page(self.page).image


def gather(pages: Path, kept: Path, model: molmo_act.PointingModel) -> Iterator[Evidence]:
    """Reads pages and asks the model, or takes what an earlier run kept.

    Args:
        pages: Folder that `model.data.web.real_pages` filled.
        kept: Folder for what was found, a JSON file a page.
        model: Answers the queries.

    Yields:
        The evidence of each page, in a random order that is always the same.
    """
    kept.mkdir(parents=True, exist_ok=True)
    paths = sorted(pages.glob("*.json"))
    random.Random(SEED).shuffle(paths)
    reader: RapidOcrReader | None = None
    for path in tqdm(paths, desc="pages", unit="page"):
        file = kept / path.name
        if not file.exists():
            reader = reader or RapidOcrReader()
            _keep(file, _look(path, reader, model))
        yield _kept(path, json.loads(file.read_text(encoding="utf-8")))


def _look(path: Path, reader: RapidOcrReader, model: molmo_act.PointingModel) -> Evidence:
    sample = read_page(path)
    chosen = np.random.default_rng([SEED, 1]).permutation(len(sample.queries))[:PER_PAGE]
    queries = tuple(sample.queries[i] for i in chosen)
    points = model.point(sample.image, [query.text for query in queries]) if queries else []
    return Evidence(path, reader.read(sample.image), queries, tuple(points))


def _keep(file: Path, found: Evidence) -> None:
    stored = {
        "text": found.text.to_dict(),
        "queries": [asdict(query) for query in found.queries],
        "points": [points.to_dict() for points in found.points],
    }
    with atomic_file(file) as partial:
        partial.write_text(json.dumps(stored), encoding="utf-8")


def _kept(page: Path, stored: dict[str, Sequence[dict]]) -> Evidence:
    queries = (
        Query(
            row["text"],
            row["label"],
            tuple(Target(tuple(each["point"]), tuple(each["box"])) for each in row["targets"]),
            row["kind"],
        )
        for row in stored["queries"]
    )
    points = tuple(molmo_act.Points.from_dict(row) for row in stored["points"])
    return Evidence(page, ReadText.from_dict(stored["text"]), tuple(queries), points)  # type: ignore[arg-type]
