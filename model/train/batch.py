"""Lays message trees out as tensors: ids, places, masks and targets; knows no weights.

The pictures of a batch lie side by side, one row a tree. Their branches are packed, several to a row, into
rows of equal length that go on from the cache of their picture: no branch pays for its sisters. Quickest on a
CPU; `packed` is the layout for pictures of different sizes and for GPUs.

Shape letters: B trees, I length of a picture's tokens and P image tokens among them (the same for all trees
of a batch), K slots of a pooling window, N = B · P, R rows of packed branches, L their length.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Self

import numpy as np
import torch
from torch import Tensor

from model.data.encode import Tree
from model.train.lines import IGNORE, Line, branch_line
from molmo_act.modeling.configuration import MolmoPointConfig

PADDING = -1
FILLS = {"words": 0, "position": 0, "patch": -1, "subpatch": -1, "last_patch": -1}
"""What padding positions hold; `IGNORE` in the targets."""


@dataclass(frozen=True)
class TensorBatch:
    """A batch whose fields are all tensors.

    Attributes:
        patches: uint8 (crops, patches, pixels of a patch).
    """

    patches: Tensor

    @property
    def examples(self) -> int:
        """How many pictures or films it shows."""
        raise NotImplementedError

    @property
    def tokens(self) -> int:
        """How many positions the language model reads, without padding."""
        raise NotImplementedError

    @property
    def weight(self) -> Tensor:
        """What it counts beside the other batches of a step, a scalar."""
        return torch.ones(())

    def to(self, device: torch.device | str) -> Self:
        """The same batch on another device."""
        return type(self)(*(getattr(self, f.name).to(device, non_blocking=True) for f in fields(self)))


@dataclass(frozen=True)
class TreeBatch(TensorBatch):
    """Trees as tensors. Targets at a position say what should come next.

    Attributes:
        pooling_NK: int64, patch ids over all crops of the batch, -1 for empty slots.
        picture_BI: Ids of the pictures' tokens.
        tree_R: Which tree each row belongs to.
        branch_RL: Number of the branch inside its tree, -1 for padding.
        words_RL and the rest: See `Line`.
    """

    pooling_NK: Tensor
    picture_BI: Tensor
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
        """Trees."""
        return len(self.picture_BI)

    @property
    def tokens(self) -> int:
        """Those of pictures and of branches."""
        return self.picture_BI.numel() + int((self.branch_RL != PADDING).sum())

    def picture_mask(self) -> Tensor:
        """bool (1, 1, I, I): image tokens see one another in both directions, the start token only itself."""
        length = self.picture_BI.shape[1]
        mask = torch.ones(length, length, dtype=torch.bool, device=self.picture_BI.device)
        mask[0, 1:] = False
        return mask[None, None]

    def branch_mask(self) -> Tensor:
        """bool (R, 1, L, I + L): all of the picture, and what came before in the same branch."""
        branch, length = self.branch_RL, self.branch_RL.shape[1]
        causal = torch.ones(length, length, dtype=torch.bool, device=branch.device).tril()
        own = (branch[:, :, None] == branch[:, None]) & causal
        picture = own.new_ones(*branch.shape, self.picture_BI.shape[1])
        return torch.cat((picture, own), dim=-1)[:, None]


Numbered = tuple[int, Line]


def _packed(lines: list[Line], length: int) -> list[list[Numbered]]:
    """Branches dealt to rows of at most `length` positions: longest first, each where it first fits."""
    rows: list[list[Numbered]] = []
    room: list[int] = []
    for number, line in sorted(enumerate(lines), key=lambda numbered: -len(numbered[1].words)):
        size = len(line.words)
        fits = next((i for i, left in enumerate(room) if left >= size), None)
        if fits is None:
            rows.append([])
            room.append(length)
            fits = -1
        rows[fits].append((number, line))
        room[fits] -= size
    return rows


def collate(trees: Sequence[Tree], config: MolmoPointConfig, row_length: int = 96) -> TreeBatch:
    """One batch of trees that all have the same number of crops and image tokens.

    Args:
        trees: Encoded pictures.
        config: Says which ids are grounding words.
        row_length: Length L of the rows that branches are packed into; a longer branch makes longer rows.
    """
    crops, patches = trees[0].patches.shape[:2]
    windows = len(trees[0].token_pooling)
    lines = [
        [branch_line(branch, tree, config, i * windows, len(trees) * windows) for branch in tree.branches]
        for i, tree in enumerate(trees)
    ]
    length = max(row_length, *(len(line.words) for each in lines for line in each))
    rows: list[list[Numbered]] = []
    owners: list[int] = []
    for owner, each in enumerate(lines):
        packed = _packed(each, length)
        rows += packed
        owners += [owner] * len(packed)

    def table(values: list[list[np.ndarray]], fill: int) -> Tensor:
        filled = np.full((len(rows), length), fill)
        for row, parts in zip(filled, values, strict=True):
            joined = np.concatenate(parts)
            row[: len(joined)] = joined
        return torch.from_numpy(filled)

    pooling = [
        np.where(tree.token_pooling >= 0, tree.token_pooling + i * crops * patches, -1)
        for i, tree in enumerate(trees)
    ]
    return TreeBatch(
        patches=torch.from_numpy(np.concatenate([tree.patches for tree in trees])),
        pooling_NK=torch.from_numpy(np.concatenate(pooling)),
        picture_BI=torch.from_numpy(np.stack([tree.prefix for tree in trees])),
        tree_R=torch.tensor(owners),
        branch_RL=table([[np.full(len(line.words), n) for n, line in row] for row in rows], PADDING),
        **{
            f"{f.name}_RL": table(
                [[getattr(line, f.name) for _, line in row] for row in rows], FILLS.get(f.name, IGNORE)
            )
            for f in fields(Line)
        },
    )
