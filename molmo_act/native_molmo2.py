"""Native Molmo2 (text coordinates) behind the interface of the engine; knows inputs, not answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from transformers import Molmo2ForConditionalGeneration

from molmo_act.modeling.loading import StrictLoading
from molmo_act.modeling.molmo_point import flat_pooling


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
            position_ids = (attention_mask.long().cumsum(-1) - 1).clamp_min(0)[:, -input_ids.shape[1] :]
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
        grids = inputs["image_grids"]
        rows = grids[:, 0] * grids[:, 1] + grids[:, 2] * grids[:, 3]
        patches = inputs["image_num_crops"] * inputs["pixel_values"].shape[1]
        inputs["image_token_pooling"] = flat_pooling(inputs["image_token_pooling"], rows, patches)
    if inputs.get("pixel_values_videos") is not None:
        grids = inputs["video_grids"]
        patches = grids[:, 0] * inputs["pixel_values_videos"].shape[1]
        inputs["video_token_pooling"] = flat_pooling(
            inputs["video_token_pooling"], torch.prod(grids, -1), patches
        )
    return inputs
