"""The endless, seeded stream of batches nano learns from; knows pictures and tokens, no weights.

Batch number k depends on the seed and on k alone, and on the folder of rendered pages where there is one, so
a run can be stopped anywhere and resumed exactly.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch.utils.data import IterableDataset, get_worker_info

from model.data.clip_stills import draw_clip_still
from model.data.encode import Geometry, Tree, TreeEncoder
from model.data.forms import draw_form
from model.data.html_pages import DEFAULT_FOLDER, HtmlPages
from model.data.icon_library import load_icons
from model.data.sample import Picture
from model.data.scene_assets import PictureLibrary, load_library
from model.data.scenes import LARGEST_SIDE, draw_scene
from model.data.screens import draw_screen
from model.data.sheets import SheetPainter
from model.train.batch import TreeBatch, collate
from model.train.loading import draw_ahead
from model.train.sheet_lesson import SheetBatch, SheetEncoder
from molmo_act.modeling.configuration import MolmoPointConfig
from molmo_act.modeling.tiling import choose_tiling

# Rows × columns of crops and how often. Small pictures first: they cost least per query and have the fewest
# things to confuse. The largest are whole screens.
SMALL = {(1, 1): 0.5, (1, 2): 0.25, (2, 1): 0.25}
MIXED = {
    (1, 1): 0.2,
    (1, 2): 0.15,
    (2, 1): 0.15,
    (2, 2): 0.15,
    (1, 3): 0.1,
    (2, 3): 0.1,
    (3, 4): 0.1,
    (4, 6): 0.05,
}
LARGEST_SHRINK = 1.35  # of the canvas, to the picture's own size

Batch = TreeBatch | SheetBatch


class Lesson(Protocol):
    """Something that draws batches by their numbers."""

    def draw(self, number: int) -> Batch:
        """Batch `number`, always the same."""


@dataclass(frozen=True)
class StreamConfig:
    """What the lessons show.

    Attributes:
        seed: Names the stream.
        split: Split of the generators: "train", or "eval" for held-out fonts, icons and drawings.
        screens: Share of screens; the rest are scenes.
        pages: Share of the screens, without the plain ones, that are cut from pages a browser rendered.
        clips: Share of the scenes, without the plain ones, that are frames of drawn clips.
        pages_folder: Where these lie, see `model.data.html_screens`; both splits are needed.
        plain: Share of both that is plain: windows with a few buttons, scenes of shapes only.
        least_plain: What the share of plain pictures falls to, linearly, until larger pictures appear.
        crops_per_batch: About how many crops a batch of pictures holds, global ones included.
        sheets_per_batch: How many crops a batch of sheets holds.
        points_per_tree, names_per_tree: Most branches of each kind.
        sheets_until: Number of the first batch that asks for points; those before are sheets.
        review_every: Of the batches that follow, one in so many is of sheets again; 0 for none.
        small_until: Number of the first batch that larger pictures may appear in.
    """

    seed: int = 0
    split: str = "train"
    screens: float = 0.55
    pages: float = 0.0
    clips: float = 0.0
    pages_folder: Path = DEFAULT_FOLDER
    plain: float = 0.0
    least_plain: float = 0.0
    crops_per_batch: int = 30
    sheets_per_batch: int = 16
    points_per_tree: int = 12
    names_per_tree: int = 2
    sheets_until: int = 0
    review_every: int = 0
    small_until: int = 0


class SheetLesson:
    """Sheets of names, one crop each."""

    def __init__(self, config: StreamConfig, encoder: SheetEncoder) -> None:
        self._config, self._encoder = config, encoder

    @cached_property
    def _painter(self) -> SheetPainter:
        split = self._config.split
        return SheetPainter(load_library(split), load_icons(split), split)

    def draw(self, number: int) -> SheetBatch:
        """Batch `number`."""
        rng = np.random.default_rng([self._config.seed, number, 1])
        side = self._encoder.geometry.crop_size
        sheets = [self._painter.draw(rng, side) for _ in range(self._config.sheets_per_batch)]
        return self._encoder.encode(sheets, rng)


class PointingLesson:
    """Trees: pictures with questions that points answer, and places with names."""

    def __init__(self, config: StreamConfig, model_config: MolmoPointConfig, encoder: TreeEncoder) -> None:
        self._config, self._model_config, self._encoder = config, model_config, encoder

    @cached_property
    def _library(self) -> PictureLibrary | None:
        return load_library(self._config.split) if self._config.screens < 1 else None

    @cached_property
    def _pages(self) -> HtmlPages:
        return HtmlPages(self._config.pages_folder, self._config.split)

    def draw(self, number: int) -> TreeBatch:
        """Batch `number`."""
        return collate(self.trees(number), self._model_config)

    def trees(self, number: int) -> list[Tree]:
        """What batch `number` shows: pictures that are cut into equally many crops."""
        config, encoder = self._config, self._encoder
        rng = np.random.default_rng([config.seed, number])
        shares = SMALL if number < config.small_until else MIXED
        tiling = list(shares)[rng.choice(len(shares), p=list(shares.values()))]
        count = max(1, round(config.crops_per_batch / (1 + tiling[0] * tiling[1])))
        trees: list[Tree] = []
        while len(trees) < count:
            size = picture_size(rng, tiling, encoder.geometry)
            picture = self._picture(rng, size, plain=rng.random() < self._plain_share(number))
            if picture.queries:
                trees.append(encoder.encode(picture, rng, config.points_per_tree, config.names_per_tree))
        return trees

    def _plain_share(self, number: int) -> float:
        config = self._config
        first, last = config.sheets_until, config.small_until
        done = (number - first) / (last - first) if number < last else 1.0
        return config.plain + (config.least_plain - config.plain) * done

    def _picture(self, rng: np.random.Generator, size: tuple[int, int], *, plain: bool) -> Picture:
        if rng.random() < self._config.screens or max(size) > LARGEST_SIDE:
            return self._screen(rng, size, plain=plain)
        if plain:
            return draw_scene(rng, *size, None)
        if self._config.clips and rng.random() < self._config.clips:
            return draw_clip_still(rng, *size)
        return draw_scene(rng, *size, self._library)

    def _screen(self, rng: np.random.Generator, size: tuple[int, int], *, plain: bool) -> Picture:
        config = self._config
        if plain:
            return draw_form(rng, *size, split=config.split)
        page = self._pages.window(rng, *size) if config.pages and rng.random() < config.pages else None
        return page or draw_screen(rng, *size, split=config.split)


class Curriculum:
    """Sheets first, then points, with sheets in between."""

    def __init__(self, config: StreamConfig, sheets: Lesson, points: Lesson) -> None:
        self._config, self._sheets, self._points = config, sheets, points

    def draw(self, number: int) -> Batch:
        """Batch `number`."""
        config = self._config
        review = config.review_every > 0 and number % config.review_every == 0
        lesson = self._sheets if number < config.sheets_until or review else self._points
        return lesson.draw(number)


class BatchStream(IterableDataset):
    """The batches of a lesson from number `start` on, every worker its share."""

    def __init__(self, lesson: Lesson, start: int = 0) -> None:
        super().__init__()
        self._lesson, self._start = lesson, start

    def __iter__(self) -> Iterator[Batch]:
        worker = get_worker_info()
        number, step = self._start, 1
        if worker is not None:
            torch.set_num_threads(1)
            number, step = self._start + worker.id, worker.num_workers
        while True:
            yield self._lesson.draw(number)
            number += step


def picture_size(rng: np.random.Generator, tiling: tuple[int, int], geometry: Geometry) -> tuple[int, int]:
    """A random (width, height) that is cut into exactly `tiling` crops."""
    margin = sum(geometry.margins) * geometry.patch_size
    window = geometry.crop_size - margin
    while True:
        shrink = rng.uniform(1.0, LARGEST_SHRINK, 2)
        height, width = (int((n * window + margin) / s) for n, s in zip(tiling, shrink, strict=True))
        chosen = choose_tiling(
            height,
            width,
            crop_size=geometry.crop_size,
            patch_size=geometry.patch_size,
            margins=geometry.margins,
            max_crops=geometry.max_crops,
        )
        if chosen == tiling:
            return width, height


class BatchLoader:
    """The batches of a lesson in the order of their numbers, drawn ahead by loading processes.

    Args:
        lesson: Draws them.
        workers: Loading processes, which change no batch; 0 to draw in this one.
        state: `state` of an earlier loader, to go on behind its last batch.
    """

    def __init__(self, lesson: Lesson, workers: int, state: dict[str, Any] | None = None) -> None:
        self._number = 0 if state is None else state["number"]
        self._batches = draw_ahead(BatchStream(lesson, self._number), workers)

    def next(self) -> tuple[Batch, Mapping[str, int]]:
        """The next batch; nothing is ever skipped."""
        batch = next(self._batches)
        self._number += 1
        return batch, {}

    @property
    def state(self) -> dict[str, Any]:
        """JSON to go on behind the last batch that was taken."""
        return {"number": self._number}
