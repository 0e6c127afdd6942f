"""ReadImage: what an image that was read once has, whichever engine has read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from molmo_act.errors import InputError
from molmo_act.reading.seen import SeenImage


@dataclass(frozen=True, eq=False)
class ReadImage:
    """An image that a model has read, ready for any number of queries.

    A prompt shows its images before the question, and tokens see only what came before them. What the model
    reads of an image therefore does not depend on the query, and sharing it gives the answers of separate
    calls.

    Attributes:
        metadata: The processor's pointing metadata.
        preprocess_ms: Milliseconds that preprocessing took.
        prefill_ms: Milliseconds that the model took to read the image.
        seen: The image with its text, where the model has a reader.
    """

    metadata: Mapping[str, Any]
    preprocess_ms: float
    prefill_ms: float
    seen: SeenImage | None = field(default=None, kw_only=True)

    @property
    def image_size(self) -> tuple[int, int]:
        """(width, height) in pixels of the original image."""
        width, height = self.metadata["image_sizes"][0]
        return int(width), int(height)


def refuse_cutting_again(max_crops: int | None) -> None:
    """Refuses crops for an image that was read before.

    Args:
        max_crops: What was given beside it.

    Raises:
        InputError: A number was given.
    """
    if max_crops is not None:
        raise InputError(
            "max_crops says how an image is cut when it is read. Give it to encode() for an encoded one."
        )
