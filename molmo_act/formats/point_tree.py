"""The shape of the tree of drafted tokens that is fed for one point.

`molmo_act.generation.draft_tree` says what it is for.
Shape letters: W nodes of the tree, N nodes along a branch.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class TreeShape:
    """Nodes: the patch, K subpatches, their locations (where the model has any), their numbers.

    Attributes:
        slots: K.
        has_locations: Whether points have a location.
    """

    slots: int
    has_locations: bool

    @property
    def levels(self) -> int:
        """Levels below the patch; the last one is the number."""
        return 3 if self.has_locations else 2

    @property
    def width(self) -> int:
        """W."""
        return 1 + self.levels * self.slots

    def depths(self) -> np.ndarray:
        """Tells how far each node is from the patch.

        Returns:
            int64 (W,).
        """
        return np.concatenate(([0], np.repeat(np.arange(1, self.levels + 1), self.slots)))

    def attends(self) -> np.ndarray:
        """Tells which node (row) attends to which (column): to itself and its ancestors.

        Returns:
            bool (W, W).
        """
        depth, slot = self.depths(), np.arange(-1, self.width - 1) % self.slots
        same = (slot[:, None] == slot) | (depth == 0)
        attends: np.ndarray = same & (depth[:, None] >= depth)
        return attends

    def first_nodes(self) -> np.ndarray:
        """Tells the node of slot 0 on every level below the patch.

        Returns:
            int64 (levels,); those of other slots follow.
        """
        return np.arange(self.levels) * self.slots + 1
