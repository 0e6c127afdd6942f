"""The four choices of an answer as cross-entropies, and what is fed for them; knows no layout of batches.

Every function takes states and targets of chosen positions of any batch, and gives one loss and the likeliest
choice for each, so that a layout only decides which positions there are and how their losses are weighed.

Shape letters: N windows (image tokens) of all pictures of a batch, K slots of a window, C width of gathered
ViT features, D text width, E width of grounding keys, M chosen positions, V words.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from molmo_act.modeling.core import MolmoPointModel, Views
from molmo_act.modeling.grounding_head import MASKED_PATCH, patch_scores
from molmo_act.modeling.molmo_point import MolmoPointForConditionalGeneration
from molmo_act.modeling.tiling import normalize

Z_LOSS = 1e-4
Outcome = tuple[Tensor, Tensor]
"""Losses (M,), and the choices of the highest score (M,)."""


def see(core: MolmoPointModel, patches: Tensor, pooling_NK: Tensor) -> Views:
    """The pictures of a batch as their answers see them.

    Args:
        core: The model.
        patches: uint8 (crops, patches, pixels of a patch).
        pooling_NK: Patch ids over all crops, -1 for empty slots.
    """
    return core.look(normalize(patches), pooling_NK)


def feed(core: MolmoPointModel, embeds: Tensor, patch: Tensor, subpatch: Tensor, views: Views) -> Tensor:
    """Adds the features of fed patches to their words; fed slots become their ViT patch.

    Args:
        core: The model.
        embeds: (…, D) embeddings of words.
        patch: (…) row of the window that is fed, or that the fed slot is in; else -1.
        subpatch: (…) slot that is fed, else -1.
        views: Of all pictures.
    """
    is_slot = subpatch >= 0
    is_patch = (patch >= 0) & ~is_slot
    features = views.features_ND[patch[is_patch]].to(embeds.dtype)
    embeds = embeds.index_put(torch.nonzero(is_patch, as_tuple=True), features, accumulate=True)
    slots = core.build_vit_embedding(views.windows_NKC[patch[is_slot], subpatch[is_slot]]).to(embeds.dtype)
    return embeds.index_put(torch.nonzero(is_slot, as_tuple=True), slots)


@dataclass(frozen=True)
class PatchKeys:
    """What patches are chosen by.

    Attributes:
        keys_NE: Rotated keys.
        position_N: Their positions among the indexable windows of their picture.
        indexable_N: Which windows may be pointed at.
        tree_N: Which picture each window belongs to, counted from 0.
    """

    keys_NE: Tensor
    position_N: Tensor
    indexable_N: Tensor
    tree_N: Tensor


def word_loss(
    model: MolmoPointForConditionalGeneration, x_MD: Tensor, target_M: Tensor, z_loss: float = Z_LOSS
) -> Outcome:
    """Cross-entropy of words, and `z_loss` times the squared logarithm of the softmax's denominator."""
    logits_MV = model.lm_head(model.model.final_norm(x_MD)).float()
    loss_M = F.cross_entropy(logits_MV, target_M, reduction="none")
    return loss_M + z_loss * logits_MV.logsumexp(-1).square(), _likeliest(logits_MV)


def patch_loss(
    core: MolmoPointModel, x_MD: Tensor, target_M: Tensor, last_M: Tensor, tree_M: Tensor, keys: PatchKeys
) -> Outcome:
    """Cross-entropy over the windows of a position's own picture and "no more points".

    Windows before the last chosen one are masked if the model points in ascending order ("always" of
    `mask_patches`).

    Args:
        core: The model.
        x_MD: States.
        target_M: Row of the right window, N for "no more points".
        last_M: Row of the last window chosen before, -1 when there is none.
        tree_M: Picture of each position.
        keys: Of all pictures.
    """
    head = core.point_predictor
    position_M = torch.where(last_M < 0, -1, keys.position_N[last_M.clamp_min(0)])
    q_ME = head.patch_queries(x_MD, position_M)
    extra = int(head.no_more_key is not None)
    if head.norm_logits:
        q_ME = q_ME / (keys.tree_N.bincount() + extra)[tree_M].to(q_ME).sqrt()[:, None]
    allowed_MN = keys.indexable_N & (keys.tree_N == tree_M[:, None])
    if core.config.mask_patches == "always":
        allowed_MN &= torch.arange(len(keys.tree_N), device=tree_M.device) >= last_M[:, None]
    anything_N = torch.ones_like(keys.indexable_N)
    scores_MN = patch_scores(q_ME[None], keys.keys_NE[None], head.no_more_key, anything_N[None])[0].float()
    scores_MN = scores_MN.masked_fill(~F.pad(allowed_MN, (0, extra), value=True), MASKED_PATCH)
    return F.cross_entropy(scores_MN, target_M, reduction="none"), _likeliest(scores_MN)


def subpatch_loss(
    core: MolmoPointModel, x_MD: Tensor, target_M: Tensor, row_M: Tensor, views: Views
) -> Outcome:
    """Cross-entropy over the slots of the window `row_M` that was just fed."""
    head = core.point_predictor
    keys_MKE = head.subpatch_k(views.windows_NKC[row_M])
    scores_MK = head.scores_of_subpatches(x_MD, keys_MKE, views.valid_NK[row_M]).float()
    return F.cross_entropy(scores_MK, target_M, reduction="none"), _likeliest(scores_MK)


def location_loss(core: MolmoPointModel, x_MD: Tensor, target_M: Tensor) -> Outcome:
    """Cross-entropy over the places inside a ViT patch."""
    scores_ML = core.point_predictor.scores_of_locations(x_MD).float()
    return F.cross_entropy(scores_ML, target_M, reduction="none"), _likeliest(scores_ML)


def _likeliest(scores: Tensor) -> Tensor:
    return scores.detach().argmax(-1)
