"""What one step feeds, and the branch along which it is read; knows ids and trees, no choices.

Shape letters: B rows still decoding, W fed tokens, N tokens along a branch, D text width.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from molmo_act.decoding.rows import NONE, Rows
from molmo_act.decoding.tree import PointTree
from molmo_act.modeling.core import MolmoPointModel
from molmo_act.modeling.grounding_state import GroundingState

LONGEST_DRAFT = 12  # words that are fed on trust at once
WIDEST = 64  # nodes of any step: those of a point among 3 × 3 slots are 28


@dataclass(frozen=True)
class Step:
    """One step of all rows: a whole point where a patch is pending, else words with their draft.

    Attributes:
        start: First id behind the words.
        words_BW: The pending id and the draft behind it, -1 where there is none.
        is_point_B: Rows with a patch pending.
        patch_B: That patch; 0 elsewhere.
        number_B: Drafted number of the point.
        tree: Of a point.
        points, words: Whether there are rows of each kind.
    """

    start: int
    words_BW: Tensor
    is_point_B: Tensor
    patch_B: Tensor
    number_B: Tensor
    tree: PointTree
    points: bool
    words: bool

    @classmethod
    def plan(
        cls, rows: Rows, state: GroundingState, numbers: Tensor, closing: Tensor, *, fixed: bool
    ) -> Step:
        """What the rows feed next.

        Args:
            rows: Where they stand.
            state: Of their prompts.
            numbers: Ids of the numbers of points.
            closing: Ids that end the list of points.
            fixed: Whether every step is as wide as any, so that nothing need be asked of the device.
        """
        ids = state.ids
        offset_B = rows.pending_B - ids.start
        is_point_B = (offset_B >= 0) & (offset_B < ids.num_patches_B)
        words_BW = torch.cat((rows.pending_B[:, None], rows.draft(closing, LONGEST_DRAFT)), dim=1)
        points = words = True
        used = words_BW.shape[1]
        if not fixed:
            points, words = bool(is_point_B.any()), bool((~is_point_B).any())
            used = int((words_BW[~is_point_B] >= 0).any(0).sum()) if words else 1
        return cls(
            start=ids.start,
            words_BW=words_BW[:, :used],
            is_point_B=is_point_B,
            patch_B=torch.where(is_point_B, offset_B, 0),
            number_B=numbers[(rows.points_B + 1).clamp_max(len(numbers) - 1)],
            tree=PointTree(ids.num_subpatches, ids.num_locations > 0, words_BW.device),
            points=points,
            words=words,
        )

    @property
    def width(self) -> int:
        """W: nodes of the widest kind of row."""
        return max(self.tree.width if self.points else 0, self.words_BW.shape[1] if self.words else 0)

    @property
    def length(self) -> int:
        """N: nodes along the longest branch."""
        return max(self.tree.levels + 1 if self.points else 0, self.words_BW.shape[1] if self.words else 0)

    @property
    def first_choice(self) -> int:
        """First place of the branches where words and patches compete: in a point, behind its last part."""
        return 0 if self.words else self.tree.levels - 1

    def feed(self, core: MolmoPointModel, state: GroundingState) -> tuple[Tensor, Tensor, Tensor]:
        """Embeddings (B, W, D), depth of every node (B, W), and which node sees which (B, W, W)."""
        config, batch, width = core.config, len(self.words_BW), self.width
        words = F.pad(self.words_BW[:, :width], (0, max(0, width - self.words_BW.shape[1])), value=0)
        # Of the extended ids only "no more points" is fed among words, as the patch word.
        words = torch.where(words >= self.start, config.patch_token_id, words.clamp_min(0))
        embeds = core.language_model.embed_tokens(words)
        depth = torch.arange(width, device=words.device).expand(batch, -1)
        sees = torch.ones(width, width, dtype=torch.bool, device=words.device).tril().expand(batch, -1, -1)
        if self.points:
            pad, point = width - self.tree.width, self.is_point_B[:, None]
            nodes = F.pad(self.tree.embed(core, self.patch_B, self.number_B, state), (0, 0, 0, pad))
            embeds = torch.where(point[..., None], nodes, embeds)
            depth = torch.where(point, F.pad(self.tree.depth_W, (0, pad)), depth)
            own = torch.eye(width, dtype=torch.bool, device=words.device)
            sees = torch.where(point[..., None], F.pad(self.tree.sees_WW, (0, pad, 0, pad)) | own, sees)
        return embeds, depth, sees

    def branch(self, slot_B: Tensor) -> Tensor:
        """(B, N) nodes that are read: in a point by way of a slot, else all words in order."""
        nodes = torch.arange(self.length, device=slot_B.device).expand(len(slot_B), -1)
        if not self.points:
            return nodes
        return torch.where(self.is_point_B[:, None], self._padded(self.tree.branch(slot_B), 0), nodes)

    def fed(self, slot_B: Tensor, location_B: Tensor, state: GroundingState) -> Tensor:
        """(B, N) ids along the branch, -1 behind its end and for a slot that is -1."""
        words_BN = self._padded(self.words_BW[:, : self.length], NONE)
        if not self.points:
            return words_BN
        ids = state.ids
        parts = [self.patch_B, ids.subpatch_start_B + slot_B]
        if self.tree.locations:
            parts.append(ids.location_start_B + location_B)
        point_BN = torch.stack([*(ids.start + part for part in parts), self.number_B], dim=1)
        point_BN[:, 1] = torch.where(slot_B >= 0, point_BN[:, 1], NONE)
        return torch.where(self.is_point_B[:, None], self._padded(point_BN, NONE), words_BN)

    def _padded(self, values: Tensor, fill: int) -> Tensor:
        return F.pad(values, (0, self.length - values.shape[1]), value=fill)
