"""The four choices of an answer as cross-entropies, for any layout of batches.

A layout decides which states there are and how their losses are weighed; `score_choices` does the rest.

Shape letters: N windows (image tokens) of all images of a batch, K slots of a window, C width of gathered ViT
features, D text width, E width of grounding keys, M chosen positions, V words.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from model.train.config.mixture import Z_LOSS
from model.train.data.branch_targets import CHOICES, IGNORE, Answers
from molmo_act.models.molmo_point.core import ImageFeatures, MolmoPointModel
from molmo_act.models.molmo_point.grounding_head import MASKED_PATCH, patch_scores
from molmo_act.models.molmo_point.modeling_molmo_point import MolmoPointForConditionalGeneration
from molmo_act.models.molmo_point.tiling import normalize

Outcome = tuple[Tensor, Tensor]
"""Losses (M,), and the choices of the highest score (M,)."""


@dataclass(frozen=True)
class Choices:
    """One kind of choice in a batch.

    Attributes:
        where: bool, the positions that choose; the shape of the batch's positions.
        target_M: The right choices.
        loss_M: Their cross-entropies.
        likeliest_M: The choices of the highest score.
    """

    where: Tensor
    target_M: Tensor
    loss_M: Tensor
    likeliest_M: Tensor


@dataclass(frozen=True)
class PatchKeys:
    """What patches are chosen by.

    Attributes:
        keys_NE: Rotated keys.
        position_N: Their positions among the indexable windows of their image.
        indexable_N: bool, which windows may be pointed at.
        tree_N: Number of the image that each window belongs to, counted from 0.
    """

    keys_NE: Tensor
    position_N: Tensor
    indexable_N: Tensor
    tree_N: Tensor


def encode_images(core: MolmoPointModel, patches: Tensor, pooling_NK: Tensor) -> ImageFeatures:
    """Runs the vision tower and the connector on the images of a batch.

    Args:
        core: The model.
        patches: uint8 (crops, patches, pixels of a patch).
        pooling_NK: Patch ids over all crops, -1 for empty slots.

    Returns:
        Features of all windows, and the gathered ViT features they are made of.
    """
    return core.encode_images(normalize(patches), pooling_NK)


def feed_answers(
    core: MolmoPointModel, embeds: Tensor, patch: Tensor, subpatch: Tensor, views: ImageFeatures
) -> Tensor:
    """Adds features of chosen patches to the words they are fed with; chosen slots become ViT patches.

    Args:
        core: The model.
        embeds: (…, D) embeddings of words.
        patch: (…) row of the window that is fed, or that the fed slot is in; else -1.
        subpatch: (…) slot that is fed, else -1.
        views: Features of all images of the batch.

    Returns:
        (…, D) inputs of the language model.
    """
    is_slot = subpatch >= 0
    is_patch = (patch >= 0) & ~is_slot
    features = views.features_ND[patch[is_patch]].to(embeds.dtype)
    embeds = embeds.index_put(torch.nonzero(is_patch, as_tuple=True), features, accumulate=True)
    slots = core.build_vit_embedding(views.windows_NKC[patch[is_slot], subpatch[is_slot]]).to(embeds.dtype)
    return embeds.index_put(torch.nonzero(is_slot, as_tuple=True), slots)


def score_choices(
    model: MolmoPointForConditionalGeneration,
    x: Tensor,
    answers: Answers,
    keys: PatchKeys,
    views: ImageFeatures,
    z_loss: float = Z_LOSS,
) -> dict[str, Choices]:
    """Scores all choices of the answers of a batch, which were fed (teacher forcing).

    The true patch is fed and its embedding gets the features of the chosen image token (MolmoPoint paper,
    section "Training").

    Args:
        model: The model.
        x: (…, D) states of the language model.
        answers: (…) what is fed and asked at each position.
        keys: Keys of all image tokens of the batch.
        views: Features of all images of the batch.
        z_loss: See `word_loss`.

    Returns:
        Choices by the names of `CHOICES`, in their order.
    """
    core = model.model

    def word(where: Tensor, target_M: Tensor) -> Outcome:
        return word_loss(model, x[where], target_M, z_loss)

    def patch(where: Tensor, target_M: Tensor) -> Outcome:
        return patch_loss(core, x[where], target_M, answers.last_patch[where], answers.tree[where], keys)

    def subpatch(where: Tensor, target_M: Tensor) -> Outcome:
        return subpatch_loss(core, x[where], target_M, answers.patch[where], views)

    def location(where: Tensor, target_M: Tensor) -> Outcome:
        return location_loss(core, x[where], target_M)

    found = {}
    for kind, outcome in zip(CHOICES, (word, patch, subpatch, location), strict=True):
        targets = answers.targets[kind]
        where = targets != IGNORE
        found[kind] = Choices(where, targets[where], *outcome(where, targets[where]))
    return found


def word_loss(
    model: MolmoPointForConditionalGeneration, x_MD: Tensor, target_M: Tensor, z_loss: float = Z_LOSS
) -> Outcome:
    """Cross-entropy of words, with z-loss.

    Args:
        model: The model.
        x_MD: States.
        target_M: Ids of the right words.
        z_loss: Weight of the squared logarithm of the softmax's denominator.

    Returns:
        Losses (M,), and the choices of the highest score (M,).
    """
    return loss_of_words(model.lm_head(model.model.final_norm(x_MD)), target_M, z_loss)


def loss_of_words(logits_MV: Tensor, target_M: Tensor, z_loss: float) -> Outcome:
    """Cross-entropy of words by their logits, with z-loss.

    Args:
        logits_MV: Logits.
        target_M: Ids of the right words.
        z_loss: Weight of the squared logarithm of the softmax's denominator.

    Returns:
        Losses (M,), and the choices of the highest score (M,).
    """
    logits_MV = logits_MV.float()
    loss_M = F.cross_entropy(logits_MV, target_M, reduction="none")
    return loss_M + z_loss * logits_MV.logsumexp(-1).square(), _likeliest(logits_MV)


def patch_loss(
    core: MolmoPointModel, x_MD: Tensor, target_M: Tensor, last_M: Tensor, tree_M: Tensor, keys: PatchKeys
) -> Outcome:
    """Cross-entropy over the windows of a position's own image and "no more points".

    Windows before the last chosen one are masked if the model points in ascending order ("always" of
    `mask_patches`).

    Args:
        core: The model.
        x_MD: States.
        target_M: Row of the right window, N for "no more points".
        last_M: Row of the last window chosen before, -1 when there is none.
        tree_M: Image of each position.
        keys: Keys of all images.

    Returns:
        Losses (M,), and the choices of the highest score (M,).
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
    core: MolmoPointModel, x_MD: Tensor, target_M: Tensor, row_M: Tensor, views: ImageFeatures
) -> Outcome:
    """Cross-entropy over the slots of the window that was just fed.

    Args:
        core: The model.
        x_MD: States.
        target_M: The right slots.
        row_M: Rows of the windows.
        views: Features of all images.

    Returns:
        Losses (M,), and the choices of the highest score (M,).
    """
    head = core.point_predictor
    keys_MKE = head.subpatch_k(views.windows_NKC[row_M])
    scores_MK = head.scores_of_subpatches(x_MD, keys_MKE, views.valid_NK[row_M]).float()
    return F.cross_entropy(scores_MK, target_M, reduction="none"), _likeliest(scores_MK)


def location_loss(core: MolmoPointModel, x_MD: Tensor, target_M: Tensor) -> Outcome:
    """Cross-entropy over the locations inside a ViT patch.

    Args:
        core: The model.
        x_MD: States.
        target_M: The right locations.

    Returns:
        Losses (M,), and the choices of the highest score (M,).
    """
    scores_ML = core.point_predictor.scores_of_locations(x_MD).float()
    return F.cross_entropy(scores_ML, target_M, reduction="none"), _likeliest(scores_ML)


def _likeliest(scores: Tensor) -> Tensor:
    return scores.detach().argmax(-1)
