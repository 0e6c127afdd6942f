"""The objective over packed sequences: teacher forcing, four losses, weighed token by token.

Shape letters: see `model.train.packed` and `model.train.grounding_losses`; M chosen positions.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.attention.flex_attention import BlockMask

from model.train.grounding_losses import (
    Z_LOSS,
    Outcome,
    PatchKeys,
    Windows,
    location_loss,
    patch_loss,
    subpatch_loss,
    word_loss,
)
from model.train.lines import IGNORE
from model.train.packed import PackedSequence
from molmo_act.modeling.molmo_point import MolmoPointForConditionalGeneration

KINDS = ("word", "patch", "subpatch", "location")
FLEX = "flex_attention"


@dataclass(frozen=True)
class SequenceLosses:
    """What one packed sequence costs.

    Attributes:
        weighted: Sum of all losses times the weights of their positions; over the sum of weights of a whole
            batch it is what is minimised: a choice is one token, whichever of its losses it has.
        sums: float (4, 3), for each of `KINDS` the sum of losses, of hits, and the number of choices.
    """

    weighted: Tensor
    sums: Tensor


class PackedObjective(nn.Module):
    """A model with its loss as `forward`, so that sharding wraps both.

    Args:
        model: What is trained. Sequences run with a dense mask, or with a block mask if its language model
            uses flex attention.
        z_loss: See `word_loss`.
    """

    def __init__(self, model: MolmoPointForConditionalGeneration, z_loss: float = Z_LOSS) -> None:
        super().__init__()
        self.model, self.z_loss = model, z_loss

    def forward(self, batch: PackedSequence) -> SequenceLosses:
        """Forward pass of one sequence with the true answers fed.

        The true patch is fed and its embedding gets the features of the chosen image token (MolmoPoint paper,
        section "Training"). The loss of a patch, slot or location is added to that of its token.
        """
        model, core = self.model, self.model.model
        windows = Windows.read(core, batch.patches, batch.pooling_NK)
        embeds_1SD = core.embed_prompt(batch.words_S[None], windows.features_ND)
        x_SD = core.language_model(
            inputs_embeds=windows.feed(core, embeds_1SD, batch.patch_S[None], batch.subpatch_S[None]),
            attention_mask=self._mask(batch),
            position_ids=batch.position_S[None],
            use_cache=False,
        ).last_hidden_state[0]
        is_image_S = core.image_tokens(batch.words_S)
        keys_NE = core.point_predictor.patch_keys(x_SD[is_image_S], batch.position_N)
        keys = PatchKeys(keys_NE, batch.position_N, batch.indexable_N, batch.tree_N)

        words, patches, slots, places = (getattr(batch, f"{kind}_target_S") != IGNORE for kind in KINDS)
        outcomes: tuple[tuple[Tensor, Outcome], ...] = (
            (words, word_loss(model, x_SD[words], batch.word_target_S[words], self.z_loss)),
            (
                patches,
                patch_loss(
                    core,
                    x_SD[patches],
                    batch.patch_target_S[patches],
                    batch.last_patch_S[patches],
                    batch.tree_S[patches],
                    keys,
                ),
            ),
            (
                slots,
                subpatch_loss(
                    core, x_SD[slots], batch.subpatch_target_S[slots], batch.patch_S[slots], windows
                ),
            ),
            (places, location_loss(core, x_SD[places], batch.location_target_S[places])),
        )
        return SequenceLosses(
            weighted=sum((loss * batch.weight_S[where]).sum() for where, (loss, _) in outcomes),  # type: ignore[arg-type]
            sums=torch.stack(
                [
                    torch.stack((loss.detach().sum(), hit.sum(), where.sum())).float()
                    for where, (loss, hit) in outcomes
                ]
            ),
        )

    def _mask(self, batch: PackedSequence) -> Tensor | BlockMask:
        flex = self.model.config.text_config._attn_implementation == FLEX
        return batch.block_mask() if flex else batch.dense_mask()
