"""Losses of rows that go on from their image's cache: means over all choices of the true answers.

Shape letters: see `model.train.data.tree_batch` and `model.train.losses.grounding`.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from transformers import DynamicCache

from model.train.data.tree_batch import TreeBatch
from model.train.losses.grounding import Choices, PatchKeys, encode_images, feed_answers, score_choices
from molmo_act.models.molmo_point.core import ImageFeatures, MolmoPointModel
from molmo_act.models.molmo_point.modeling_molmo_point import MolmoPointForConditionalGeneration


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
        """The scalar that is minimized."""
        return self.word + self.patch + self.subpatch + self.location


def tree_losses(
    model: MolmoPointForConditionalGeneration, batch: TreeBatch, views: ImageFeatures | None = None
) -> TreeLosses:
    """Runs the model on one batch with the true answers fed.

    Points come in ascending order and patches before the last one are masked; every list ends with "no more
    points".

    Args:
        model: The model that is trained.
        batch: Trees.
        views: Features of the batch's images; None to compute them.
    """
    core, answers = model.model, batch.answers
    views = encode_images(core, batch.patches, batch.pooling_NK) if views is None else views
    keys, cache = _read_images(core, batch, views)
    cache.batch_select_indices(batch.tree_R)
    embeds_RLD = core.language_model.embed_tokens(batch.words_RL)
    x_RLD = core.language_model(
        inputs_embeds=feed_answers(core, embeds_RLD, answers.patch, answers.subpatch, views),
        attention_mask=batch.branch_mask(),
        position_ids=batch.position_RL,
        past_key_values=cache,
    ).last_hidden_state
    choices = score_choices(model, x_RLD, answers, keys, views)
    patch = choices["patch"]
    hit_M, nothing_M = patch.likeliest_M == patch.target_M, patch.target_M == len(keys.tree_N)
    first_M = answers.last_patch[patch.where] < 0
    word = choices["word"]
    return TreeLosses(
        **{kind: _mean(each) for kind, each in choices.items()},
        word_hits=(word.likeliest_M == word.target_M).float().mean(),
        point_hits=hit_M[~nothing_M].float().mean(),
        absent_hits=hit_M[nothing_M & first_M].float().mean(),
    )


def _read_images(
    core: MolmoPointModel, batch: TreeBatch, views: ImageFeatures
) -> tuple[PatchKeys, DynamicCache]:
    ids_BI = batch.image_BI
    outputs = core.language_model(
        inputs_embeds=core.embed_prompt(ids_BI, views.features_ND),
        attention_mask=batch.image_mask().expand(len(ids_BI), -1, -1, -1),
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


def _mean(choices: Choices) -> Tensor:
    loss_M = choices.loss_M
    return loss_M.mean() if loss_M.numel() else loss_M.sum()
