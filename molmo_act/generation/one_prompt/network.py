"""What decoding asks of a network: the parts of a MolmoPoint, for one prompt at a time.

Shape letters: W fed tokens, S kept rows of the cache, D text width, N windows or positions, K slots of a
window, C width of ViT features, P image tokens, E width of grounding keys, V words, L locations.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np


class StepNetwork(Protocol):
    """What decode steps ask. All numbers come and go as float32, whatever the network computes in."""

    @property
    def embeddings(self) -> np.ndarray:
        """Input embeddings of all words, float (V, D)."""

    @property
    def dtype(self) -> str:
        """Name of the type that the language model computes in."""

    def read(
        self,
        embeds: np.ndarray,
        positions: np.ndarray,
        attends: np.ndarray,
        keep: np.ndarray,
        past: Any,
        *,
        last_use: bool = False,
    ) -> tuple[np.ndarray, Any]:
        """Runs the language model on tokens behind what it has read.

        Args:
            embeds: (W, D) embeddings of the tokens.
            positions: int64 (W,), theirs.
            attends: bool (W, S + W), which of them (row) attends to which kept row or token (column).
            keep: int64 (S,), rows of `past` that are still valid, in order.
            past: What the call before returned; None in the first one.
            last_use: Whether `past` is not read again, so that it may be written over.

        Returns:
            Hidden states before the final norm (W, D), and S + W rows of a cache, which stays with the
            network.
        """

    def words(self, hidden: np.ndarray) -> np.ndarray:
        """Scores words: (N, D) → logits (N, V)."""

    def patch_scores(
        self,
        hidden: np.ndarray,
        positions: np.ndarray,
        keys: np.ndarray,
        indexable: np.ndarray,
        num_keys: int,
    ) -> np.ndarray:
        """Scores all patches.

        Args:
            hidden: (N, D).
            positions: int64 (N,), position of the last point's patch; -1 where there is none.
            keys: (P, E), of `patch_keys`.
            indexable: bool (P,), which patches may be pointed at.
            num_keys: Patches, "no more points" counted.

        Returns:
            (N, P + 1), "no more points" last; (N, P) where the model has no such class.
        """

    def subpatch_scores(self, hidden: np.ndarray, keys: np.ndarray, valid: np.ndarray) -> np.ndarray:
        """Scores the slots of windows: (N, D), keys (N, K, E) and valid slots bool (N, K) → (N, K)."""

    def location_scores(self, hidden: np.ndarray) -> np.ndarray:
        """Scores locations inside a ViT patch: (N, D) → (N, L)."""

    def slot_embeddings(self, windows: np.ndarray) -> np.ndarray:
        """Embeds chosen slots: ViT features (N, C) → (N, D)."""


class Network(StepNetwork, Protocol):
    """What reading a prompt asks besides."""

    def see(self, pixel_values: np.ndarray) -> np.ndarray:
        """Runs the vision tower.

        Args:
            pixel_values: float32 (crops, patches, pixels of a patch), normalised.

        Returns:
            Features of every patch (crops, patches, C).
        """

    def connect(self, windows: np.ndarray, valid: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Pools windows.

        Args:
            windows: (N, K, C) ViT features, zero in empty slots.
            valid: bool (N, K), which slots are filled.

        Returns:
            What the language model is given for each window (N, D), and the keys of the slots (N, K, E).
        """

    def patch_keys(self, hidden: np.ndarray, positions: np.ndarray) -> np.ndarray:
        """Makes the keys of image tokens: (P, D), and their positions int64 (P,) → (P, E)."""
