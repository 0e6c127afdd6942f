"""Lays message trees out as tensors: ids, places, masks and targets; knows no weights.

The pictures of a batch lie side by side, one row a tree. Their branches are packed, several to a row, into
rows of equal length that go on from the cache of their picture: no branch pays for its sisters.

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
from molmo_act.modeling.configuration import MolmoPointConfig

IGNORE = -100
PADDING = -1


@dataclass(frozen=True)
class TensorBatch:
    """A batch whose fields are all tensors."""

    def to(self, device: torch.device | str) -> Self:
        """The same batch on another device."""
        return type(self)(*(getattr(self, f.name).to(device, non_blocking=True) for f in fields(self)))


@dataclass(frozen=True)
class TreeBatch(TensorBatch):
    """Trees as tensors. Targets at a position say what should come next.

    Attributes:
        patches: uint8 (crops of all trees, patches, pixels of a patch).
        pooling_NK: int64, patch ids over all crops of the batch, -1 for empty slots.
        picture_BI: Ids of the pictures' tokens.
        tree_R: Which tree each row belongs to.
        words_RL: Ids with every grounding id replaced by its word.
        patch_RL: Index of the patch that is fed, or whose window the fed slot is in; else -1.
        subpatch_RL: Slot that is fed, else -1.
        branch_RL: Number of the branch inside its tree, -1 for padding.
        position_RL: Positions; every branch goes on where the picture ended.
        last_patch_RL: Last patch that was fed before this position in the branch, -1 when there is none.
        word_target_RL, patch_target_RL, subpatch_target_RL, location_target_RL: -100 where there is none;
            the patch target P means "no more points".
    """

    patches: Tensor
    pooling_NK: Tensor
    picture_BI: Tensor
    tree_R: Tensor
    words_RL: Tensor
    patch_RL: Tensor
    subpatch_RL: Tensor
    branch_RL: Tensor
    position_RL: Tensor
    last_patch_RL: Tensor
    word_target_RL: Tensor
    patch_target_RL: Tensor
    subpatch_target_RL: Tensor
    location_target_RL: Tensor

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


@dataclass(frozen=True)
class _Line:
    """One branch, or branches end to end: the fields of `TreeBatch` that run along a row."""

    words: np.ndarray
    patch: np.ndarray
    subpatch: np.ndarray
    branch: np.ndarray
    position: np.ndarray
    last_patch: np.ndarray
    word_target: np.ndarray
    patch_target: np.ndarray
    subpatch_target: np.ndarray
    location_target: np.ndarray


def _branch(
    ids: np.ndarray, is_answer: np.ndarray, tree: Tree, config: MolmoPointConfig, number: int
) -> _Line:
    offset = ids - config.extended_vocab_start
    patches, slots = tree.token_pooling.shape
    is_patch = (offset >= 0) & (offset <= patches)  # no more points included
    slot, location = offset - patches - 1, offset - patches - 1 - slots
    is_slot, is_location = (slot >= 0) & (slot < slots), location >= 0
    words = np.select(
        [is_patch, is_location, is_slot],
        [config.patch_token_id, config.location_token_id, config.subpatch_token_id],
        ids,
    )
    is_real_patch = is_patch & (offset < patches)
    at = np.maximum.accumulate(np.where(is_real_patch, np.arange(len(ids)), -1))
    last = np.where(at >= 0, offset[at], -1)  # including the patch fed at this very position

    def target(values: np.ndarray, where: np.ndarray) -> np.ndarray:
        targets = np.where(where & is_answer, values, IGNORE)
        return np.append(targets[1:], IGNORE)

    return _Line(
        words=words,
        patch=np.where(is_real_patch | is_slot, last, -1),
        subpatch=np.where(is_slot, slot, -1),
        branch=np.full(len(ids), number),
        position=len(tree.prefix) + np.arange(len(ids)),
        last_patch=np.append(-1, last[:-1]),
        # After a patch only slots are legal and after a slot only locations: words are not asked for there.
        word_target=target(words, ~is_slot & ~is_location),
        patch_target=target(offset, is_patch),
        subpatch_target=target(slot, is_slot),
        location_target=target(location, is_location),
    )


def _packed(lines: list[_Line], length: int) -> list[list[_Line]]:
    """Branches dealt to rows of at most `length` positions: longest first, each where it first fits."""
    rows: list[list[_Line]] = []
    room: list[int] = []
    for line in sorted(lines, key=lambda line: -len(line.words)):
        size = len(line.words)
        fits = next((i for i, left in enumerate(room) if left >= size), None)
        if fits is None:
            rows.append([])
            room.append(length)
            fits = -1
        rows[fits].append(line)
        room[fits] -= size
    return rows


def collate(trees: Sequence[Tree], config: MolmoPointConfig, row_length: int = 96) -> TreeBatch:
    """One batch of trees that all have the same number of crops and image tokens.

    Args:
        trees: Encoded pictures.
        config: Says which ids are grounding words.
        row_length: Length L of the rows that branches are packed into; a longer branch makes longer rows.
    """
    branches = [
        [_branch(ids, answer, tree, config, i) for i, (ids, answer) in enumerate(tree.branches)]
        for tree in trees
    ]
    longest = max(len(line.words) for lines in branches for line in lines)
    length = max(row_length, longest)
    rows, owners = [], []
    for number, lines in enumerate(branches):
        packed = _packed(lines, length)
        rows += packed
        owners += [number] * len(packed)

    def table(name: str) -> Tensor:
        fill = {"words": 0, "position": 0, "branch": PADDING, "patch": -1, "subpatch": -1, "last_patch": -1}
        filled = np.full((len(rows), length), fill.get(name, IGNORE))
        for row, lines in zip(filled, rows, strict=True):
            values = np.concatenate([getattr(line, name) for line in lines])
            row[: len(values)] = values
        return torch.from_numpy(filled)

    crops, patches = trees[0].patches.shape[:2]
    pooling = [
        np.where(tree.token_pooling >= 0, tree.token_pooling + i * crops * patches, -1)
        for i, tree in enumerate(trees)
    ]
    return TreeBatch(
        patches=torch.from_numpy(np.concatenate([tree.patches for tree in trees])),
        pooling_NK=torch.from_numpy(np.concatenate(pooling)),
        picture_BI=torch.from_numpy(np.stack([tree.prefix for tree in trees])),
        tree_R=torch.tensor(owners),
        **{f"{f.name}_RL": table(f.name) for f in fields(_Line)},
    )
