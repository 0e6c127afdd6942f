"""EncodedImage: an image that a model has read, ready for any number of queries."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from molmo_act.generation.prefill import Prefix
from molmo_act.pointing.read_image import ReadImage


@dataclass(frozen=True, eq=False)
class EncodedImage(ReadImage):
    """What `PointingModel.encode` returns and `PointingModel.point` takes in place of an image.

    It holds the keys and values of the image's tokens in every layer, and the grounding keys of its patches.

    Attributes:
        prefix: Keys, values and grounding tables.
        model_name: The model that read the image; another one cannot use it.
    """

    prefix: Prefix
    model_name: str

    @property
    def windows_NKC(self) -> Tensor:
        """ViT features of the image's pooling windows, without those of earlier frames."""
        return self.prefix.state.vit_features_BPKC[0]

    def __repr__(self) -> str:
        width, height = self.image_size
        return f"EncodedImage({width}x{height}, {self.prefix.length} tokens, {self.model_name!r})"
