"""Lays message trees out end to end in one sequence, in which none attends to another.

An image's tokens come first and attend to one another in both directions; every branch attends to its image
and itself, and its positions go on where the image ended. Trees may differ in size.

Shape letters: S length of the sequence, N image tokens of all its images, K slots of a pooling window.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import torch
from torch import Tensor
from torch.nn.attention.flex_attention import BlockMask, create_block_mask

from model.data.encoding.message_tree import Branch, MessageTree
from model.data.encoding.packing import Room
from model.data.encoding.token_weights import token_weight
from model.train.data.branch_targets import CHOICES, IGNORE, Answers, BranchTargets, branch_targets
from model.train.data.frames_before import frames_before
from model.train.data.tree_batch import FILLS, TensorBatch, joined_pooling
from molmo_act.models.molmo_point.configuration_molmo_point import MolmoPointConfig

NO_TREE = -1
ROOT = 0
"""Number of the branch of an image's own tokens; conversations count from 1."""


@dataclass(frozen=True)
class PackedSequence(TensorBatch):
    """One sequence as tensors.

    Attributes:
        pooling_NK: int64, patch ids over all crops, -1 for empty slots.
        indexable_N: bool, which image tokens may be pointed at.
        position_N: Their positions among the indexable ones of their image, for the rotation of keys.
        tree_N: Tree that each image token belongs to.
        tree_S: Tree that each position belongs to, `NO_TREE` for padding.
        branch_S: Number of the branch inside its tree, `ROOT` for the image.
        vision_S: bool, positions that attend to one another in both directions.
        weight_S: float32, weight of the targets of each position; 0 without.
        words_S, patch_S, subpatch_S, position_S, last_patch_S, word_target_S, patch_target_S,
        subpatch_target_S,
            location_target_S: See `BranchTargets`.
        before, before_pooling_MK, before_of_M: Frames before its images, see `FramesBefore`.
    """

    pooling_NK: Tensor
    indexable_N: Tensor
    position_N: Tensor
    tree_N: Tensor
    tree_S: Tensor
    branch_S: Tensor
    vision_S: Tensor
    weight_S: Tensor
    words_S: Tensor
    patch_S: Tensor
    subpatch_S: Tensor
    position_S: Tensor
    last_patch_S: Tensor
    word_target_S: Tensor
    patch_target_S: Tensor
    subpatch_target_S: Tensor
    location_target_S: Tensor
    before: Tensor
    before_pooling_MK: Tensor
    before_of_M: Tensor

    @property
    def examples(self) -> int:
        """Number of trees."""
        return int(self.tree_S.max()) + 1

    @property
    def tokens(self) -> int:
        """Number of positions that are not padding."""
        return int((self.tree_S != NO_TREE).sum())

    @property
    def weight(self) -> Tensor:
        """Sum of the weights of its positions."""
        return self.weight_S.sum()

    @property
    def answers(self) -> Answers:
        """What is fed and asked, (S,)."""
        return Answers(
            tree=self.tree_S,
            patch=self.patch_S,
            subpatch=self.subpatch_S,
            last_patch=self.last_patch_S,
            targets={kind: getattr(self, f"{kind}_target_S") for kind in CHOICES},
        )

    def may_attend(self, query: Tensor, key: Tensor) -> Tensor:
        """Says which positions attend to which.

        Args:
            query: int64, positions that attend.
            key: int64, positions that are attended to, of a shape that broadcasts.

        Returns:
            bool, of the broadcast shape.
        """
        same_tree = self.tree_S[query] == self.tree_S[key]
        in_reach = (self.branch_S[key] == ROOT) | (self.branch_S[key] == self.branch_S[query])
        return same_tree & in_reach & ((key <= query) | (self.vision_S[query] & self.vision_S[key]))

    def dense_mask(self) -> Tensor:
        """Makes the dense attention mask.

        Returns:
            bool (1, 1, S, S), true where a query attends to a key.
        """
        place = torch.arange(len(self.tree_S), device=self.tree_S.device)
        return self.may_attend(place[:, None], place)[None, None]

    def block_mask(self) -> BlockMask:
        """Makes the same mask for flex attention.

        Returns:
            A mask of blocks; those without true values are skipped.
        """
        length = len(self.tree_S)
        return create_block_mask(
            lambda batch, head, query, key: self.may_attend(query, key),
            B=None,
            H=None,
            Q_LEN=length,
            KV_LEN=length,
            device=str(self.tree_S.device),
        )


def fit_tree(tree: MessageTree, room: Room) -> MessageTree | None:
    """Drops the last branches of a tree that do not fit.

    Args:
        tree: A tree.
        room: Largest number of tokens and crops.

    Returns:
        The tree with as many of its branches as fit; None when not even the first does.
    """
    if tree.crops > room.crops:
        return None
    ends = itertools.accumulate((len(branch.ids) for branch in tree.branches), initial=len(tree.prefix))
    kept = sum(end <= room.tokens for end in ends) - 1
    if kept < 1:
        return None
    return replace(tree, branches=tree.branches[:kept])


def pack(
    trees: Sequence[MessageTree], config: MolmoPointConfig | None, length: int | None = None
) -> PackedSequence:
    """Makes one sequence of trees.

    Args:
        trees: At least one, each with at least one branch.
        config: Says which ids are grounding words and image tokens; None if answers are words alone.
        length: Pads the sequence to so many positions; None for none.
    """
    windows = [len(tree.token_pooling) for tree in trees]
    parts: list[dict[str, np.ndarray]] = []
    for number, tree in enumerate(trees):
        parts.append(_root(tree, number))
        for index, branch in enumerate(tree.branches, ROOT + 1):
            targets = branch_targets(branch, tree, config, sum(windows[:number]), sum(windows))
            parts.append(_part(targets, number, index, _weight(branch, tree)))
    used = sum(len(part["words"]) for part in parts)
    parts.append(_padding((length or used) - used))
    indexable = [_indexable(tree, config) for tree in trees]
    before = frames_before(trees) if any(len(tree.before) for tree in trees) else None
    rows = np.zeros(0, np.int64)
    return PackedSequence(
        patches=torch.from_numpy(np.concatenate([tree.patches for tree in trees])),
        pooling_NK=torch.from_numpy(joined_pooling(trees)),
        indexable_N=torch.from_numpy(np.concatenate(indexable)),
        position_N=torch.from_numpy(np.concatenate([each.cumsum() - 1 for each in indexable])),
        tree_N=torch.arange(len(trees)).repeat_interleave(torch.tensor(windows)),
        before=torch.from_numpy(trees[0].patches[:0] if before is None else before.patches),
        before_pooling_MK=torch.from_numpy(rows[:, None] if before is None else before.pooling),
        before_of_M=torch.from_numpy(rows if before is None else before.of),
        **{
            f"{name}_S": torch.from_numpy(np.concatenate([part[name] for part in parts])) for name in parts[0]
        },
    )


def _indexable(tree: MessageTree, config: MolmoPointConfig | None) -> np.ndarray:
    """bool, for each image token of the tree."""
    if config is None:
        return np.zeros(len(tree.token_pooling), bool)
    kinds = (config.image_patch_id, config.image_non_indexable_patch_id)
    return tree.prefix[np.isin(tree.prefix, kinds)] == config.image_patch_id


def _weight(branch: Branch, tree: MessageTree) -> float:
    return token_weight(branch.kind, int(branch.is_answer.sum()), len(tree.branches))


def _part(targets: BranchTargets, tree: int, branch: int, weight: float) -> dict[str, np.ndarray]:
    length = len(targets.words)
    asked = np.zeros(length, dtype=bool)
    for kind in CHOICES:
        asked |= getattr(targets, f"{kind}_target") != IGNORE
    return {
        "tree": np.full(length, tree),
        "branch": np.full(length, branch),
        "vision": np.zeros(length, dtype=bool),
        "weight": np.where(asked, weight, 0.0).astype(np.float32),
        **vars(targets),
    }


def _root(tree: MessageTree, number: int) -> dict[str, np.ndarray]:
    return _padding(len(tree.prefix)) | {
        "tree": np.full(len(tree.prefix), number),
        "vision": tree.is_vision,
        "words": tree.prefix,
        "position": np.arange(len(tree.prefix)),
    }


def _padding(length: int) -> dict[str, np.ndarray]:
    return {
        "tree": np.full(length, NO_TREE),
        "branch": np.full(length, ROOT),
        "vision": np.zeros(length, dtype=bool),
        "weight": np.zeros(length, dtype=np.float32),
        **{f.name: np.full(length, FILLS.get(f.name, IGNORE)) for f in fields(BranchTargets)},
    }
