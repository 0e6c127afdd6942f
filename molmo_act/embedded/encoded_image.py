"""EmbeddedImage: an image that an exported model has read, ready for any number of queries."""

from __future__ import annotations

from dataclasses import dataclass

from molmo_act.generation.one_prompt.tables import ReadPrompt
from molmo_act.pointing.read_image import ReadImage


@dataclass(frozen=True, eq=False)
class EmbeddedImage(ReadImage):
    """What `EmbeddedModel.encode` returns and `EmbeddedModel.point` takes in place of an image.

    Its cache stays where the network runs.

    Attributes:
        prefix: The cache, and what can be pointed at.
        owner: The runtime that read the image; another one cannot use it.
    """

    prefix: ReadPrompt
    owner: object

    def __repr__(self) -> str:
        width, height = self.image_size
        return f"EmbeddedImage({width}x{height}, {self.prefix.length} tokens)"
