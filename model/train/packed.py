"""Several message trees end to end in one sequence, each blind to the others; knows no weights.

A picture's tokens come first and see one another in both directions; every branch sees its picture and
itself, and its positions go on where the picture ended. Trees may differ in size.

Shape letters: S length of the sequence, N image tokens of all its pictures, K slots of a pooling window.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import torch
from torch import Tensor
from torch.nn.attention.flex_attention import BlockMask, create_block_mask

from model.data.encode import Branch, Tree
from model.data.packing import Room
from model.data.token_weights import token_weight
from model.train.batch import FILLS, TensorBatch
from model.train.lines import IGNORE, Line, branch_line
from molmo_act.modeling.configuration import MolmoPointConfig

NO_TREE = -1
ROOT = 0
"""Number of the branch of a picture's own tokens; conversations count from 1."""


@dataclass(frozen=True)
class PackedSequence(TensorBatch):
    """One sequence as tensors.

    Attributes:
        pooling_NK: int64, patch ids over all crops, -1 for empty slots.
        indexable_N: bool, which image tokens may be pointed at.
        position_N: Their positions among the indexable ones of their picture, for the rotation of keys.
        tree_N: Which tree each image token belongs to.
        tree_S: Which tree each position belongs to, `NO_TREE` for padding.
        branch_S: Number of the branch inside its tree, `ROOT` for the picture.
        vision_S: bool, positions that see one another in both directions.
        weight_S: float32, weight of the targets of each position; 0 without.
        words_S and the rest: See `Line`.
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

    @property
    def examples(self) -> int:
        """Trees."""
        return int(self.tree_S.max()) + 1

    @property
    def tokens(self) -> int:
        """Positions that are not padding."""
        return int((self.tree_S != NO_TREE).sum())

    @property
    def weight(self) -> Tensor:
        """Sum of the weights of its positions."""
        return self.weight_S.sum()

    def may_attend(self, query: Tensor, key: Tensor) -> Tensor:
        """Whether positions `query` see positions `key`; both int64 of shapes that broadcast."""
        same_tree = self.tree_S[query] == self.tree_S[key]
        in_reach = (self.branch_S[key] == ROOT) | (self.branch_S[key] == self.branch_S[query])
        return same_tree & in_reach & ((key <= query) | (self.vision_S[query] & self.vision_S[key]))

    def dense_mask(self) -> Tensor:
        """bool (1, 1, S, S)."""
        place = torch.arange(len(self.tree_S), device=self.tree_S.device)
        return self.may_attend(place[:, None], place)[None, None]

    def block_mask(self) -> BlockMask:
        """The same for flex attention, which skips blocks where nothing is seen."""
        length = len(self.tree_S)
        return create_block_mask(
            lambda batch, head, query, key: self.may_attend(query, key),
            B=None,
            H=None,
            Q_LEN=length,
            KV_LEN=length,
            device=str(self.tree_S.device),
        )


def fit_tree(tree: Tree, room: Room) -> Tree | None:
    """The tree with as many of its branches, first ones first, as fit; None when not even one does."""
    if len(tree.patches) > room.crops:
        return None
    ends = itertools.accumulate((len(branch.ids) for branch in tree.branches), initial=len(tree.prefix))
    kept = sum(end <= room.tokens for end in ends) - 1
    if kept < 1:
        return None
    return replace(tree, branches=tree.branches[:kept])


def pack(trees: Sequence[Tree], config: MolmoPointConfig, length: int | None = None) -> PackedSequence:
    """One sequence of trees.

    Args:
        trees: At least one, each with at least one branch.
        config: Says which ids are grounding words and image tokens.
        length: Pads the sequence to so many positions; None for none.
    """
    windows = [len(tree.token_pooling) for tree in trees]
    parts: list[dict[str, np.ndarray]] = []
    for number, tree in enumerate(trees):
        parts.append(_root(tree, number))
        for index, branch in enumerate(tree.branches, ROOT + 1):
            line = branch_line(branch, tree, config, sum(windows[:number]), sum(windows))
            parts.append(_part(line, number, index, _weight(branch, tree)))
    used = sum(len(part["words"]) for part in parts)
    parts.append(_padding((length or used) - used))
    slots = max(tree.token_pooling.shape[1] for tree in trees)
    crops = np.cumsum([0, *(tree.patches.shape[0] * tree.patches.shape[1] for tree in trees)])
    pooling = [
        np.pad(
            np.where(tree.token_pooling >= 0, tree.token_pooling + first, -1),
            ((0, 0), (0, slots - tree.token_pooling.shape[1])),  # films have larger windows than pictures
            constant_values=-1,
        )
        for tree, first in zip(trees, crops, strict=False)
    ]
    indexable = [_indexable(tree, config) for tree in trees]
    return PackedSequence(
        patches=torch.from_numpy(np.concatenate([tree.patches for tree in trees])),
        pooling_NK=torch.from_numpy(np.concatenate(pooling)),
        indexable_N=torch.from_numpy(np.concatenate(indexable)),
        position_N=torch.from_numpy(np.concatenate([each.cumsum() - 1 for each in indexable])),
        tree_N=torch.arange(len(trees)).repeat_interleave(torch.tensor(windows)),
        **{
            f"{name}_S": torch.from_numpy(np.concatenate([part[name] for part in parts])) for name in parts[0]
        },
    )


def _indexable(tree: Tree, config: MolmoPointConfig) -> np.ndarray:
    """bool, for each image token of the picture."""
    kinds = (config.image_patch_id, config.image_non_indexable_patch_id)
    return tree.prefix[np.isin(tree.prefix, kinds)] == config.image_patch_id


def _weight(branch: Branch, tree: Tree) -> float:
    return token_weight(branch.kind, int(branch.is_answer.sum()), len(tree.branches))


def _part(line: Line, tree: int, branch: int, weight: float) -> dict[str, np.ndarray]:
    length = len(line.words)
    asked = np.zeros(length, dtype=bool)
    for name in ("word_target", "patch_target", "subpatch_target", "location_target"):
        asked |= getattr(line, name) != IGNORE
    return {
        "tree": np.full(length, tree),
        "branch": np.full(length, branch),
        "vision": np.zeros(length, dtype=bool),
        "weight": np.where(asked, weight, 0.0).astype(np.float32),
        **vars(line),
    }


def _root(tree: Tree, number: int) -> dict[str, np.ndarray]:
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
        **{f.name: np.full(length, FILLS.get(f.name, IGNORE)) for f in fields(Line)},
    }
