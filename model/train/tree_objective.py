"""The objective over rows that go on from their picture's cache: teacher forcing, four mean losses.

Shape letters: see `model.train.batch` and `model.train.grounding_losses`.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from transformers import DynamicCache

from model.train.batch import TreeBatch
from model.train.grounding_losses import (
    PatchKeys,
    feed,
    location_loss,
    patch_loss,
    see,
    subpatch_loss,
    word_loss,
)
from model.train.lines import IGNORE
from molmo_act.modeling.core import MolmoPointModel, Views
from molmo_act.modeling.molmo_point import MolmoPointForConditionalGeneration


@dataclass(frozen=True)
class TreeLosses:
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


def tree_losses(
    model: MolmoPointForConditionalGeneration, batch: TreeBatch, views: Views | None = None
) -> TreeLosses:
    """Forward pass of one batch with the true answers fed.

    The true patch is fed and its embedding gets the features of the chosen image token; points come in
    ascending order and patches before the last one are masked; every list ends with "no more points"
    (MolmoPoint paper, section "Training").

    Args:
        model: What learns.
        batch: Trees.
        views: How the pictures are seen, where that is known already.
    """
    core = model.model
    views = see(core, batch.patches, batch.pooling_NK) if views is None else views
    keys, cache = _read_pictures(core, batch, views)
    cache.batch_select_indices(batch.tree_R)
    embeds_RLD = core.language_model.embed_tokens(batch.words_RL)
    x_RLD = core.language_model(
        inputs_embeds=feed(core, embeds_RLD, batch.patch_RL, batch.subpatch_RL, views),
        attention_mask=batch.branch_mask(),
        position_ids=batch.position_RL,
        past_key_values=cache,
    ).last_hidden_state

    words, patches, slots, places = (
        targets != IGNORE
        for targets in (
            batch.word_target_RL,
            batch.patch_target_RL,
            batch.subpatch_target_RL,
            batch.location_target_RL,
        )
    )
    word, chosen_words = word_loss(model, x_RLD[words], batch.word_target_RL[words])
    target_M, last_M = batch.patch_target_RL[patches], batch.last_patch_RL[patches]
    tree_M = batch.tree_R[:, None].expand_as(patches)[patches]
    patch, chosen_patches = patch_loss(core, x_RLD[patches], target_M, last_M, tree_M, keys)
    hit_M = chosen_patches == target_M
    nothing = target_M == len(keys.tree_N)
    subpatch, _ = subpatch_loss(
        core, x_RLD[slots], batch.subpatch_target_RL[slots], batch.patch_RL[slots], views
    )
    location, _ = location_loss(core, x_RLD[places], batch.location_target_RL[places])
    return TreeLosses(
        word=_mean(word),
        patch=_mean(patch),
        subpatch=_mean(subpatch),
        location=_mean(location),
        word_hits=(chosen_words == batch.word_target_RL[words]).float().mean(),
        point_hits=hit_M[~nothing].float().mean(),
        absent_hits=hit_M[nothing & (last_M < 0)].float().mean(),
    )


def _read_pictures(core: MolmoPointModel, batch: TreeBatch, views: Views) -> tuple[PatchKeys, DynamicCache]:
    ids_BI = batch.picture_BI
    outputs = core.language_model(
        inputs_embeds=core.embed_prompt(ids_BI, views.features_ND),
        attention_mask=batch.picture_mask().expand(len(ids_BI), -1, -1, -1),
        use_cache=True,
    )
    is_image_BI = core.image_tokens(ids_BI)
    indexable_BI = ids_BI == core.config.image_patch_id
    position_N = (indexable_BI.cumsum(-1) - 1)[is_image_BI]
    keys = PatchKeys(
        keys_NE=core.point_predictor.patch_keys(outputs.last_hidden_state[is_image_BI], position_N),
        position_N=position_N,
        indexable_N=indexable_BI[is_image_BI],
        tree_N=torch.nonzero(is_image_BI)[:, 0],
    )
    return keys, outputs.past_key_values


def _mean(loss: Tensor) -> Tensor:
    return loss.mean() if loss.numel() else loss.sum()
