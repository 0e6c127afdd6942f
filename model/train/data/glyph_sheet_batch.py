"""Glyph sheets as tensors: which words the cells of a sheet show.

Shape letters: M pairs of a cell and a word; cells are the patches of all sheets, then their image tokens; N
image tokens, K slots of a pooling window.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from model.data.screens.glyph_sheets import GlyphSheet
from model.train.data.tree_batch import TensorBatch
from molmo_act.formats.crop_geometry import Geometry, pooling_windows
from molmo_act.models.molmo_point.tiling import patchify, rgb_tensor

MOST_DOUBTFUL = 0.08  # share of a cell; less of it covered says neither "something" nor "nothing"
LEAST_COVERED = 0.2
KEPT_PATCHES, KEPT_EMPTY = 0.4, 0.15  # of the patches that show something, of the cells that do not


@dataclass(frozen=True)
class GlyphSheetBatch(TensorBatch):
    """Glyph sheets as tensors.

    Attributes:
        pooling_NK: int64, patch ids over all sheets.
        cell_M, word_M: A cell, and a word of it.
        weight_M: Share of the word in what the cell shows; sums to 1 over a cell.
        num_cells: Cells with words.
        nothing: Id of the word for cells that show nothing.
    """

    pooling_NK: Tensor
    cell_M: Tensor
    word_M: Tensor
    weight_M: Tensor
    num_cells: Tensor
    nothing: Tensor

    @property
    def examples(self) -> int:
        """Number of sheets."""
        return len(self.patches)

    @property
    def tokens(self) -> int:
        """0: the language model reads no sheets."""
        return 0


class GlyphSheetEncoder:
    """Encodes glyph sheets of one crop each.

    Args:
        tokenizer: Spells the words.
        geometry: How images are cut into crops and patches.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerBase, geometry: Geometry) -> None:
        self.geometry = geometry
        self._encode = tokenizer.backend_tokenizer.encode
        self._nothing = tokenizer.eos_token_id
        side = geometry.crop_size // geometry.patch_size
        self._windows, (self._token_rows, _) = pooling_windows(
            np.arange(side**2).reshape(side, side), geometry.pooling
        )
        self._patch_rows = side
        self._known: dict[str, np.ndarray] = {}

    def encode(self, sheets: list[GlyphSheet], rng: np.random.Generator) -> GlyphSheetBatch:
        """Makes one batch.

        Args:
            sheets: Sheets of the size of a crop.
            rng: Picks the cells that are asked, since asking all costs more than encoding them.
        """
        size, patch = self.geometry.crop_size, self.geometry.patch_size
        patches = torch.cat([patchify(rgb_tensor(sheet.image), size, size, patch) for sheet in sheets])
        pooling = np.concatenate([self._windows + i * self._patch_rows**2 for i in range(len(sheets))])
        pairs: list[np.ndarray] = []
        first = 0
        for sheet in sheets:
            pairs.append(self._pairs(sheet.parts, sheet.part_boxes, self._patch_rows, KEPT_PATCHES, rng))
            pairs[-1][0] += first
            first += self._patch_rows**2
        for sheet in sheets:
            pairs.append(self._pairs(sheet.names, sheet.boxes, self._token_rows, 1.0, rng))
            pairs[-1][0] += first
            first += self._token_rows**2
        cells, words, weights = np.concatenate(pairs, axis=1)
        return GlyphSheetBatch(
            patches=patches,
            pooling_NK=torch.from_numpy(pooling),
            cell_M=torch.from_numpy(cells.astype(np.int64)),
            word_M=torch.from_numpy(words.astype(np.int64)),
            weight_M=torch.from_numpy(weights.astype(np.float32)),
            num_cells=torch.tensor(len(np.unique(cells))),
            nothing=torch.tensor(self._nothing),
        )

    def _pairs(
        self, names: tuple[str, ...], boxes: np.ndarray, rows: int, kept: float, rng: np.random.Generator
    ) -> np.ndarray:
        """(3, pairs): cell of a grid of `rows` × `rows`, word, weight; of `kept` of the cells."""
        side = self.geometry.crop_size / rows
        edges = np.arange(rows) * side
        x0, y0, x1, y1 = boxes.T[..., None]
        wide = np.clip(np.minimum(x1, edges + side) - np.maximum(x0, edges), 0, None)
        high = np.clip(np.minimum(y1, edges + side) - np.maximum(y0, edges), 0, None)
        share = (high[:, :, None] * wide[:, None, :]).reshape(-1, rows**2) / side**2
        covered, chance = share.sum(0), rng.random(rows**2)
        something = (covered >= LEAST_COVERED) & (chance < kept)
        empty = np.flatnonzero((covered <= MOST_DOUBTFUL) & (chance < KEPT_EMPTY))
        nothing = np.stack((empty, np.full(len(empty), self._nothing), np.ones(len(empty))))
        name, cell = np.nonzero((share > 0) & something)
        words = [self._words(text) for text in names]
        count = np.array([len(each) for each in words], dtype=np.int64)[name]
        weight = (share[name, cell] / covered[cell] / count).repeat(count)
        word = np.concatenate([words[number] for number in name]) if len(name) else np.empty(0)
        return np.concatenate((nothing, np.stack((cell.repeat(count), word, weight))), axis=1)

    def _words(self, name: str) -> np.ndarray:
        """Different ids of a name as it stands in a question; of a letter on its own."""
        if name not in self._known:
            self._known[name] = np.unique(self._encode(name if len(name) == 1 else f" {name}").ids)
        return self._known[name]
