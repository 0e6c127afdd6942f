"""Lays message trees out as tensors: images in one batch, branches in rows that go on from their image.

The images of a batch lie side by side, one row a tree. Their branches are packed, several to a row, into rows
of equal length that go on from the cache of their image: no branch pays for its siblings. Quickest on a CPU;
`packed_sequence` is the layout for images of different sizes and for GPUs.

Shape letters: B trees, I length of an image's tokens and P image tokens among them (the same for all trees of
a batch), K slots of a pooling window, N = B · P, R rows of packed branches, L their length.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Self

import numpy as np
import torch
from torch import Tensor

from model.data.encoding.message_tree import MessageTree
from model.train.data.branch_targets import CHOICES, IGNORE, Answers, BranchTargets, branch_targets
from molmo_act.models.molmo_point.configuration_molmo_point import MolmoPointConfig

PADDING = -1
FILLS = {"words": 0, "position": 0, "patch": -1, "subpatch": -1, "last_patch": -1}
"""Values of padding positions; `IGNORE` in the targets."""


@dataclass(frozen=True)
class TensorBatch:
    """A batch whose fields are all tensors.

    Attributes:
        patches: uint8 (crops, patches, pixels of a patch).
    """

    patches: Tensor

    @property
    def examples(self) -> int:
        """Number of images or videos that it shows."""
        raise NotImplementedError

    @property
    def tokens(self) -> int:
        """Number of positions that the language model reads, without padding."""
        raise NotImplementedError

    @property
    def weight(self) -> Tensor:
        """Its weight among the batches of a step, a scalar."""
        return torch.ones(())

    def to(self, device: torch.device | str) -> Self:
        """Copies the batch to a device.

        Args:
            device: The device.

        Returns:
            The same batch there.
        """
        return type(self)(*(getattr(self, f.name).to(device, non_blocking=True) for f in fields(self)))


@dataclass(frozen=True)
class TreeBatch(TensorBatch):
    """Trees as tensors. Targets at a position say what should come next.

    Attributes:
        pooling_NK: int64, patch ids over all crops of the batch, -1 for empty slots.
        image_BI: Ids of the images' tokens.
        tree_R: Tree that each row belongs to.
        branch_RL: Number of the branch inside its tree, -1 for padding.
        words_RL, patch_RL, subpatch_RL, position_RL, last_patch_RL, word_target_RL, patch_target_RL,
            subpatch_target_RL, location_target_RL: See `BranchTargets`.
    """

    pooling_NK: Tensor
    image_BI: Tensor
    tree_R: Tensor
    branch_RL: Tensor
    words_RL: Tensor
    patch_RL: Tensor
    subpatch_RL: Tensor
    position_RL: Tensor
    last_patch_RL: Tensor
    word_target_RL: Tensor
    patch_target_RL: Tensor
    subpatch_target_RL: Tensor
    location_target_RL: Tensor

    @property
    def examples(self) -> int:
        """Number of trees."""
        return len(self.image_BI)

    @property
    def tokens(self) -> int:
        """Number of tokens of images and of branches."""
        return self.image_BI.numel() + int((self.branch_RL != PADDING).sum())

    @property
    def answers(self) -> Answers:
        """What is fed and asked, (R, L)."""
        return Answers(
            tree=self.tree_R[:, None].expand_as(self.words_RL),
            patch=self.patch_RL,
            subpatch=self.subpatch_RL,
            last_patch=self.last_patch_RL,
            targets={kind: getattr(self, f"{kind}_target_RL") for kind in CHOICES},
        )

    def image_mask(self) -> Tensor:
        """Makes the attention mask of the images' tokens.

        Returns:
            bool (1, 1, I, I): image tokens attend to one another in both directions, the start token only to
            itself.
        """
        length = self.image_BI.shape[1]
        mask = torch.ones(length, length, dtype=torch.bool, device=self.image_BI.device)
        mask[0, 1:] = False
        return mask[None, None]

    def branch_mask(self) -> Tensor:
        """Makes the attention mask of branches.

        Returns:
            bool (R, 1, L, I + L): all of the image, and what came before in the same branch.
        """
        branch, length = self.branch_RL, self.branch_RL.shape[1]
        causal = torch.ones(length, length, dtype=torch.bool, device=branch.device).tril()
        own = (branch[:, :, None] == branch[:, None]) & causal
        image = own.new_ones(*branch.shape, self.image_BI.shape[1])
        return torch.cat((image, own), dim=-1)[:, None]


Numbered = tuple[int, BranchTargets]


def _packed(branches: list[BranchTargets], length: int) -> list[list[Numbered]]:
    """Branches dealt to rows of at most `length` positions: longest first, each where it first fits."""
    rows: list[list[Numbered]] = []
    room: list[int] = []
    for number, targets in sorted(enumerate(branches), key=lambda numbered: -len(numbered[1].words)):
        size = len(targets.words)
        fits = next((i for i, left in enumerate(room) if left >= size), None)
        if fits is None:
            rows.append([])
            room.append(length)
            fits = -1
        rows[fits].append((number, targets))
        room[fits] -= size
    return rows


def joined_pooling(trees: Sequence[MessageTree]) -> np.ndarray:
    """Joins the pooling windows of trees.

    Returns:
        int64 (N, K): patch ids over all crops of the trees, -1 for empty slots; K is the largest window's,
        since videos have larger ones than images.
    """
    slots = max(tree.token_pooling.shape[1] for tree in trees)
    firsts = np.cumsum([0, *(tree.patches.shape[0] * tree.patches.shape[1] for tree in trees)])
    windows = []
    for tree, first in zip(trees, firsts, strict=False):
        ids = np.where(tree.token_pooling >= 0, tree.token_pooling + first, -1)
        windows.append(np.pad(ids, ((0, 0), (0, slots - ids.shape[1])), constant_values=-1))
    return np.concatenate(windows)


def collate(trees: Sequence[MessageTree], config: MolmoPointConfig, row_length: int = 96) -> TreeBatch:
    """Makes one batch of trees that all have the same number of crops and image tokens.

    Args:
        trees: Encoded images.
        config: Says which ids are grounding words.
        row_length: Length L of the rows that branches are packed into; a longer branch makes longer rows.
    """
    windows = len(trees[0].token_pooling)
    branches = [
        [branch_targets(branch, tree, config, i * windows, len(trees) * windows) for branch in tree.branches]
        for i, tree in enumerate(trees)
    ]
    length = max(row_length, *(len(targets.words) for each in branches for targets in each))
    rows: list[list[Numbered]] = []
    owners: list[int] = []
    for owner, each in enumerate(branches):
        packed = _packed(each, length)
        rows += packed
        owners += [owner] * len(packed)

    def table(values: list[list[np.ndarray]], fill: int) -> Tensor:
        filled = np.full((len(rows), length), fill)
        for row, parts in zip(filled, values, strict=True):
            joined = np.concatenate(parts)
            row[: len(joined)] = joined
        return torch.from_numpy(filled)

    return TreeBatch(
        patches=torch.from_numpy(np.concatenate([tree.patches for tree in trees])),
        pooling_NK=torch.from_numpy(joined_pooling(trees)),
        image_BI=torch.from_numpy(np.stack([tree.prefix for tree in trees])),
        tree_R=torch.tensor(owners),
        branch_RL=table([[np.full(len(targets.words), n) for n, targets in row] for row in rows], PADDING),
        **{
            f"{f.name}_RL": table(
                [[getattr(targets, f.name) for _, targets in row] for row in rows], FILLS.get(f.name, IGNORE)
            )
            for f in fields(BranchTargets)
        },
    )
