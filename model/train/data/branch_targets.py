"""One branch of a message tree as arrays along its positions: what is fed and what should come next.

Both layouts are made of these arrays: rows that go on from an image's cache (`tree_batch`), and whole trees
end to end in one sequence (`packed_sequence`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from torch import Tensor

from model.data.encoding.message_tree import Branch, MessageTree
from molmo_act.formats.grounding_tokens import PromptIds
from molmo_act.models.molmo_point.configuration_molmo_point import MolmoPointConfig

IGNORE = -100
"""Target of positions at which nothing is predicted."""
CHOICES = ("word", "patch", "subpatch", "location")
"""What an answer chooses, token by token."""


@dataclass(frozen=True)
class Answers:
    """The answers of a batch as tensors of one shape, that of its positions.

    Attributes:
        tree: Number of the tree that a position belongs to.
        patch, subpatch, last_patch: See `BranchTargets`.
        targets: Targets by the name of the choice, see `CHOICES`.
    """

    tree: Tensor
    patch: Tensor
    subpatch: Tensor
    last_patch: Tensor
    targets: dict[str, Tensor]


@dataclass(frozen=True)
class BranchTargets:
    """Arrays along one branch; patches are rows of the N pooling windows of a whole batch.

    Attributes:
        words: Ids with every grounding id replaced by its word.
        patch: Row of the patch that is fed, or whose window the fed slot is in; else -1.
        subpatch: Slot that is fed, else -1.
        position: Positions; a branch goes on where its image ended.
        last_patch: Row of the last patch fed before this position, -1 when there is none.
        word_target, patch_target, subpatch_target, location_target: `IGNORE` where there is none; a patch
            target of N means "no more points".
    """

    words: np.ndarray
    patch: np.ndarray
    subpatch: np.ndarray
    position: np.ndarray
    last_patch: np.ndarray
    word_target: np.ndarray
    patch_target: np.ndarray
    subpatch_target: np.ndarray
    location_target: np.ndarray


def branch_targets(
    branch: Branch, tree: MessageTree, config: MolmoPointConfig | None, first_row: int, num_rows: int
) -> BranchTargets:
    """Computes inputs and targets of one branch.

    Args:
        branch: The branch.
        tree: Its tree, which says where extended ids begin.
        config: Says which ids are grounding words; None if answers are words alone.
        first_row: Row of the tree's first window among those of the batch.
        num_rows: Number N of windows of the batch.
    """
    ids, is_answer = branch.ids, branch.is_answer
    if config is None:
        nothing = np.full(len(ids), IGNORE)
        return BranchTargets(
            words=ids,
            patch=np.full(len(ids), -1),
            subpatch=np.full(len(ids), -1),
            position=len(tree.prefix) + np.arange(len(ids)),
            last_patch=np.full(len(ids), -1),
            word_target=np.append(np.where(is_answer, ids, IGNORE)[1:], IGNORE),
            patch_target=nothing,
            subpatch_target=nothing,
            location_target=nothing,
        )
    grounding = PromptIds.of(config, tree.token_pooling)
    offset = ids - grounding.start
    is_patch = (offset >= 0) & (ids < grounding.subpatch_start)  # no more points included
    slot, location = ids - grounding.subpatch_start, ids - grounding.location_start
    is_slot, is_location = (slot >= 0) & (location < 0), location >= 0
    words = np.select(
        [is_patch, is_location, is_slot],
        [config.patch_token_id, config.location_token_id, config.subpatch_token_id],
        ids,
    )
    is_real_patch = is_patch & (offset < grounding.num_patches)
    at = np.maximum.accumulate(np.where(is_real_patch, np.arange(len(ids)), -1))
    row = np.where(offset == grounding.num_patches, num_rows, offset + first_row)
    last = np.where(at >= 0, row[at], -1)  # including the patch fed at this very position

    def target(values: np.ndarray, where: np.ndarray) -> np.ndarray:
        targets = np.where(where & is_answer, values, IGNORE)
        return np.append(targets[1:], IGNORE)

    return BranchTargets(
        words=words,
        patch=np.where(is_real_patch | is_slot, last, -1),
        subpatch=np.where(is_slot, slot, -1),
        position=len(tree.prefix) + np.arange(len(ids)),
        last_patch=np.append(-1, last[:-1]),
        # After a patch only slots are legal and after a slot only locations: words are not asked for there.
        word_target=target(words, ~is_slot & ~is_location),
        patch_target=target(row, is_patch),
        subpatch_target=target(slot, is_slot),
        location_target=target(location, is_location),
    )
