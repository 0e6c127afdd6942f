"""EncodedImage: an image that a model has read, ready for any number of queries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from molmo_act.generation.prefill import Prefix
from molmo_act.reading.seen import SeenImage


@dataclass(frozen=True, eq=False)
class EncodedImage:
    """What `PointingModel.encode` returns and `PointingModel.point` takes in place of an image.

    It holds the keys and values of the image's tokens in every layer, and the grounding keys of its patches.
    A prompt shows its images before the question, and tokens see only what came before them. What the model
    reads of an image therefore does not depend on the query, and sharing it gives the answers of separate
    calls.

    Attributes:
        prefix: Keys, values and grounding tables.
        metadata: The processor's pointing metadata.
        model_name: The model that read the image; another one cannot use it.
        preprocess_ms: Milliseconds that preprocessing took.
        prefill_ms: Milliseconds that the model took to read the image.
        seen: The image with its text, where the model has a reader.
    """

    prefix: Prefix
    metadata: Mapping[str, Any]
    model_name: str
    preprocess_ms: float
    prefill_ms: float
    seen: SeenImage | None = None

    @property
    def windows_NKC(self) -> Tensor:
        """ViT features of the image's pooling windows, without those of earlier frames."""
        return self.prefix.state.vit_features_BPKC[0]

    @property
    def image_size(self) -> tuple[int, int]:
        """(width, height) in pixels of the original image."""
        width, height = self.metadata["image_sizes"][0]
        return int(width), int(height)

    def __repr__(self) -> str:
        width, height = self.image_size
        return f"EncodedImage({width}x{height}, {self.prefix.length} tokens, {self.model_name!r})"
