"""Native Molmo2, which writes coordinates as text, with the inputs that `MolmoPointProcessor` gives."""

from __future__ import annotations

from typing import Any

from torch import Tensor
from transformers import Molmo2ForConditionalGeneration

from molmo_act.models.copying import Saveable
from molmo_act.models.generating import Generating
from molmo_act.models.molmo_point.modeling_molmo_point import (
    INCOMPLETE,
    flat_image_pooling,
    flat_video_pooling,
    unpadded_positions,
)
from molmo_act.models.strict_loading import StrictLoading


class Molmo2(StrictLoading, Saveable, Generating, Molmo2ForConditionalGeneration):
    """Native Molmo2 that loads strictly and takes what `MolmoPointProcessor` gives."""

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None = None,
        position_ids: Tensor | None = None,
        token_type_ids: Tensor | None = None,
        pixel_values: Tensor | None = None,
        image_token_pooling: Tensor | None = None,
        image_grids: Tensor | None = None,
        image_num_crops: Tensor | None = None,
        pixel_values_videos: Tensor | None = None,
        video_token_pooling: Tensor | None = None,
        video_grids: Tensor | None = None,
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
            pixel_values: (crops, patches, pixels of a patch) float, RGB, normalised.
            image_token_pooling: (N, K) patch ids of each window, relative to their image, -1 when empty.
            image_grids: (images, 4) rows and columns of windows of the global and of the detailed part.
            image_num_crops: (images,) crops of each.
            pixel_values_videos: (frames, patches, pixels of a patch).
            video_token_pooling: (N, K) patch ids of each window, relative to their video.
            video_grids: (videos, 3) frames, rows and columns of windows.
            kwargs: Other arguments of the native forward pass.

        Returns:
            The native output.

        Raises:
            ValueError: Pixels came without their windows.
        """
        if position_ids is None and attention_mask is not None and attention_mask.ndim == 2:
            position_ids = unpadded_positions(attention_mask, input_ids.shape[1])
        if token_type_ids is not None:
            kwargs["mm_token_type_ids"] = token_type_ids.long()
        if pixel_values is not None:
            if image_token_pooling is None or image_grids is None or image_num_crops is None:
                raise ValueError(INCOMPLETE.format("pixel_values"))
            image_token_pooling = flat_image_pooling(
                image_token_pooling, image_grids, image_num_crops, pixel_values.shape[1]
            )
        if pixel_values_videos is not None:
            if video_token_pooling is None or video_grids is None:
                raise ValueError(INCOMPLETE.format("pixel_values_videos"))
            video_token_pooling = flat_video_pooling(
                video_token_pooling, video_grids, pixel_values_videos.shape[1]
            )
        return super().forward(
            input_ids=input_ids,
            attention_mask=attention_mask,
            position_ids=position_ids,
            pixel_values=pixel_values,
            image_token_pooling=image_token_pooling,
            image_grids=image_grids,
            image_num_crops=image_num_crops,
            pixel_values_videos=pixel_values_videos,
            video_token_pooling=video_token_pooling,
            video_grids=video_grids,
            **kwargs,
        )
