"""The training objective: teacher forcing over message trees, four cross-entropies; knows tensors only.

Shape letters: see `model.train.batch`; D text width, C width of gathered ViT features, E width of grounding
keys, M chosen positions of all rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor
from transformers import DynamicCache

from model.train.batch import IGNORE, TreeBatch
from molmo_act.modeling.core import MolmoPointModel
from molmo_act.modeling.grounding_head import MASKED_PATCH
from molmo_act.modeling.molmo_point import MolmoPointForConditionalGeneration
from molmo_act.modeling.tiling import normalize

Z_LOSS = 1e-4


@dataclass(frozen=True)
class Losses:
    """Mean cross-entropy of each kind of choice, and how often the true one had the highest score.

    `point_hits` counts steps at which there is a patch to choose, `absent_hits` lists that should be empty.
    """

    word: Tensor
    patch: Tensor
    subpatch: Tensor
    location: Tensor
    word_hits: Tensor
    point_hits: Tensor
    absent_hits: Tensor

    @property
    def total(self) -> Tensor:
        """What is minimised."""
        return self.word + self.patch + self.subpatch + self.location


@dataclass(frozen=True)
class _Pictures:
    """What the branches need of the pictures."""

    windows_NKC: Tensor
    valid_NK: Tensor
    features_ND: Tensor
    keys_BPE: Tensor
    positions_BP: Tensor
    indexable_BP: Tensor

    def rows(self, batch: TreeBatch, where_RL: Tensor) -> Tensor:
        """Which of the N windows `batch.patch_RL` means at chosen positions. (M,)"""
        row_M = torch.nonzero(where_RL)[:, 0]
        return batch.patch_RL[where_RL] + batch.tree_R[row_M] * self.keys_BPE.shape[1]


def tree_losses(model: MolmoPointForConditionalGeneration, batch: TreeBatch) -> Losses:
    """Forward pass of one batch with the true answers fed.

    The true patch is fed and its embedding gets the features of the chosen image token; points come in
    ascending order and patches before the last one are masked; every list ends with "no more points"
    (MolmoPoint paper, section "Training").
    """
    core = model.model
    pictures, cache = _read_pictures(core, batch)
    cache.batch_select_indices(batch.tree_R)
    x_RLD = core.language_model(
        inputs_embeds=_embed_branches(core, batch, pictures),
        attention_mask=batch.branch_mask(),
        position_ids=batch.position_RL,
        past_key_values=cache,
    ).last_hidden_state
    word, word_hits = _word_loss(model, x_RLD, batch)
    patch, point_hits, absent_hits = _patch_loss(core, x_RLD, batch, pictures)
    return Losses(
        word=word,
        patch=patch,
        subpatch=_subpatch_loss(core, x_RLD, batch, pictures),
        location=_location_loss(core, x_RLD, batch),
        word_hits=word_hits,
        point_hits=point_hits,
        absent_hits=absent_hits,
    )


def _read_pictures(core: MolmoPointModel, batch: TreeBatch) -> tuple[_Pictures, DynamicCache]:
    windows_NKC = core.gather_windows(normalize(batch.patches), batch.pooling_NK)
    valid_NK = batch.pooling_NK >= 0
    features_ND = core.multi_modal_projector(windows_NKC, valid_NK)
    ids_BI = batch.picture_BI
    outputs = core.language_model(
        inputs_embeds=core.embed_prompt(ids_BI, features_ND),
        attention_mask=batch.picture_mask().expand(len(ids_BI), -1, -1, -1),
        use_cache=True,
    )
    is_image_BI = core.image_tokens(ids_BI)
    indexable_BI = ids_BI == core.config.image_patch_id

    def image_rows(values: Tensor) -> Tensor:
        return values[is_image_BI].unflatten(0, (len(ids_BI), -1))

    positions_BP = image_rows(indexable_BI.cumsum(-1) - 1)
    keys_BPE = core.point_predictor.patch_keys(image_rows(outputs.last_hidden_state), positions_BP)
    pictures = _Pictures(windows_NKC, valid_NK, features_ND, keys_BPE, positions_BP, image_rows(indexable_BI))
    return pictures, outputs.past_key_values


def _embed_branches(core: MolmoPointModel, batch: TreeBatch, pictures: _Pictures) -> Tensor:
    embeds = core.language_model.embed_tokens(batch.words_RL)
    is_slot = batch.subpatch_RL >= 0
    is_patch = (batch.patch_RL >= 0) & ~is_slot
    features = pictures.features_ND[pictures.rows(batch, is_patch)].to(embeds.dtype)
    embeds = embeds.index_put(torch.nonzero(is_patch, as_tuple=True), features, accumulate=True)
    chosen = pictures.windows_NKC[pictures.rows(batch, is_slot), batch.subpatch_RL[is_slot]]
    slots = core.build_vit_embedding(chosen).to(embeds.dtype)
    return embeds.index_put(torch.nonzero(is_slot, as_tuple=True), slots)


def _mean(loss: Tensor) -> Tensor:
    return loss.mean() if loss.numel() else loss.sum()


def _hits(scores: Tensor, targets: Tensor) -> Tensor:
    return (scores.detach().argmax(-1) == targets).float().mean()


def _word_loss(
    model: MolmoPointForConditionalGeneration, x_RLD: Tensor, batch: TreeBatch
) -> tuple[Tensor, Tensor]:
    where = batch.word_target_RL != IGNORE
    logits = model.lm_head(model.model.final_norm(x_RLD[where])).float()
    targets = batch.word_target_RL[where]
    loss = F.cross_entropy(logits, targets, reduction="none") + Z_LOSS * logits.logsumexp(-1).square()
    return _mean(loss), _hits(logits, targets)


def _patch_loss(
    core: MolmoPointModel, x_RLD: Tensor, batch: TreeBatch, pictures: _Pictures
) -> tuple[Tensor, Tensor, Tensor]:
    head = core.point_predictor
    step_RQ, used_RQ = _packed_positions(batch.patch_target_RL != IGNORE)
    last_RQ = batch.last_patch_RL.gather(1, step_RQ)
    tree_R = batch.tree_R
    position_RQ = pictures.positions_BP[tree_R].gather(1, last_RQ.clamp_min(0))
    num_keys = pictures.keys_BPE.shape[1] + int(head.no_more_key is not None)
    scores_RQP = head.scores_of_patches(
        x_RLD.gather(1, step_RQ[..., None].expand(-1, -1, x_RLD.shape[-1])),
        torch.where(last_RQ < 0, -1, position_RQ),
        pictures.keys_BPE[tree_R],
        pictures.indexable_BP[tree_R],
        torch.full_like(tree_R, num_keys),
    )
    scores_MP, last_M = scores_RQP[used_RQ].float(), last_RQ[used_RQ]
    earlier_MP = torch.arange(scores_MP.shape[-1], device=tree_R.device) < last_M[:, None]
    scores_MP = scores_MP.masked_fill(earlier_MP, MASKED_PATCH)
    targets_M = batch.patch_target_RL.gather(1, step_RQ)[used_RQ]
    loss = _mean(F.cross_entropy(scores_MP, targets_M, reduction="none"))
    is_point, is_absent = targets_M < num_keys - 1, (targets_M == num_keys - 1) & (last_M < 0)
    hits = [_hits(scores_MP[where], targets_M[where]) for where in (is_point, is_absent)]
    return loss, hits[0], hits[1]


def _packed_positions(where_RL: Tensor) -> tuple[Tensor, Tensor]:
    """Positions of the set entries of each row, packed to the left: indices (R, Q) and which are real."""
    most = max(int(where_RL.sum(-1).max()), 1)
    order = torch.argsort(where_RL.logical_not().byte(), dim=-1, stable=True)[:, :most]
    return order, where_RL.gather(1, order)


def _subpatch_loss(core: MolmoPointModel, x_RLD: Tensor, batch: TreeBatch, pictures: _Pictures) -> Tensor:
    head = core.point_predictor
    where = batch.subpatch_target_RL != IGNORE
    rows_M = pictures.rows(batch, where)
    keys = head.subpatch_k(pictures.windows_NKC[rows_M])
    scores = head.scores_of_subpatches(x_RLD[where], keys, pictures.valid_NK[rows_M])
    return _mean(F.cross_entropy(scores.float(), batch.subpatch_target_RL[where], reduction="none"))


def _location_loss(core: MolmoPointModel, x_RLD: Tensor, batch: TreeBatch) -> Tensor:
    where = batch.location_target_RL != IGNORE
    scores = core.point_predictor.scores_of_locations(x_RLD[where]).float()
    return _mean(F.cross_entropy(scores, batch.location_target_RL[where], reduction="none"))
