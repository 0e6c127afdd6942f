"""The objective over packed sequences: teacher forcing, four losses, weighed token by token.

Shape letters: see `model.train.packed` and `model.train.grounding_losses`; M chosen positions.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.attention.flex_attention import BlockMask

from model.train.grounding_losses import (
    Z_LOSS,
    Outcome,
    PatchKeys,
    feed,
    location_loss,
    patch_loss,
    see,
    subpatch_loss,
    word_loss,
)
from model.train.lines import IGNORE
from model.train.objective import Losses, Objective
from model.train.packed import PackedSequence
from molmo_act.modeling.molmo_point import MolmoPointForConditionalGeneration

KINDS = ("word", "patch", "subpatch", "location")
FLEX = "flex_attention"


@dataclass(frozen=True)
class Choices:
    """One kind of choice in a sequence.

    Attributes:
        where_S: bool, the positions that choose.
        target_M: What is right there.
        loss_M: What each costs.
        likeliest_M: What the model would choose.
    """

    where_S: Tensor
    target_M: Tensor
    loss_M: Tensor
    likeliest_M: Tensor


class PackedObjective(Objective):
    """Losses of packed sequences; a choice is one token, whichever of its losses it has.

    Args:
        model: What is trained. Sequences run with a dense mask, or with a block mask if its language model
            uses flex attention.
        z_loss: See `word_loss`.
    """

    measures = tuple(f"{what}/{kind}" for kind in KINDS for what in ("loss", "hits"))

    def __init__(self, model: MolmoPointForConditionalGeneration, z_loss: float = Z_LOSS) -> None:
        super().__init__(model)
        self.z_loss = z_loss

    def forward(self, batch: PackedSequence) -> Losses:
        """What the sequence costs; the loss of a patch, slot or location is added to that of its token."""
        choices = self.choices(batch).values()
        weighted = torch.stack([(each.loss_M * batch.weight_S[each.where_S]).sum() for each in choices]).sum()
        sums = [
            torch.stack((total, each.where_S.sum())).float()
            for each in choices
            for total in (each.loss_M.detach().sum(), (each.likeliest_M == each.target_M).sum())
        ]
        return Losses(weighted, torch.stack(sums))

    def choices(self, batch: PackedSequence) -> dict[str, Choices]:
        """Forward pass with the true answers fed; gives the choices of each of `KINDS`.

        The true patch is fed and its embedding gets the features of the chosen image token (MolmoPoint paper,
        section "Training").
        """
        model, core = self.model, self.model.model
        views = see(core, batch.patches, batch.pooling_NK)
        embeds_1SD = core.embed_prompt(batch.words_S[None], views.features_ND)
        x_SD = core.language_model(
            inputs_embeds=feed(core, embeds_1SD, batch.patch_S[None], batch.subpatch_S[None], views),
            attention_mask=self._mask(batch),
            position_ids=batch.position_S[None],
            use_cache=False,
        ).last_hidden_state[0]
        is_image_S = core.image_tokens(batch.words_S)
        keys_NE = core.point_predictor.patch_keys(x_SD[is_image_S], batch.position_N)
        keys = PatchKeys(keys_NE, batch.position_N, batch.indexable_N, batch.tree_N)

        def word(where_S: Tensor, target_M: Tensor) -> Outcome:
            return word_loss(model, x_SD[where_S], target_M, self.z_loss)

        def patch(where_S: Tensor, target_M: Tensor) -> Outcome:
            last_M, tree_M = batch.last_patch_S[where_S], batch.tree_S[where_S]
            return patch_loss(core, x_SD[where_S], target_M, last_M, tree_M, keys)

        def subpatch(where_S: Tensor, target_M: Tensor) -> Outcome:
            return subpatch_loss(core, x_SD[where_S], target_M, batch.patch_S[where_S], views)

        def location(where_S: Tensor, target_M: Tensor) -> Outcome:
            return location_loss(core, x_SD[where_S], target_M)

        found = {}
        for kind, outcome in zip(KINDS, (word, patch, subpatch, location), strict=True):
            targets_S = getattr(batch, f"{kind}_target_S")
            where_S = targets_S != IGNORE
            found[kind] = Choices(where_S, targets_S[where_S], *outcome(where_S, targets_S[where_S]))
        return found

    def _mask(self, batch: PackedSequence) -> Tensor | BlockMask:
        flex = self.model.config.text_config._attn_implementation == FLEX
        return batch.block_mask() if flex else batch.dense_mask()
