"""What decoding is given of a prompt that was read. Shape letters are those of `network`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, eq=False)
class ImageTables:
    """What points of an answer are chosen from.

    Attributes:
        features: (P, D), what the language model is given for each image token.
        windows: (P, K, C), ViT features of its window.
        valid: bool (P, K), which slots are filled.
        subpatch_keys: (P, K, E), grounding keys of the slots.
        indexable: bool (P,), which image tokens may be pointed at.
        positions: int64 (P,), position of each among these; -1 before the first.
        patch_keys: (P, E), grounding keys of the image tokens; empty before the language model has read them.
    """

    features: np.ndarray
    windows: np.ndarray
    valid: np.ndarray
    subpatch_keys: np.ndarray
    indexable: np.ndarray
    positions: np.ndarray
    patch_keys: np.ndarray

    @property
    def num_patches(self) -> int:
        """P."""
        return len(self.indexable)


@dataclass(frozen=True, eq=False)
class ReadPrompt:
    """A prompt, or its beginning, that the language model has read.

    Attributes:
        tables: What can be pointed at.
        past: The cache; it stays with the network.
        length: Its rows, all of which are valid.
        hidden: (W, D), states of what was read last.
    """

    tables: ImageTables
    past: Any
    length: int
    hidden: np.ndarray
