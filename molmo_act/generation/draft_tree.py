"""The tree of drafted tokens that is fed for one point.

Once a patch is chosen, all that can follow is known up to a choice among few: its K subpatches, for each a
location (all locations are fed as the same embedding), and the number, which is drafted. All of it goes
through the language model at once, each branch attending to its own ancestors only, and the point is read off
along one branch afterwards: one forward pass for a point instead of four, with the same result.

Shape letters: B batch, K slots, W nodes of the tree, N nodes along a branch, D text width.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from molmo_act.formats.point_tree import TreeShape
from molmo_act.models.molmo_point.core import MolmoPointModel
from molmo_act.models.molmo_point.grounding_state import GroundingState


@dataclass(frozen=True)
class PointTree(TreeShape):
    """A tree of this shape, made on the device: a captured step may copy nothing from the host.

    Attributes:
        device: Device of its tensors.
    """

    device: torch.device

    @cached_property
    def depth_W(self) -> Tensor:
        """How far each node is from the patch."""
        levels = torch.arange(1, self.levels + 1, device=self.device).repeat_interleave(self.slots)
        return torch.cat((levels.new_zeros(1), levels))

    @cached_property
    def attends_WW(self) -> Tensor:
        """bool, which node (row) attends to which (column): itself and its ancestors."""
        slot_W = torch.arange(-1, self.width - 1, device=self.device) % self.slots
        same_WW = (slot_W[:, None] == slot_W) | (self.depth_W == 0)
        return same_WW & (self.depth_W[:, None] >= self.depth_W)

    def branch(self, slot_B: Tensor) -> Tensor:
        """Selects the nodes from the patch to the number.

        Args:
            slot_B: The slot through which each branch goes.

        Returns:
            (B, N) nodes.
        """
        below = torch.arange(self.levels, device=self.device) * self.slots + 1 + slot_B[:, None]
        return torch.cat((torch.zeros_like(below[:, :1]), below), dim=1)

    def embed(
        self, core: MolmoPointModel, patch_B: Tensor, number_B: Tensor, state: GroundingState
    ) -> Tensor:
        """Embeds the nodes.

        Args:
            core: The model without its LM head.
            patch_B: The chosen patches.
            number_B: Drafted ids of the number.
            state: Grounding state of the prompts.

        Returns:
            (B, W, D) input embeddings of the language model.
        """
        config, table = core.config, core.language_model.embed_tokens
        patch_BD = table.weight[config.patch_token_id] + state.window(state.image_features_BPD, patch_B).to(
            table.weight.dtype
        )
        slots_BKD = core.build_vit_embedding(state.window(state.vit_features_BPKC, patch_B))
        location_D = table.weight[config.location_token_id]
        parts = [patch_BD[:, None], slots_BKD.to(patch_BD.dtype)]
        if self.has_locations:
            parts.append(location_D.expand_as(slots_BKD))
        parts.append(table(number_B)[:, None].expand_as(slots_BKD))
        return torch.cat(parts, dim=1)
