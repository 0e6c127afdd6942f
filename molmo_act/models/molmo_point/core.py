"""Vision tower, connector, language model and grounding head put together.

Shape letters: B batch, S sequence, D text width, P image tokens of a prompt, N image tokens of a whole
batch, K slots of a pooling window, C width of gathered ViT features.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from inspect import signature
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence
from transformers.cache_utils import Cache
from transformers.masking_utils import create_causal_mask
from transformers.models.molmo2.modeling_molmo2 import (
    Molmo2Model,
    Molmo2RMSNorm,
    Molmo2TextModel,
    Molmo2VisionModel,
)

from molmo_act.models.copying import Copyable
from molmo_act.models.image_windows import add_image_features, encode_crops, gather_windows
from molmo_act.models.molmo_point.configuration_molmo_point import MolmoPointConfig
from molmo_act.models.molmo_point.connector import MolmoPointAdapter
from molmo_act.models.molmo_point.grounding_head import GroundingHead
from molmo_act.models.molmo_point.grounding_state import ExtendedIds, GroundingState, TokenReading
from molmo_act.models.molmo_point.temporal import TemporalModule


@lru_cache
def cache_name(function: Callable[..., Any]) -> str:
    """What a function of transformers calls a cache: since 5.24 it is `cache`.

    Args:
        function: One that takes a cache.

    Returns:
        Name of the argument.
    """
    return "cache" if "cache" in signature(function).parameters else "past_key_values"


class ImageFeatures(NamedTuple):
    """What the vision tower and the connector make of images, pooling window by pooling window.

    Attributes:
        windows_NKC: ViT features of the patches of every window, zero in empty slots; of these images
            alone.
        valid_NK: Which slots are filled.
        features_ND: What the language model is given for each window.
    """

    windows_NKC: Tensor
    valid_NK: Tensor
    features_ND: Tensor


class MolmoPointTextModel(Molmo2TextModel):
    """The native language model without its final norm, whose input the grounding head reads."""

    def __init__(self, config: Any) -> None:
        super().__init__(config)
        self.norm = nn.Identity()

    def forward(self, *args: Any, past_key_values: Cache | None = None, **kwargs: Any) -> Any:
        """Runs the native language model.

        Args:
            args: See `Molmo2TextModel.forward`.
            past_key_values: Cache of earlier positions, whatever transformers calls that argument.
            kwargs: See `Molmo2TextModel.forward`.

        Returns:
            Hidden states before the final norm, and the cache.
        """
        if past_key_values is not None:
            kwargs[cache_name(Molmo2TextModel.forward)] = past_key_values
        return super().forward(*args, **kwargs)


class MolmoPointModel(Copyable, Molmo2Model):
    """Vision tower, connector, language model and grounding head, without the LM head."""

    config_class = MolmoPointConfig

    def __init__(self, config: MolmoPointConfig) -> None:
        super(Molmo2Model, self).__init__(config)
        features = config.adapter_config.hidden_size * len(config.adapter_config.vision_feature_layer)
        self.vision_tower = Molmo2VisionModel(config.vision_config)
        self.multi_modal_projector = MolmoPointAdapter(config.adapter_config)
        self.language_model = MolmoPointTextModel(config.text_config)
        self.final_norm = Molmo2RMSNorm(config.text_config.hidden_size, eps=config.text_config.rms_norm_eps)
        self.build_vit_embedding = nn.Linear(features, config.text_config.hidden_size)
        self.point_predictor = GroundingHead(config)
        self.temporal = None if config.temporal_module is None else TemporalModule(config)
        self.post_init()

    def _init_weights(self, module: nn.Module) -> None:
        super()._init_weights(module)
        # transformers asks about modules with weights of their own only, a module's parts before itself.
        if self.temporal is not None and module is self.temporal.mixer:
            self.temporal.init_weights()

    def encode_images(
        self, pixel_values: Tensor, pooling_NK: Tensor, mean_NKC: Tensor | None = None
    ) -> ImageFeatures:
        """Encodes images: ViT features, gathered into windows and pooled.

        Args:
            pixel_values: (crops, patches, pixels of a patch) float, RGB, normalised.
            pooling_NK: Patch ids over all crops, crop by crop; -1 for an empty slot.
            mean_NKC: The same windows, averaged over earlier frames, for the temporal module; None where
                nothing came before.

        Returns:
            What the language model and the grounding head need of the images.
        """
        return self.pool_windows(self.gather_windows(pixel_values, pooling_NK), pooling_NK >= 0, mean_NKC)

    def pool_windows(
        self, windows_NKC: Tensor, valid_NK: Tensor, mean_NKC: Tensor | None = None
    ) -> ImageFeatures:
        """Pools windows of ViT features and projects them, earlier frames mixed in.

        Args:
            windows_NKC: ViT features, zero in empty slots.
            valid_NK: Which slots are filled.
            mean_NKC: The same windows, averaged over earlier frames, for the temporal module; None where
                nothing came before.

        Returns:
            The windows with their features for the language model.
        """
        seen = windows_NKC, valid_NK
        if self.temporal is not None and mean_NKC is not None:
            seen = self.temporal(windows_NKC, valid_NK, mean_NKC)
        return ImageFeatures(windows_NKC, valid_NK, self.multi_modal_projector(*seen))

    def gather_windows(self, pixel_values: Tensor, pooling_NK: Tensor) -> Tensor:
        """ViT features of the patches of every pooling window.

        Args:
            pixel_values: (crops, patches, pixels of a patch) float.
            pooling_NK: Patch ids over all crops, crop by crop; -1 for an empty slot.

        Returns:
            (N, K, C), zero in empty slots.
        """
        return gather_windows(encode_crops(self._features, pixel_values), pooling_NK)

    def _features(self, pixel_values: Tensor) -> Tensor:
        """(crops, patches, C) of the chosen layers."""
        layers = self.config.adapter_config.vision_feature_layer
        hidden = self.vision_tower(pixel_values, output_hidden_states=True).hidden_states
        return torch.cat([hidden[i + 1 if i >= 0 else i] for i in layers], dim=-1)

    def embed_prompt(self, input_ids: Tensor, image_features_ND: Tensor | None) -> Tensor:
        """Embeds the ids of prompts and adds image features at the image tokens, in order.

        Args:
            input_ids: (B, S) ids.
            image_features_ND: Features of all image tokens of the batch; None for prompts without images.

        Returns:
            (B, S, D).

        Raises:
            InputError: There are more or fewer image tokens than features.
        """
        embeds: Tensor = self.language_model.embed_tokens(input_ids)
        if image_features_ND is None:
            return embeds
        return add_image_features(embeds, self.image_tokens(input_ids), image_features_ND)

    def image_tokens(self, input_ids: Tensor) -> Tensor:
        """Says which tokens stand for a pooling window, of a global crop or not.

        Args:
            input_ids: (B, S) ids.

        Returns:
            (B, S) bool.
        """
        config = self.config
        image_patch, global_patch = config.image_patch_id, config.image_non_indexable_patch_id
        is_image_BS: Tensor = (input_ids == image_patch) | (input_ids == global_patch)
        return is_image_BS

    def extended_ids(self, input_ids: Tensor, num_subpatches: int) -> ExtendedIds:
        """Says where the extended ids of prompts begin.

        Args:
            input_ids: (B, S) ids of the prompts.
            num_subpatches: Slots K of a pooling window.

        Returns:
            The ids of each row.
        """
        config = self.config
        return ExtendedIds(
            start=config.extended_vocab_start,
            num_patches_B=self.image_tokens(input_ids).sum(-1),
            num_subpatches=num_subpatches,
            num_locations=config.num_locations,
            no_more_points=config.no_more_points_class,
        )

    def run_text(
        self,
        embeds: Tensor,
        attention_mask: Tensor | None,
        position_ids: Tensor | None,
        past_key_values: Cache | None,
        token_type_ids: Tensor | None = None,
        **kwargs: Any,
    ) -> tuple[Tensor, Cache | None]:
        """Runs the language model over embeddings; image tokens see one another in both directions.

        Args:
            embeds: (B, S, D) embeddings.
            attention_mask: (B, S) of all positions so far, 0 at padding; None where nothing is padded.
            position_ids: (B, S) positions; None to count them.
            past_key_values: Cache of earlier positions.
            token_type_ids: (B, S) bool, the image tokens; None in a decode step.
            kwargs: Other arguments of the language model.

        Returns:
            Hidden states before the final norm (B, S, D), and the cache.
        """
        blocks = {}
        if token_type_ids is not None:
            blocks["block_sequence_ids"] = torch.where(token_type_ids.bool(), 0, -1)
        mask = create_causal_mask(
            config=self.config.text_config,
            inputs_embeds=embeds,
            attention_mask=attention_mask,
            **{cache_name(create_causal_mask): past_key_values},
            position_ids=position_ids,
            **blocks,
        )
        outputs = self.language_model(
            inputs_embeds=embeds,
            attention_mask=mask,
            position_ids=position_ids,
            past_key_values=past_key_values,
            **kwargs,
        )
        return outputs.last_hidden_state, outputs.past_key_values

    def make_state(
        self, input_ids: Tensor, x_BSD: Tensor, images: ImageFeatures, earlier: int = 0
    ) -> GroundingState:
        """Keys and tables of a prompt's images; rows of the batch are padded to the longest.

        Args:
            input_ids: (B, S) ids of the prompt.
            x_BSD: Hidden states of its tokens before the final norm.
            images: Its images, encoded.
            earlier: How many image tokens came before, which are not to be pointed at but count in positions.

        Returns:
            The state before the first id of the answer.
        """
        config, head = self.config, self.point_predictor
        where = self.image_tokens(input_ids)
        indexable = input_ids == config.image_patch_id
        counts = where.sum(-1)
        sizes = counts.tolist()

        def rows(flat: Tensor) -> Tensor:
            return pad_sequence(list(torch.split(flat, sizes)), batch_first=True)

        positions_BP = rows((indexable.cumsum(-1) - 1 + earlier)[where])
        ids = self.extended_ids(input_ids, images.valid_NK.shape[1])
        return GroundingState(
            ids=ids,
            patch_keys_BPE=head.patch_keys(rows(x_BSD[where]), positions_BP),
            indexable_BP=rows(indexable[where]),
            positions_BP=positions_BP,
            image_features_BPD=rows(images.features_ND),
            vit_features_BPKC=rows(images.windows_NKC),
            subpatch_keys_BPKE=rows(head.subpatch_k(images.windows_NKC)),
            subpatch_valid_BPK=rows(images.valid_NK),
            last_patch_B=torch.full_like(counts, -1),
        )

    def embed_generated(self, ids_B: Tensor, reading: TokenReading, state: GroundingState) -> Tensor:
        """Embeds generated ids, grounding ids included.

        Args:
            ids_B: One id of each row.
            reading: What they mean.
            state: What decoding keeps of the images.

        Returns:
            (B, D).
        """
        config = self.config
        grounding = (
            (reading.is_patch_B | reading.is_no_more_B, config.patch_token_id),
            (reading.is_subpatch_B, config.subpatch_token_id),
            (reading.is_location_B, config.location_token_id),
        )
        words_B = ids_B
        for is_kind_B, word in grounding:
            words_B = torch.where(is_kind_B, word, words_B)
        embeds = self.language_model.embed_tokens(words_B)
        features = state.window(state.image_features_BPD, reading.patch_B).to(embeds.dtype)
        embeds = torch.where(reading.is_patch_B[:, None], embeds + features, embeds)
        window_BKC = state.window(state.vit_features_BPKC, state.last_patch_B.clamp_min(0))
        chosen = self.build_vit_embedding(state.window(window_BKC, reading.subpatch_B)).to(embeds.dtype)
        return torch.where(reading.is_subpatch_B[:, None], chosen, embeds)

    def ground(
        self, x_BD: Tensor, reading: TokenReading, state: GroundingState
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Scores everything that a point may choose in one decode step.

        Args:
            x_BD: Hidden states before the final norm.
            reading: What the ids just fed mean.
            state: What decoding keeps of the images.

        Returns:
            Scores of patches (B, P + 1), "no more points" last, of subpatches (B, K) and of locations (B, L).
        """
        head = self.point_predictor
        patches = head.scores_of_patches(
            x_BD[:, None],
            state.last_position_B[:, None],
            state.patch_keys_BPE,
            state.indexable_BP,
            state.ids.subpatch_start_B,
        )
        subpatches = head.scores_of_subpatches(
            x_BD,
            state.window(state.subpatch_keys_BPKE, reading.patch_B),
            state.window(state.subpatch_valid_BPK, reading.patch_B),
        )
        return patches[:, 0], subpatches, head.scores_of_locations(x_BD)
