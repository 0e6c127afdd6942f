"""Molmo 1: vision tower, connector and language model put together.

Shape letters: B batch, S sequence, D text width, V words, N image tokens of a whole batch, K slots of a
pooling window, C width of gathered ViT features.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from transformers import GenerationMixin, PreTrainedConfig, PreTrainedModel
from transformers.cache_utils import Cache
from transformers.modeling_outputs import CausalLMOutputWithPast

from molmo_act.errors import CheckpointError, InputError
from molmo_act.formats.molmo_config import missing_sizes
from molmo_act.models.checkpoint_files import HUB_OPTIONS, find_file, read_json
from molmo_act.models.copying import Copyable, Saveable
from molmo_act.models.forward_options import checked_forward_options
from molmo_act.models.generating import Generating
from molmo_act.models.image_windows import add_image_features, encode_crops, gather_windows
from molmo_act.models.molmo.configuration_molmo import MolmoAdapterConfig, MolmoConfig
from molmo_act.models.molmo.language_models import language_model
from molmo_act.models.molmo.temporal import MARKS, VideoMolmoTemporalModule, mean_features
from molmo_act.models.molmo.vision_tower import MolmoVisionModel
from molmo_act.models.molmo.weight_conversion import conversions_of
from molmo_act.models.molmo_point.connector import MolmoPointAdapter
from molmo_act.models.molmo_point.core import cache_name
from molmo_act.models.molmo_point.modeling_molmo_point import flat_image_pooling, unpadded_positions
from molmo_act.models.strict_loading import StrictLoading
from molmo_act.models.weight_files import INDEX, WEIGHTS, stored_tensors, weight_files

IMAGE_INPUTS = (
    *("pixel_values", "image_token_pooling", "image_grids", "image_num_crops"),
    *("image_masks", "image_token_mask"),
)
EARLIER_INPUTS = ("earlier_pixel_values", "earlier_num_frames")
"""The same of the frames before each image, for a VideoMolmo."""
"""Inputs of the processor that describe images; of a prefill only."""


class MolmoConnector(MolmoPointAdapter):
    """The connector, and the embeddings of padding that features have added before it."""

    config_class = MolmoAdapterConfig

    def __init__(self, config: MolmoAdapterConfig) -> None:
        super().__init__(config)
        width = config.hidden_size * len(config.vision_feature_layer)
        self.pad_embed = nn.Parameter(torch.zeros(2, width)) if config.pad_embed else None

    def mark_padding(self, features: Tensor, masks: Tensor) -> Tensor:
        """Adds an embedding to the features of patches that lie on padding, all or in part.

        Args:
            features: (crops, patches, C).
            masks: (crops, patches), see `molmo_act.models.molmo.padded_crops.PaddedImage`; anything below 1
                but 0 counts as in part.

        Returns:
            (crops, patches, C).
        """
        if self.pad_embed is None:
            return features
        masks = masks[..., None]
        whole, part = (masks == 0), (masks < 1) & (masks != 0)
        table = self.pad_embed.to(features.dtype)
        return features + table[0] * whole.to(features.dtype) + table[1] * part.to(features.dtype)


class MolmoPreTrainedModel(PreTrainedModel):
    """What transformers needs to know of all Molmo 1 models."""

    config_class = MolmoConfig
    base_model_prefix = "model"
    input_modalities = ("image", "text")
    _no_split_modules = ("CLIPEncoderLayer", "Qwen2DecoderLayer", "Olmo2DecoderLayer", "OlmoeDecoderLayer")
    _skip_keys_device_placement = ("past_key_values",)
    _supports_sdpa = True
    _supports_flash_attn = True
    _supports_attention_backend = True
    supports_gradient_checkpointing = True


class MolmoModel(Copyable, MolmoPreTrainedModel):
    """Vision tower, connector and language model, without the LM head."""

    def __init__(self, config: MolmoConfig) -> None:
        super().__init__(config)
        self.vision_tower = MolmoVisionModel(config.vision_config)
        self.multi_modal_projector = MolmoConnector(config.adapter_config)
        is_video = config.has_temporal_module
        self.temporal = VideoMolmoTemporalModule(config.adapter_config) if is_video else None
        self.language_model = language_model(config.text_config)
        self.post_init()

    def encode_images(
        self, pixel_values: Tensor, masks: Tensor, pooling_NK: Tensor, mean: Tensor | None = None
    ) -> Tensor:
        """Encodes images: ViT features, marked where they lie on padding, pooled and projected.

        Args:
            pixel_values: (crops, patches, pixels of a patch) float, RGB, normalised.
            masks: (crops, patches), see `MolmoConnector.mark_padding`.
            pooling_NK: Patch ids over all crops, crop by crop.
            mean: (crops, patches, C) ViT features of the frames before each image, averaged: of a VideoMolmo.

        Returns:
            (N, D), what is added to the embeddings of the image tokens.
        """
        windows_NKC = gather_windows(encode_crops(self.encode_patches, pixel_values, masks), pooling_NK)
        if self.temporal is not None and mean is not None:
            windows_NKC = self.temporal(windows_NKC, gather_windows(mean, pooling_NK))
        features_ND: Tensor = self.multi_modal_projector(windows_NKC, pooling_NK >= 0)
        return features_ND

    def encode_patches(self, pixel_values: Tensor, masks: Tensor) -> Tensor:
        """ViT features of every patch, marked where it lies on padding.

        Args:
            pixel_values: (crops, patches, pixels of a patch) float.
            masks: (crops, patches).

        Returns:
            (crops, patches, C).
        """
        return self.multi_modal_projector.mark_padding(self.see(pixel_values), masks)

    def see(self, pixel_values: Tensor) -> Tensor:
        """ViT features of every patch, whether it lies on padding or not.

        Args:
            pixel_values: (crops, patches, pixels of a patch) float.

        Returns:
            (crops, patches, C).
        """
        layers = self.config.adapter_config.vision_feature_layer
        return torch.cat([hidden[:, 1:] for hidden in self.vision_tower(pixel_values, layers)], dim=-1)


class MolmoForConditionalGeneration(
    StrictLoading, Saveable, Generating, MolmoPreTrainedModel, GenerationMixin
):
    """Molmo 1 with its LM head, for `generate` and the text engine; loads strictly, see `StrictLoading`."""

    first_only = (*IMAGE_INPUTS, *EARLIER_INPUTS)

    def __init__(self, config: MolmoConfig) -> None:
        super().__init__(config)
        text = config.text_config
        self.model = MolmoModel(config)
        self.vocab_size = text.vocab_size
        if config.has_temporal_module:  # which was trained without, whatever a file may carry along
            self._keys_to_ignore_on_load_unexpected = [r"pad_embed"]
        self.lm_head = nn.Linear(text.hidden_size, text.vocab_size, bias=False)
        self.post_init()
        self._weight_conversions = conversions_of(self)  # loading puts those in their place that it used

    @classmethod
    def check_stated_parts(cls, source: str | os.PathLike[str], config: Mapping[str, Any]) -> None:
        """Refuses a config.json that lacks sizes, see `StrictLoading.check_stated_parts`."""
        missing = missing_sizes(config)
        if missing:
            raise CheckpointError(
                f"config.json of {os.fspath(source)!r} does not say {', '.join(missing)}; expected the sizes "
                "of a released Molmo. Fetch the file again."
            )

    @classmethod
    def complete_config(
        cls, source: str | os.PathLike[str], config: PreTrainedConfig, options: Mapping[str, Any]
    ) -> PreTrainedConfig:
        """Finds out by its weights whether a checkpoint is a VideoMolmo, see `StrictLoading`."""
        hub = {key: options[key] for key in HUB_OPTIONS if options.get(key) is not None}
        found = find_file(source, INDEX, **hub) or find_file(source, WEIGHTS, **hub)
        if found is None or not isinstance(config, MolmoConfig):
            return config
        names = stored_tensors(weight_files(found.parent)) if Path(source).is_dir() else _names(found)
        is_video = any(mark in name for name in names for mark in MARKS)
        return config.with_temporal_module() if is_video else config

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None = None,
        position_ids: Tensor | None = None,
        pixel_values: Tensor | None = None,
        image_token_pooling: Tensor | None = None,
        image_grids: Tensor | None = None,
        image_num_crops: Tensor | None = None,
        image_masks: Tensor | None = None,
        image_token_mask: Tensor | None = None,
        earlier_pixel_values: Tensor | None = None,
        earlier_num_frames: Tensor | None = None,
        past_key_values: Cache | None = None,
        use_cache: bool | None = None,
        logits_to_keep: int = 0,
        **kwargs: Any,
    ) -> CausalLMOutputWithPast:
        """Runs one prefill or one decode step.

        Args:
            input_ids: (B, S) ids.
            attention_mask: (B, S) of all positions so far, 0 at padding; or (B, 1, S, all positions) bool,
                which token sees which.
            position_ids: (B, S); counted from the attention mask when absent.
            pixel_values: (crops, patches, pixels of a patch) float, RGB, normalised; None without images.
            image_token_pooling: (N, K) patch ids of each window, relative to their image.
            image_grids: (images, 4) rows and columns of windows of the overview and of the canvas.
            image_num_crops: (images,) crops of each.
            image_masks: (crops, patches), see `MolmoConnector.mark_padding`.
            image_token_mask: (B, S) bool, which tokens have the features of a window added.
            earlier_pixel_values: Pixels of the frames before each image, frame by frame, cut as the image is;
                for a VideoMolmo, which needs them.
            earlier_num_frames: (images,) how many frames each of these is.
            past_key_values: Cache of earlier positions.
            use_cache: Whether to return a cache; None for what the configuration says.
            logits_to_keep: Compute logits of the last so many positions only; 0 means all.
            kwargs: Other arguments of the language model.

        Returns:
            Logits (B, S or fewer, V) and the cache.

        Raises:
            InputError: There are more or fewer image tokens than windows, or an option would be ignored.
            ValueError: Pixels came without what belongs to them.
        """
        kwargs = checked_forward_options(kwargs)
        if position_ids is None and attention_mask is not None and attention_mask.ndim == 2:
            position_ids = unpadded_positions(attention_mask, input_ids.shape[1])
        embeds = self.model.language_model.embed_tokens(input_ids)
        if pixel_values is not None:
            beside = (image_token_pooling, image_grids, image_num_crops, image_masks, image_token_mask)
            earlier = None
            if self.model.temporal is not None:
                earlier = self._earlier_features(earlier_pixel_values, earlier_num_frames, image_num_crops)
            features_ND, where_BS = self._image_features(pixel_values, *beside, earlier)
            embeds = add_image_features(embeds, where_BS, features_ND)
        outputs = self.model.language_model(
            inputs_embeds=embeds,
            attention_mask=attention_mask,
            position_ids=position_ids,
            **{cache_name(type(self.model.language_model).forward): past_key_values},
            use_cache=self.config.text_config.use_cache if use_cache is None else use_cache,
            **kwargs,
        )
        hidden_BSD = outputs.last_hidden_state[:, -logits_to_keep:]
        return CausalLMOutputWithPast(
            logits=self.lm_head(hidden_BSD), past_key_values=outputs.past_key_values
        )

    def _image_features(
        self,
        pixel_values: Tensor,
        pooling: Tensor | None,
        grids: Tensor | None,
        num_crops: Tensor | None,
        masks: Tensor | None,
        where_BS: Tensor | None,
        earlier: Tensor | None,
    ) -> tuple[Tensor, Tensor]:
        """Features of the image tokens of a batch, and which tokens these are."""
        if pooling is None or grids is None or num_crops is None or masks is None or where_BS is None:
            raise ValueError(
                f"pixel_values came without all of {', '.join(IMAGE_INPUTS[1:])}; give all that the "
                "processor gave."
            )
        flat_NK = flat_image_pooling(pooling, grids, num_crops, pixel_values.shape[1])
        return self.model.encode_images(pixel_values, masks, flat_NK, earlier), where_BS

    def _earlier_features(self, pixels: Tensor | None, frames: Tensor | None, crops: Tensor | None) -> Tensor:
        """Mean features of the frames before each image."""
        if pixels is None or frames is None or crops is None:
            raise InputError(
                "An image was given to a VideoMolmo without the frames before it; give all that "
                "MolmoProcessor.cut_earlier gave for them, black ones where a video begins."
            )
        return mean_features(encode_crops(self.model.see, pixels), crops.tolist(), frames.tolist())


def _names(path: Path) -> Iterable[str]:
    """Names of the weights of a checkpoint on the hub: in its index, or in its only file."""
    if path.name == INDEX:
        weights = read_json(path).get("weight_map")
        return weights if isinstance(weights, dict) else ()
    return stored_tensors([path])
