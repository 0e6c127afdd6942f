"""The parts of MolmoPoint as graphs see them: one prompt, no batch axis, every state an input and an output.

Shape letters: W fed tokens, R rows of the cache, H key heads, D text width, N windows
or positions, K slots of a window, C width of ViT features, P image tokens, E width of keys.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from molmo_act.models.molmo_point.core import MolmoPointModel
from molmo_act.models.molmo_point.grounding_head import GroundingHead


class PatchEmbedding(nn.Module):
    """Pixels (crops, patches, pixels) → the first states of the vision tower."""

    def __init__(self, core: MolmoPointModel) -> None:
        super().__init__()
        self.embedding = core.vision_tower.patch_embedding
        self.position = core.vision_tower.positional_embedding

    def forward(self, pixel_values: Tensor) -> Tensor:
        """(crops, patches, width)."""
        embedded: Tensor = self.embedding(pixel_values) + self.position[None]
        return embedded


class VisionLayer(nn.Module):
    """One layer of the vision tower."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Tensor) -> Tensor:
        """(crops, patches, width)."""
        seen: Tensor = self.layer(x, None)
        return seen


class Connector(nn.Module):
    """Windows of ViT features → what the language model is given, and the keys of their slots."""

    def __init__(self, core: MolmoPointModel) -> None:
        super().__init__()
        self.projector = core.multi_modal_projector
        self.keys = core.point_predictor.subpatch_k

    def forward(self, windows: Tensor, valid: Tensor) -> tuple[Tensor, Tensor]:
        """(N, D) and (N, K, E)."""
        return self.projector(windows, valid), self.keys(windows)


class Rotary(nn.Module):
    """Cosines and sines of positions; the second half of a head has those of the first."""

    def __init__(self, embedding: nn.Module, width: int) -> None:
        super().__init__()
        self.embedding, self._width = embedding, width

    def forward(self, embeds: Tensor, positions: Tensor) -> tuple[Tensor, Tensor]:
        """(W, width) each."""
        cos, sin = self.embedding(embeds[None], positions[None])
        return cos[0, :, : self._width], sin[0, :, : self._width]


class _Written:
    """A cache of one layer, as an attention layer of transformers updates it."""

    def __init__(self, key: Tensor, value: Tensor, slots: Tensor) -> None:
        self.key, self.value, self._slots = key, value, (slots[..., 0], slots[..., 1])

    def update(self, key: Tensor, value: Tensor, *_: Any, **__: Any) -> tuple[Tensor, Tensor]:
        self.key = self.key.index_put(self._slots, key[0])
        self.value = self.value.index_put(self._slots, value[0])
        return self.key[None], self.value[None]


class LanguageLayer(nn.Module):
    """One layer of the language model, with its cache."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(
        self, x: Tensor, cos: Tensor, sin: Tensor, mask: Tensor, slots: Tensor, key: Tensor, value: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """States (W, D), and keys and values (H, R, head width) with those of the fed tokens at `slots`.

        `slots` are pairs of head and row (H, W, 2).
        """
        cache = _Written(key, value, slots)
        x = self.layer(
            x[None],
            position_embeddings=(cos[None], sin[None]),
            attention_mask=mask[None, None],
            past_key_values=cache,
        )[0]
        return x, cache.key, cache.value


class Words(nn.Module):
    """States → logits of words, float32."""

    def __init__(self, norm: nn.Module, head: nn.Linear) -> None:
        super().__init__()
        self.norm, self.head = norm, head

    def forward(self, hidden: Tensor) -> Tensor:
        """(N, V)."""
        logits: Tensor = self.head(self.norm(hidden))
        return logits.float()


class PatchKeys(nn.Module):
    """States of image tokens → their keys, float32 as all that is compared."""

    def __init__(self, head: GroundingHead) -> None:
        super().__init__()
        self.head = head

    def forward(self, hidden: Tensor, positions: Tensor) -> Tensor:
        """(P, E)."""
        return self.head.patch_keys(hidden, positions).float()


class PatchScores(nn.Module):
    """States → scores of all patches, "no more points" last."""

    def __init__(self, head: GroundingHead) -> None:
        super().__init__()
        self.head = head

    def forward(
        self, hidden: Tensor, positions: Tensor, patch_keys: Tensor, indexable: Tensor, num_keys: Tensor
    ) -> Tensor:
        """(N, P + 1)."""
        one = hidden[None], positions[None], patch_keys[None], indexable[None], num_keys[None]
        return self.head.scores_of_patches(*one)[0].float()


class SubpatchScores(nn.Module):
    """States of patches → scores of the slots of their windows."""

    def __init__(self, head: GroundingHead) -> None:
        super().__init__()
        self.head = head

    def forward(self, hidden: Tensor, keys: Tensor, valid: Tensor) -> Tensor:
        """(N, K)."""
        return self.head.scores_of_subpatches(hidden, keys, valid).float()


class LocationScores(nn.Module):
    """States of subpatches → scores of the locations inside them."""

    def __init__(self, head: GroundingHead) -> None:
        super().__init__()
        self.head = head

    def forward(self, hidden: Tensor) -> Tensor:
        """(N, locations)."""
        return self.head.scores_of_locations(hidden).float()


class SlotEmbeddings(nn.Module):
    """ViT features of slots → what the language model is given for them."""

    def __init__(self, core: MolmoPointModel) -> None:
        super().__init__()
        self.linear = core.build_vit_embedding

    def forward(self, windows: Tensor) -> Tensor:
        """(N, D)."""
        embedded: Tensor = self.linear(windows)
        return embedded
