"""Plans one decode step: what it feeds, and the branch along which it is read.

Shape letters: B rows still decoding, W fed tokens, N tokens along a branch, D text width.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from molmo_act.generation.decode_state import DecodeState
from molmo_act.generation.draft_tree import PointTree
from molmo_act.generation.limits import MAX_DRAFTED_WORDS, NONE
from molmo_act.models.molmo_point.core import MolmoPointModel
from molmo_act.models.molmo_point.grounding_state import GroundingState

MAX_WIDTH = 64  # nodes of any step: those of a point among 3 × 3 slots are 28


@dataclass(frozen=True)
class StepPlan:
    """One step of all rows: a whole point where a patch is pending, else words with their draft.

    Attributes:
        first_extended_id: First id behind the words.
        words_BW: The pending id and the draft behind it, -1 where there is none.
        is_point_B: bool, rows with a patch pending.
        patch_B: That patch; 0 elsewhere.
        number_B: Drafted id of the number of the point.
        tree: The tree of tokens of a point.
        has_points: Whether rows with a patch pending may exist.
        has_words: Whether other rows may exist.
    """

    first_extended_id: int
    words_BW: Tensor
    is_point_B: Tensor
    patch_B: Tensor
    number_B: Tensor
    tree: PointTree
    has_points: bool
    has_words: bool

    @classmethod
    def make(
        cls,
        rows: DecodeState,
        state: GroundingState,
        numbers: Tensor,
        closing: Tensor,
        *,
        static_shapes: bool,
    ) -> StepPlan:
        """Plans what the rows feed next.

        Args:
            rows: The answers so far.
            state: Grounding state of their prompts.
            numbers: Ids of the numbers of points, from 0.
            closing: Ids that end the list of points.
            static_shapes: Whether every step is as wide as any, so that nothing need be read back from the
                device.

        Returns:
            The plan.
        """
        ids = state.ids
        offset_B = rows.pending_id_B - ids.start
        is_point_B = (offset_B >= 0) & (offset_B < ids.num_patches_B)
        drafted_BW = rows.drafted_words(closing, MAX_DRAFTED_WORDS)
        words_BW = torch.cat((rows.pending_id_B[:, None], drafted_BW), dim=1)
        has_points = has_words = True
        used = words_BW.shape[1]
        if not static_shapes:
            has_points, has_words = bool(is_point_B.any()), bool((~is_point_B).any())
            used = int((words_BW[~is_point_B] >= 0).any(0).sum()) if has_words else 1
        return cls(
            first_extended_id=ids.start,
            words_BW=words_BW[:, :used],
            is_point_B=is_point_B,
            patch_B=torch.where(is_point_B, offset_B, 0),
            number_B=numbers[(rows.num_points_B + 1).clamp_max(len(numbers) - 1)],
            tree=PointTree(ids.num_subpatches, ids.num_locations > 0, words_BW.device),
            has_points=has_points,
            has_words=has_words,
        )

    @property
    def width(self) -> int:
        """W: nodes of the widest kind of row."""
        words = self.words_BW.shape[1] if self.has_words else 0
        return max(self.tree.width if self.has_points else 0, words)

    @property
    def length(self) -> int:
        """N: nodes along the longest branch."""
        words = self.words_BW.shape[1] if self.has_words else 0
        return max(self.tree.levels + 1 if self.has_points else 0, words)

    @property
    def first_choice(self) -> int:
        """First node of the branches where words and patches compete: in a point, behind its last part."""
        return 0 if self.has_words else self.tree.levels - 1

    def inputs(self, core: MolmoPointModel, state: GroundingState) -> tuple[Tensor, Tensor, Tensor]:
        """Prepares the inputs of the language model.

        Args:
            core: The model without its LM head.
            state: Grounding state of the prompts.

        Returns:
            Embeddings (B, W, D); depth of every node (B, W); and bool (B, W, W), which node attends to which.
        """
        config, batch, width = core.config, len(self.words_BW), self.width
        words = F.pad(self.words_BW[:, :width], (0, max(0, width - self.words_BW.shape[1])), value=0)
        # Of the extended ids only "no more points" is fed among words, as the patch word.
        words = torch.where(words >= self.first_extended_id, config.patch_token_id, words.clamp_min(0))
        embeds = core.language_model.embed_tokens(words)
        depth = torch.arange(width, device=words.device).expand(batch, -1)
        attends = torch.ones(width, width, dtype=torch.bool, device=words.device).tril().expand(batch, -1, -1)
        if self.has_points:
            pad, point = width - self.tree.width, self.is_point_B[:, None]
            nodes = F.pad(self.tree.embed(core, self.patch_B, self.number_B, state), (0, 0, 0, pad))
            embeds = torch.where(point[..., None], nodes, embeds)
            depth = torch.where(point, F.pad(self.tree.depth_W, (0, pad)), depth)
            own = torch.eye(width, dtype=torch.bool, device=words.device)
            tree_WW = F.pad(self.tree.attends_WW, (0, pad, 0, pad)) | own
            attends = torch.where(point[..., None], tree_WW, attends)
        return embeds, depth, attends

    def branch(self, slot_B: Tensor) -> Tensor:
        """Selects the nodes that are read.

        Args:
            slot_B: Slot through which the branch of a point goes; meaningless in other rows.

        Returns:
            (B, N) nodes: of a point by way of its slot, else all words in order.
        """
        nodes = torch.arange(self.length, device=slot_B.device).expand(len(slot_B), -1)
        if not self.has_points:
            return nodes
        return torch.where(self.is_point_B[:, None], self._padded(self.tree.branch(slot_B), 0), nodes)

    def fed_ids(self, slot_B: Tensor, location_B: Tensor, state: GroundingState) -> Tensor:
        """Tells the ids along the branch.

        Args:
            slot_B: Slots of the points, -1 for none; meaningless in other rows.
            location_B: Locations of the points; meaningless in other rows.
            state: Grounding state of the prompts.

        Returns:
            (B, N) ids, -1 behind the end of a branch and for a slot that is -1.
        """
        words_BN = self._padded(self.words_BW[:, : self.length], NONE)
        if not self.has_points:
            return words_BN
        ids = state.ids
        parts = [self.patch_B, ids.subpatch_start_B + slot_B]
        if self.tree.has_locations:
            parts.append(ids.location_start_B + location_B)
        point_BN = torch.stack([*(ids.start + part for part in parts), self.number_B], dim=1)
        point_BN[:, 1] = torch.where(slot_B >= 0, point_BN[:, 1], NONE)
        return torch.where(self.is_point_B[:, None], self._padded(point_BN, NONE), words_BN)

    def _padded(self, values: Tensor, fill: int) -> Tensor:
        return F.pad(values, (0, self.length - values.shape[1]), value=fill)
