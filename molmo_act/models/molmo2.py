"""Native Molmo2, which writes coordinates as text, with the inputs that `MolmoPointProcessor` gives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor
from transformers import Molmo2ForConditionalGeneration

from molmo_act.models.copying import Saveable
from molmo_act.models.molmo_point.modeling_molmo_point import (
    flat_image_pooling,
    flat_video_pooling,
    unpadded_positions,
)
from molmo_act.models.strict_loading import StrictLoading


class Molmo2(StrictLoading, Saveable, Molmo2ForConditionalGeneration):
    """Native Molmo2 that loads strictly and takes what `MolmoPointProcessor` gives."""

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None = None,
        position_ids: Tensor | None = None,
        token_type_ids: Tensor | None = None,
        **kwargs: Any,
    ) -> Any:
        """Runs the native forward pass on what `MolmoPointProcessor` gives.

        Pooling ids restart in every image, as in released MolmoPoint inputs. Positions are counted without
        padding, so that a row of a batch is answered as alone.

        Args:
            input_ids: (B, S) ids.
            attention_mask: (B, S) of all positions so far, 0 at padding.
            position_ids: (B, S); counted from the attention mask when absent.
            token_type_ids: (B, S) bool, the tokens that see one another in both directions.
            kwargs: Other arguments of the native forward pass, images and videos among them.

        Returns:
            The native output.
        """
        if position_ids is None and attention_mask is not None and attention_mask.ndim == 2:
            position_ids = unpadded_positions(attention_mask, input_ids.shape[1])
        if token_type_ids is not None:
            kwargs["mm_token_type_ids"] = token_type_ids.long()
        return super().forward(
            input_ids=input_ids,
            attention_mask=attention_mask,
            position_ids=position_ids,
            **_absolute_pooling(kwargs),
        )


def _absolute_pooling(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Native Molmo2 counts patch ids on over all images of the batch."""
    inputs = dict(inputs)
    if inputs.get("pixel_values") is not None:
        inputs["image_token_pooling"] = flat_image_pooling(
            inputs["image_token_pooling"],
            inputs["image_grids"],
            inputs["image_num_crops"],
            inputs["pixel_values"].shape[1],
        )
    if inputs.get("pixel_values_videos") is not None:
        inputs["video_token_pooling"] = flat_video_pooling(
            inputs["video_token_pooling"], inputs["video_grids"], inputs["pixel_values_videos"].shape[1]
        )
    return inputs
