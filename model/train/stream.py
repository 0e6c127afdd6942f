"""The endless, seeded stream of batches nano learns from; knows pictures and tokens, no weights.

Batch number k depends on the seed and on k alone, so a run can be stopped anywhere and resumed exactly.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch.utils.data import DataLoader, IterableDataset, get_worker_info
from transformers import PreTrainedTokenizerBase

from model.data.encode import Geometry, Tree, TreeEncoder
from model.data.forms import draw_form
from model.data.sample import Picture
from model.data.scene_assets import load_library
from model.data.scenes import draw_scene
from model.data.screens import draw_screen
from model.train.batch import TreeBatch, collate
from molmo_act.modeling.configuration import MolmoPointConfig
from molmo_act.modeling.tiling import choose_tiling

# Rows × columns of crops and how often. Small pictures first: they cost least per query and have the fewest
# things to confuse. Whole screens at test time have many more crops than any of these.
SMALL = {(1, 1): 0.5, (1, 2): 0.25, (2, 1): 0.25}
MIXED = {(1, 1): 0.2, (1, 2): 0.2, (2, 1): 0.2, (2, 2): 0.2, (1, 3): 0.1, (2, 3): 0.1}
LARGEST_SHRINK = 1.35  # of the canvas, to the picture's own size


@dataclass(frozen=True)
class StreamConfig:
    """What the stream draws.

    Attributes:
        seed: Names the stream.
        split: Split of the generators: "train", or "eval" for held-out fonts, icons and drawings.
        screens: Share of screens; the rest are scenes.
        plain: Share of both that is plain: windows with a few buttons, scenes of shapes only.
        crops_per_batch: About how many crops a batch holds, global ones included.
        points_per_tree, names_per_tree: Most branches of each kind.
        small_until: Number of the first batch that larger pictures may appear in.
    """

    seed: int = 0
    split: str = "train"
    screens: float = 0.55
    plain: float = 0.0
    crops_per_batch: int = 30
    points_per_tree: int = 12
    names_per_tree: int = 6
    small_until: int = 0


class TreeStream(IterableDataset):
    """Batches of trees drawn on the fly, every worker its share."""

    def __init__(
        self,
        config: StreamConfig,
        model_config: MolmoPointConfig,
        tokenizer: PreTrainedTokenizerBase,
        geometry: Geometry,
        start: int = 0,
    ) -> None:
        super().__init__()
        self.config, self.model_config, self.start = config, model_config, start
        self.tokenizer, self.geometry = tokenizer, geometry

    def __iter__(self) -> Iterator[TreeBatch]:
        worker = get_worker_info()
        number, step = self.start, 1
        if worker is not None:
            torch.set_num_threads(1)
            number, step = self.start + worker.id, worker.num_workers
        painter = _Painter(self.config)
        encoder = TreeEncoder(self.tokenizer, self.geometry)
        while True:
            yield self._draw_batch(number, painter, encoder)
            number += step

    def _draw_batch(self, number: int, painter: _Painter, encoder: TreeEncoder) -> TreeBatch:
        config = self.config
        rng = np.random.default_rng([config.seed, number])
        shares = SMALL if number < config.small_until else MIXED
        tiling = list(shares)[rng.choice(len(shares), p=list(shares.values()))]
        count = max(1, round(config.crops_per_batch / (1 + tiling[0] * tiling[1])))
        trees: list[Tree] = []
        while len(trees) < count:
            picture = painter.draw(rng, picture_size(rng, tiling, self.geometry))
            if picture.queries:
                trees.append(encoder.encode(picture, rng, config.points_per_tree, config.names_per_tree))
        return collate(trees, self.model_config)


class _Painter:
    """Draws a screen or a scene."""

    def __init__(self, config: StreamConfig) -> None:
        self._config = config
        self._library = load_library(config.split) if config.screens < 1 else None

    def draw(self, rng: np.random.Generator, size: tuple[int, int]) -> Picture:
        config = self._config
        plain = config.plain > 0 and rng.random() < config.plain
        if rng.random() < config.screens:
            return (draw_form if plain else draw_screen)(rng, *size, split=config.split)
        return draw_scene(rng, *size, None if plain else self._library)


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


def loader(stream: TreeStream, workers: int) -> DataLoader:
    """Batches in a fixed order, drawn ahead by worker processes."""
    return DataLoader(stream, batch_size=None, num_workers=workers, prefetch_factor=4 if workers else None)
