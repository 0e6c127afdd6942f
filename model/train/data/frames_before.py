"""The frames that images of a packed sequence are shown with, for models with a temporal module.

Shape letters: M image tokens of all frames before, K slots of a pooling window.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from model.data.encoding.message_tree import MessageTree


class FramesBefore(NamedTuple):
    """Frames before the images of a sequence, laid out end to end.

    Attributes:
        patches: uint8 (crops, patches, pixels of a patch).
        pooling: int64 (M, K), patch ids over all these crops, -1 for empty slots.
        of: int64 (M,), the image token of the sequence that shows the same place of the image.
    """

    patches: np.ndarray
    pooling: np.ndarray
    of: np.ndarray


def frames_before(trees: Sequence[MessageTree]) -> FramesBefore:
    """Collects the frames before each tree's image, which are cut as the image is.

    Args:
        trees: Trees, of which at least one has such frames.

    Returns:
        The frames.
    """
    slots = max(tree.token_pooling.shape[1] for tree in trees)
    poolings, of = [np.zeros((0, slots), np.int64)], [np.zeros(0, np.int64)]
    used = windows = 0
    for tree in trees:
        crops, patches = tree.patches.shape[:2]
        pooling = np.pad(
            tree.token_pooling, ((0, 0), (0, slots - tree.token_pooling.shape[1])), constant_values=-1
        )
        for _ in range(len(tree.before) // crops):
            poolings.append(np.where(pooling < 0, -1, pooling + used))
            of.append(np.arange(windows, windows + len(pooling)))
            used += crops * patches
        windows += len(pooling)
    return FramesBefore(
        np.concatenate([tree.before for tree in trees if len(tree.before)]),
        np.concatenate(poolings),
        np.concatenate(of),
    )
