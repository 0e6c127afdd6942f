"""EmbeddedImage: an image that an exported model has read, ready for any number of queries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from molmo_act.embedded.prompt import ReadPrompt
from molmo_act.reading.seen import SeenImage


@dataclass(frozen=True, eq=False)
class EmbeddedImage:
    """What `EmbeddedModel.encode` returns and `EmbeddedModel.point` takes in place of an image.

    Its cache stays where the network runs. `molmo_act.EncodedImage` says why sharing it is exact.

    Attributes:
        prefix: The cache, and what can be pointed at.
        metadata: What reading points takes.
        owner: The runtime that read the image; another one cannot use it.
        preprocess_ms: Milliseconds that preprocessing took.
        prefill_ms: Milliseconds that the model took to read the image.
        seen: The image with its text, where the model has a reader.
    """

    prefix: ReadPrompt
    metadata: Mapping[str, Any]
    owner: object
    preprocess_ms: float
    prefill_ms: float
    seen: SeenImage | None = None

    @property
    def image_size(self) -> tuple[int, int]:
        """(width, height) in pixels of the original image."""
        width, height = self.metadata["image_sizes"][0]
        return int(width), int(height)

    def __repr__(self) -> str:
        width, height = self.image_size
        return f"EmbeddedImage({width}x{height}, {self.prefix.length} tokens)"
