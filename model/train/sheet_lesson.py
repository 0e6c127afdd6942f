"""The first lesson: image tokens of a sheet say which words name what they show, its patches which letters.

What comes out of the connector, and what is fed for a chosen ViT patch, is read by the LM head as if it were
the state before a word. So pictures enter the language model as if they were the words that name them, and
to find "Save" on a screen is to find an equal. Hundreds of answers a picture make this far quicker to learn
than pointing, which has one for each query.

Shape letters: S sheets, M pairs of a cell and a word; cells are the patches of all sheets, then their image
tokens; V words.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from model.data.encode import Geometry
from model.data.sheets import Sheet
from model.train.batch import TensorBatch
from molmo_act.modeling.molmo_point import MolmoPointForConditionalGeneration
from molmo_act.modeling.tiling import normalize, patchify, pooling_windows, rgb_tensor

MOST_DOUBTFUL = 0.08  # share of a cell; less of it covered says neither "something" nor "nothing"
LEAST_COVERED = 0.2
KEPT_PATCHES, KEPT_EMPTY = 0.4, 0.15  # of the patches that show something, of the cells that do not


@dataclass(frozen=True)
class SheetBatch(TensorBatch):
    """Sheets as tensors.

    Attributes:
        pooling_NK: int64, patch ids over all sheets.
        cell_M, word_M: A cell, and a word of it.
        weight_M: Share of the word in what the cell shows; sums to 1 over a cell.
        num_cells: Cells with words.
        nothing: Id of the word of cells that show nothing.
    """

    pooling_NK: Tensor
    cell_M: Tensor
    word_M: Tensor
    weight_M: Tensor
    num_cells: Tensor
    nothing: Tensor

    @property
    def examples(self) -> int:
        """Sheets."""
        return len(self.patches)

    @property
    def tokens(self) -> int:
        """None: the language model reads no sheets."""
        return 0


@dataclass(frozen=True)
class SheetLosses:
    """Mean cross-entropy, and how often the likeliest word is one of a cell that shows something."""

    shown: Tensor
    patch_letters: Tensor
    token_words: Tensor

    @property
    def total(self) -> Tensor:
        """What is minimised."""
        return self.shown


class SheetEncoder:
    """Encodes sheets of one crop each for one tokenizer and one geometry."""

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

    def encode(self, sheets: list[Sheet], rng: np.random.Generator) -> SheetBatch:
        """One batch; `rng` picks which cells are asked, since asking all costs more than seeing them."""
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
        return SheetBatch(
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


def sheet_losses(model: MolmoPointForConditionalGeneration, batch: SheetBatch) -> SheetLosses:
    """Cross-entropy between the words a cell shows and the words that its features spell."""
    core = model.model
    windows_NKC = core.gather_windows(normalize(batch.patches), batch.pooling_NK)
    features_ND = core.multi_modal_projector(windows_NKC, batch.pooling_NK >= 0)
    count, patches = batch.patches.shape[:2]
    by_patch = windows_NKC.new_empty(count * patches, windows_NKC.shape[-1])
    by_patch[batch.pooling_NK.flatten()] = windows_NKC.flatten(0, 1)
    cells_XD = torch.cat((core.build_vit_embedding(by_patch), features_ND))
    used_U, index_M = batch.cell_M.unique(return_inverse=True)
    scores_UV = model.lm_head(core.final_norm(cells_XD[used_U])).float()
    chances_UV = F.log_softmax(scores_UV, dim=-1)
    loss = -(batch.weight_M * chances_UV[index_M, batch.word_M]).sum() / batch.num_cells
    hit_M = (scores_UV.detach().argmax(-1)[index_M] == batch.word_M) & (batch.word_M != batch.nothing)
    is_patch_U = used_U < count * patches
    shows_U = torch.zeros_like(is_patch_U).index_fill(0, index_M[batch.word_M != batch.nothing], True)
    hit_U = torch.zeros_like(is_patch_U).index_fill(0, index_M[hit_M], True).float()
    return SheetLosses(
        shown=loss,
        patch_letters=hit_U[is_patch_U & shows_U].mean(),
        token_words=hit_U[~is_patch_U & shows_U].mean(),
    )
