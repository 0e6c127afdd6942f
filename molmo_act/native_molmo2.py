"""Native Molmo2 (text coordinates) behind the interface of the engine; knows inputs, not answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor
from transformers import Molmo2ForConditionalGeneration

from molmo_act.modeling.loading import StrictLoading
from molmo_act.modeling.molmo_point import flat_image_pooling, flat_video_pooling, unpadded_positions


class Molmo2(StrictLoading, Molmo2ForConditionalGeneration):
    """Native Molmo2 that loads strictly and takes what `MolmoPointProcessor` gives."""

    def forward(  # type: ignore[override]
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None = None,
        position_ids: Tensor | None = None,
        token_type_ids: Tensor | None = None,
        **kwargs: Any,
    ) -> Any:
        """As the native forward; pooling ids restart in every image, as in released MolmoPoint inputs.

        Positions are counted without padding, so that a row of a batch is answered as alone.
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
