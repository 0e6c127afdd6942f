"""Losses of packed sequences: all choices of the true answers, weighed token by token.

Shape letters: see `model.train.data.packed_sequence` and `model.train.losses.grounding`.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn.attention.flex_attention import BlockMask

from model.train.config.mixture import Z_LOSS
from model.train.data.branch_targets import CHOICES
from model.train.data.packed_sequence import PackedSequence
from model.train.losses.base import Losses, LossModule
from model.train.losses.grounding import Choices, PatchKeys, feed_answers, score_choices
from model.train.losses.temporal import encode_with_frames_before
from model.train.models.init import FLEX
from molmo_act.models.molmo_point.modeling_molmo_point import MolmoPointForConditionalGeneration


class PackedLossModule(LossModule):
    """Losses of packed sequences; a choice is one token, whichever of its losses it has.

    Args:
        model: The model that is trained. Sequences run with a dense mask, or with a block mask if its
            language model uses flex attention.
        z_loss: See `word_loss`.
    """

    metric_names = tuple(f"{what}/{kind}" for kind in CHOICES for what in ("loss", "hits"))

    def __init__(self, model: MolmoPointForConditionalGeneration, z_loss: float = Z_LOSS) -> None:
        super().__init__(model)
        self.z_loss = z_loss

    def forward(self, batch: PackedSequence) -> Losses:
        """Computes the losses; that of a patch, slot or location is added to that of its token.

        Args:
            batch: One sequence.

        Returns:
            Losses, weighed by the tokens' weights.
        """
        return weighted_losses(self.choices(batch), batch.weight_S)

    def choices(self, batch: PackedSequence) -> dict[str, Choices]:
        """Runs the model with the true answers fed.

        Args:
            batch: One sequence.

        Returns:
            The choices, by the names of `CHOICES`.
        """
        core, answers = self.model.model, batch.answers
        views = encode_with_frames_before(core, batch)
        embeds_1SD = core.embed_prompt(batch.words_S[None], views.features_ND)
        x_SD = core.language_model(
            inputs_embeds=feed_answers(core, embeds_1SD, answers.patch[None], answers.subpatch[None], views),
            attention_mask=self._mask(batch),
            position_ids=batch.position_S[None],
            use_cache=False,
        ).last_hidden_state[0]
        is_image_S = core.image_tokens(batch.words_S)
        keys_NE = core.point_predictor.patch_keys(x_SD[is_image_S], batch.position_N)
        keys = PatchKeys(keys_NE, batch.position_N, batch.indexable_N, batch.tree_N)
        return score_choices(self.model, x_SD, answers, keys, views, self.z_loss)

    def _mask(self, batch: PackedSequence) -> Tensor | BlockMask:
        flex = self.model.config.text_config._attn_implementation == FLEX
        return batch.block_mask() if flex else batch.dense_mask()


def weighted_losses(choices: Mapping[str, Choices], weight_S: Tensor) -> Losses:
    """Sums the losses of a sequence, and counts what is right.

    Args:
        choices: All choices, by kind.
        weight_S: Weight of each position.

    Returns:
        Losses, weighed by the positions' weights; their sums have the loss and the hits of each kind.
    """
    kinds = choices.values()
    weighted = torch.stack([(each.loss_M * weight_S[each.where]).sum() for each in kinds]).sum()
    sums = [
        torch.stack((total, each.where.sum())).float()
        for each in kinds
        for total in (each.loss_M.detach().sum(), (each.likeliest_M == each.target_M).sum())
    ]
    return Losses(weighted, torch.stack(sums))
