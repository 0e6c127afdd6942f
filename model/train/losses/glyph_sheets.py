"""Losses of the first curriculum stage: image tokens name the words they show, patches the letters.

What comes out of the connector, and what is fed for a chosen ViT patch, is read by the LM head as if it were
the state before a word. So images enter the language model as if they were the words that name them, and
finding "Save" on a screen is finding an equal. Hundreds of answers per image make this far quicker to learn
than pointing, which has one for each query.

Shape letters: see `model.train.data.glyph_sheet_batch`; U cells with words, X all cells, D text width, V
words.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from model.train.data.glyph_sheet_batch import GlyphSheetBatch
from molmo_act.models.molmo_point.modeling_molmo_point import MolmoPointForConditionalGeneration
from molmo_act.models.molmo_point.tiling import normalize


@dataclass(frozen=True)
class GlyphSheetLosses:
    """Mean cross-entropy, and how often the likeliest word is one of a cell that shows something."""

    shown: Tensor
    patch_letters: Tensor
    token_words: Tensor

    @property
    def total(self) -> Tensor:
        """The scalar that is minimized."""
        return self.shown


def glyph_sheet_losses(model: MolmoPointForConditionalGeneration, batch: GlyphSheetBatch) -> GlyphSheetLosses:
    """Computes the cross-entropy between the words that a cell shows and those its features are read as.

    Args:
        model: The model that is trained; only vision tower, connector, embedding of patches and LM head run.
        batch: Glyph sheets.
    """
    core = model.model
    windows_NKC = core.gather_windows(normalize(batch.patches), batch.pooling_NK)
    features_ND = core.multi_modal_projector(windows_NKC, batch.pooling_NK >= 0)
    count, patches = batch.patches.shape[:2]
    by_patch = windows_NKC.new_empty(count * patches, windows_NKC.shape[-1])
    by_patch[batch.pooling_NK.flatten()] = windows_NKC.flatten(0, 1)
    cells_XD = torch.cat((core.build_vit_embedding(by_patch), features_ND))
    used_U, index_M = batch.cell_M.unique(return_inverse=True)
    scores_UV = model.lm_head(core.final_norm(cells_XD[used_U])).float()
    log_probs_UV = F.log_softmax(scores_UV, dim=-1)
    loss = -(batch.weight_M * log_probs_UV[index_M, batch.word_M]).sum() / batch.num_cells
    hit_M = (scores_UV.detach().argmax(-1)[index_M] == batch.word_M) & (batch.word_M != batch.nothing)
    is_patch_U = used_U < count * patches
    shows_U = torch.zeros_like(is_patch_U).index_fill(0, index_M[batch.word_M != batch.nothing], True)
    hit_U = torch.zeros_like(is_patch_U).index_fill(0, index_M[hit_M], True).float()
    return GlyphSheetLosses(
        shown=loss,
        patch_letters=hit_U[is_patch_U & shows_U].mean(),
        token_words=hit_U[~is_patch_U & shows_U].mean(),
    )
