"""The curriculum of nano: an endless, seeded stream of batches, glyph sheets first, then pointing.

Batch number k depends on the seed and on k alone, and on the folder of rendered pages where there is one, so
a run can be stopped anywhere and resumed exactly.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch.utils.data import IterableDataset, get_worker_info

from model.data.clips.images import draw_clip_image
from model.data.encoding.message_tree import ImageTreeEncoder, MessageTree
from model.data.scenes.generate import LARGEST_SIDE, draw_scene
from model.data.scenes.sprite_library import SpriteLibrary, load_library
from model.data.schema import ImageSample
from model.data.screens.forms import draw_form
from model.data.screens.generate import draw_screen
from model.data.screens.glyph_sheets import GlyphSheetPainter
from model.data.screens.icons import load_icons
from model.data.web.dataset import DEFAULT_FOLDER, HtmlPages
from model.train.data.glyph_sheet_batch import GlyphSheetBatch, GlyphSheetEncoder
from model.train.data.prefetch import prefetch
from model.train.data.tree_batch import TreeBatch, collate
from molmo_act.formats.crop_geometry import Geometry, choose_tiling
from molmo_act.models.molmo_point.configuration_molmo_point import MolmoPointConfig

# Rows × columns of crops and how often. Small images first: they cost least per query and have the fewest
# objects to confuse. The largest are whole screens.
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
LARGEST_SHRINK = 1.35  # of the canvas, to the image's own size

Batch = TreeBatch | GlyphSheetBatch


class CurriculumStage(Protocol):
    """Draws batches by their numbers."""

    def draw(self, number: int) -> Batch:
        """Draws batch `number`, always the same."""


@dataclass(frozen=True)
class CurriculumConfig:
    """What the stages show.

    Attributes:
        seed: Seed of the stream.
        split: Split of the generators: "train", or "eval" for held-out fonts, icons and drawings.
        screens: Share of screens; the rest are scenes.
        pages: Share of the screens, without the plain ones, that are cut from pages a browser rendered.
        clips: Share of the scenes, without the plain ones, that are frames of drawn clips.
        pages_folder: Folder of the rendered pages, see `model.data.web.render`; both splits are needed.
        plain: Share of both that is plain: windows with a few buttons, scenes of shapes only.
        least_plain: What the share of plain images falls to, linearly, until larger images appear.
        crops_per_batch: Approximate number of crops in a batch of images, global ones included.
        sheets_per_batch: Number of crops in a batch of glyph sheets.
        points_per_tree, names_per_tree: Largest number of branches of each kind.
        sheets_until: Number of the first batch that asks for points; those before are glyph sheets.
        review_every: Of the batches that follow, one in so many is of glyph sheets again; 0 for none.
        small_until: Number of the first batch that larger images may appear in.
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


class GlyphSheetStage:
    """Glyph sheets, one crop each.

    Args:
        config: Seed, split and number of sheets.
        encoder: Makes batches of sheets.
    """

    def __init__(self, config: CurriculumConfig, encoder: GlyphSheetEncoder) -> None:
        self._config, self._encoder = config, encoder

    @cached_property
    def _painter(self) -> GlyphSheetPainter:
        split = self._config.split
        return GlyphSheetPainter(load_library(split), load_icons(split), split)

    def draw(self, number: int) -> GlyphSheetBatch:
        """Draws batch `number`."""
        rng = np.random.default_rng([self._config.seed, number, 1])
        side = self._encoder.geometry.crop_size
        sheets = [self._painter.draw(rng, side) for _ in range(self._config.sheets_per_batch)]
        return self._encoder.encode(sheets, rng)


class PointingStage:
    """Images with questions that points answer, and places with names.

    Args:
        config: What is shown.
        model_config: Says which ids are grounding words.
        encoder: Makes trees of images.
    """

    def __init__(
        self, config: CurriculumConfig, model_config: MolmoPointConfig, encoder: ImageTreeEncoder
    ) -> None:
        self._config, self._model_config, self._encoder = config, model_config, encoder

    @cached_property
    def _library(self) -> SpriteLibrary | None:
        return load_library(self._config.split) if self._config.screens < 1 else None

    @cached_property
    def _pages(self) -> HtmlPages:
        return HtmlPages(self._config.pages_folder, self._config.split)

    def draw(self, number: int) -> TreeBatch:
        """Draws batch `number`."""
        return collate(self.trees(number), self._model_config)

    def trees(self, number: int) -> list[MessageTree]:
        """Draws the trees of batch `number`, whose images are cut into equally many crops."""
        config, encoder = self._config, self._encoder
        rng = np.random.default_rng([config.seed, number])
        shares = SMALL if number < config.small_until else MIXED
        tiling = list(shares)[rng.choice(len(shares), p=list(shares.values()))]
        count = max(1, round(config.crops_per_batch / (1 + tiling[0] * tiling[1])))
        trees: list[MessageTree] = []
        while len(trees) < count:
            size = draw_size(rng, tiling, encoder.geometry)
            sample = self._sample(rng, size, plain=rng.random() < self._plain_share(number))
            if sample.queries:
                trees.append(encoder.encode(sample, rng, config.points_per_tree, config.names_per_tree))
        return trees

    def _plain_share(self, number: int) -> float:
        config = self._config
        first, last = config.sheets_until, config.small_until
        done = (number - first) / (last - first) if number < last else 1.0
        return config.plain + (config.least_plain - config.plain) * done

    def _sample(self, rng: np.random.Generator, size: tuple[int, int], *, plain: bool) -> ImageSample:
        if rng.random() < self._config.screens or max(size) > LARGEST_SIDE:
            return self._screen(rng, size, plain=plain)
        if plain:
            return draw_scene(rng, *size, None)
        if self._config.clips and rng.random() < self._config.clips:
            return draw_clip_image(rng, *size)
        return draw_scene(rng, *size, self._library)

    def _screen(self, rng: np.random.Generator, size: tuple[int, int], *, plain: bool) -> ImageSample:
        config = self._config
        if plain:
            return draw_form(rng, *size, split=config.split)
        page = self._pages.window(rng, *size) if config.pages and rng.random() < config.pages else None
        return page or draw_screen(rng, *size, split=config.split)


class Curriculum:
    """Glyph sheets first, then points, with glyph sheets in between.

    Args:
        config: Says which stage a batch belongs to.
        sheets: The first stage.
        points: The second stage.
    """

    def __init__(self, config: CurriculumConfig, sheets: CurriculumStage, points: CurriculumStage) -> None:
        self._config, self._sheets, self._points = config, sheets, points

    def draw(self, number: int) -> Batch:
        """Draws batch `number`."""
        config = self._config
        review = config.review_every > 0 and number % config.review_every == 0
        stage = self._sheets if number < config.sheets_until or review else self._points
        return stage.draw(number)


class BatchStream(IterableDataset):
    """Iterates over the batches of a stage; with several workers each takes its share.

    Args:
        stage: Draws them.
        start: Number of the first.
    """

    def __init__(self, stage: CurriculumStage, start: int = 0) -> None:
        super().__init__()
        self._stage, self._start = stage, start

    def __iter__(self) -> Iterator[Batch]:
        worker = get_worker_info()
        number, step = self._start, 1
        if worker is not None:
            torch.set_num_threads(1)
            number, step = self._start + worker.id, worker.num_workers
        while True:
            yield self._stage.draw(number)
            number += step


def draw_size(rng: np.random.Generator, tiling: tuple[int, int], geometry: Geometry) -> tuple[int, int]:
    """Draws a random size that is cut into exactly `tiling` crops.

    Args:
        rng: Source of randomness.
        tiling: Rows and columns of crops.
        geometry: How images are cut.

    Returns:
        Width and height, pixels.
    """
    window, margin = geometry.window, geometry.margin
    while True:
        shrink = rng.uniform(1.0, LARGEST_SHRINK, 2)
        height, width = (int((n * window + margin) / s) for n, s in zip(tiling, shrink, strict=True))
        if choose_tiling(height, width, geometry) == tiling:
            return width, height


class BatchLoader:
    """Loads the batches of a stage in the order of their numbers.

    Args:
        stage: Draws them.
        workers: Number of loading processes, which change no batch; 0 to draw in this one.
        states: `state` of the earlier loader, in a sequence of one, to go on behind its last batch.
    """

    def __init__(
        self, stage: CurriculumStage, workers: int, states: Sequence[dict[str, Any]] | None = None
    ) -> None:
        self._number = states[0]["number"] if states else 0
        self._batches = prefetch(BatchStream(stage, self._number), workers)

    def next(self) -> tuple[Batch, Mapping[str, int]]:
        """Returns the next batch; nothing is ever skipped."""
        batch = next(self._batches)
        self._number += 1
        return batch, {}

    @property
    def state(self) -> dict[str, Any]:
        """JSON from which a loader goes on behind the last batch that was taken."""
        return {"number": self._number}
