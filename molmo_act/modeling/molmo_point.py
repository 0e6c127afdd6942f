"""MolmoPoint as a difference from transformers' native Molmo2: what it adds, and nothing else.

Shape letters: B batch, S sequence, D text width, P image tokens of a prompt, N image tokens of a whole
batch, K slots of a pooling window, C width of gathered ViT features, E width of grounding keys, V words,
T extended ids.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence
from transformers import LogitsProcessorList, Molmo2ForConditionalGeneration
from transformers.cache_utils import Cache
from transformers.masking_utils import create_bidirectional_mask, create_causal_mask
from transformers.models.molmo2.modeling_molmo2 import (
    Molmo2Adapter,
    Molmo2CausalLMOutputWithPast,
    Molmo2Model,
    Molmo2RMSNorm,
    Molmo2TextModel,
    Molmo2VisionModel,
)

from molmo_act.modeling.configuration import MolmoPointAdapterConfig, MolmoPointConfig
from molmo_act.modeling.grounding_head import GroundingHead
from molmo_act.modeling.grounding_state import ExtendedIds, GroundingState, TokenReading
from molmo_act.modeling.grounding_text import extract_grounding_points, extract_grounding_video_points
from molmo_act.modeling.loading import StrictLoading
from molmo_act.modeling.logits_processor import GroundingLogitsProcessor

_INCOMPLETE = "{} came without the pooling and grids of its pictures; give all that the processor gave."
NEVER = -1e5  # what the released code gives to ids that a step cannot produce

_FIRST_ONLY = (
    "token_type_ids",
    "pixel_values",
    "image_token_pooling",
    "image_grids",
    "image_num_crops",
    "pixel_values_videos",
    "video_token_pooling",
    "video_grids",
)


class SlotBias(nn.Module):
    """A learned bias for each slot of a pooling window."""

    def __init__(self, slots: int, width: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(slots, width))


class MolmoPointAdapter(Molmo2Adapter):
    """The native connector, fed with gathered windows and with the released options."""

    config_class = MolmoPointAdapterConfig

    def __init__(self, config: MolmoPointAdapterConfig) -> None:
        super().__init__(config)
        if not config.attention_pooling_out_layer:
            self.image_pooling_2d.o_proj = nn.Identity()
        if config.positional_embeddings:
            width = config.hidden_size * len(config.vision_feature_layer)
            self.positional_embeddings = SlotBias(config.positional_embeddings, width)

    def forward(self, windows_NKC: Tensor, valid_NK: Tensor) -> Tensor:
        """Pools each window and projects it to the width of the language model.

        Args:
            windows_NKC: Gathered ViT features, zero in empty slots.
            valid_NK: Which slots hold a patch; every window has at least one.

        Returns:
            (N, D).
        """
        if self.config.positional_embeddings:
            windows_NKC = windows_NKC + self.positional_embeddings.bias[: windows_NKC.shape[1]]
        mask = None
        if self.config.pooling_attention_mask:
            mask = create_bidirectional_mask(
                config=self.config,
                inputs_embeds=windows_NKC[:, :1],
                attention_mask=valid_NK,
                encoder_hidden_states=windows_NKC,
            )
        else:
            windows_NKC = windows_NKC * valid_NK[..., None].to(windows_NKC.dtype)
        count_N11 = valid_NK.sum(-1).clamp_min(1)[:, None, None].to(windows_NKC.dtype)
        mean_N1C = windows_NKC.sum(-2, keepdim=True) / count_N11
        pooled_N1D, _ = self.image_pooling_2d(mean_N1C, windows_NKC, attention_mask=mask)
        return self.image_projector(pooled_N1D[:, 0])


class MolmoPointTextModel(Molmo2TextModel):
    """The native language model without its final norm, whose input the grounding head reads."""

    def __init__(self, config: Any) -> None:
        super().__init__(config)
        self.norm = nn.Identity()


@dataclass
class MolmoPointOutput(Molmo2CausalLMOutputWithPast):
    """Output of one forward pass.

    Attributes:
        logits: (B, S or 1, V + T): words, then the extended ids of each row's prompt.
        grounding_state: What the next step needs of the images; None for prompts without images.
        patch_scores: (B, P + 1), scaled scores of a decode step, "no more points" last; None at prefill.
        subpatch_scores: (B, K), of the window of the patch just fed (meaningless after other tokens).
        location_scores: (B, L), meaningful after a subpatch.
    """

    grounding_state: GroundingState | None = None
    patch_scores: Tensor | None = None
    subpatch_scores: Tensor | None = None
    location_scores: Tensor | None = None


class MolmoPointModel(Molmo2Model):
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
        self.post_init()

    def gather_windows(self, pixel_values: Tensor, pooling_NK: Tensor) -> Tensor:
        """ViT features of the patches of every pooling window.

        Args:
            pixel_values: (crops, patches, pixels of a patch) float.
            pooling_NK: Patch ids over all crops, crop by crop; -1 for an empty slot.

        Returns:
            (N, K, C), zero in empty slots.
        """
        layers = self.config.adapter_config.vision_feature_layer
        hidden = self.vision_tower(pixel_values, output_hidden_states=True).hidden_states
        features = torch.cat([hidden[i + 1 if i >= 0 else i] for i in layers], dim=-1).flatten(0, 1)
        return features[pooling_NK.clamp_min(0)] * (pooling_NK >= 0)[..., None].to(features.dtype)

    def embed_prompt(self, input_ids: Tensor, image_features_ND: Tensor | None) -> Tensor:
        """(B, S, D) word embeddings, with image features added at the image tokens in order."""
        embeds = self.language_model.embed_tokens(input_ids)
        if image_features_ND is None:
            return embeds
        where = self.image_tokens(input_ids)
        if int(where.sum()) != len(image_features_ND):
            raise ValueError(
                f"The prompt has {int(where.sum())} image tokens but the images give "
                f"{len(image_features_ND)}; both must come from one call of the processor."
            )
        where = where[..., None].expand_as(embeds)
        return embeds.masked_scatter(where, embeds[where] + image_features_ND.to(embeds.dtype).flatten())

    def image_tokens(self, input_ids: Tensor) -> Tensor:
        """(B, S) bool: tokens that stand for a pooling window, of a global crop or not."""
        config = self.config
        return (input_ids == config.image_patch_id) | (input_ids == config.image_non_indexable_patch_id)

    def run_text(
        self,
        embeds: Tensor,
        attention_mask: Tensor | None,
        position_ids: Tensor | None,
        past_key_values: Cache | None,
        token_type_ids: Tensor | None = None,
        **kwargs: Any,
    ) -> tuple[Tensor, Cache | None]:
        """Language model over embeddings; image tokens see one another in both directions.

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
            past_key_values=past_key_values,
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
        self, input_ids: Tensor, x_BSD: Tensor, features_ND: Tensor, windows_NKC: Tensor, valid_NK: Tensor
    ) -> GroundingState:
        """Keys and tables of a prompt's images; rows of the batch are padded to the longest."""
        config, head = self.config, self.point_predictor
        where = self.image_tokens(input_ids)
        indexable = input_ids == config.image_patch_id
        counts = where.sum(-1)
        sizes = counts.tolist()

        def rows(flat: Tensor) -> Tensor:
            return pad_sequence(list(flat.split(sizes)), batch_first=True)

        positions_BP = rows((indexable.cumsum(-1) - 1)[where])
        ids = ExtendedIds(
            start=config.extended_vocab_start,
            num_patches_B=counts,
            num_subpatches=valid_NK.shape[1],
            num_locations=config.num_locations,
            no_more_points=config.no_more_points_class,
        )
        return GroundingState(
            ids=ids,
            patch_keys_BPE=head.patch_keys(rows(x_BSD[where]), positions_BP),
            indexable_BP=rows(indexable[where]),
            positions_BP=positions_BP,
            image_features_BPD=rows(features_ND),
            vit_features_BPKC=rows(windows_NKC),
            subpatch_keys_BPKE=rows(head.subpatch_k(windows_NKC)),
            subpatch_valid_BPK=rows(valid_NK),
            last_patch_B=torch.full_like(counts, -1),
        )

    def embed_generated(self, ids_B: Tensor, reading: TokenReading, state: GroundingState) -> Tensor:
        """(B, D) embeddings of generated ids, grounding ids included."""
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
        """Scores of one decode step: patches (B, P + 1), subpatches (B, K), locations (B, L)."""
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


def flat_pooling(pooling: Tensor, rows: Tensor, patches: Tensor) -> Tensor:
    """Patch ids that restart at 0 in every image → ids over all images of the batch.

    Args:
        pooling: (N, K) ids relative to their own image, -1 for an empty slot.
        rows: (images,) rows of `pooling` of each image.
        patches: (images,) ViT patches of each image.
    """
    offsets = (patches.cumsum(0) - patches).repeat_interleave(rows)
    return torch.where(pooling >= 0, pooling + offsets[:, None], -1)


class MolmoPointForConditionalGeneration(StrictLoading, Molmo2ForConditionalGeneration):
    """MolmoPoint with its LM head, for `generate` and for the engine; loads strictly, see `StrictLoading`.

    Beyond native Molmo2, logits go on behind the vocabulary with the ids of the prompt's patches, of
    "no more points", of the slots of a window and of the locations inside a ViT patch.
    """

    config_class = MolmoPointConfig
    _tied_weights_keys: ClassVar = {"lm_head.weight": "model.language_model.embed_tokens.weight"}

    def __init__(self, config: MolmoPointConfig) -> None:
        super(Molmo2ForConditionalGeneration, self).__init__(config)
        self.model = MolmoPointModel(config)
        self.vocab_size = config.extended_vocab_start
        self.lm_head = nn.Linear(config.text_config.hidden_size, self.vocab_size, bias=False)
        self.post_init()

    def flat_inputs(
        self,
        pixel_values: Tensor | None = None,
        image_token_pooling: Tensor | None = None,
        image_grids: Tensor | None = None,
        image_num_crops: Tensor | None = None,
        pixel_values_videos: Tensor | None = None,
        video_token_pooling: Tensor | None = None,
        video_grids: Tensor | None = None,
    ) -> tuple[Tensor, Tensor] | None:
        """Crops (or frames) and the pooling windows over all of them; None for a prompt without images."""
        if pixel_values is not None and pixel_values_videos is not None:
            raise ValueError("Images and a video cannot be mixed in one prompt; give one or the other.")
        if pixel_values is not None:
            if image_token_pooling is None or image_grids is None or image_num_crops is None:
                raise ValueError(_INCOMPLETE.format("pixel_values"))
            rows = image_grids[:, 0] * image_grids[:, 1] + image_grids[:, 2] * image_grids[:, 3]
            patches = image_num_crops * pixel_values.shape[1]
            return pixel_values, flat_pooling(image_token_pooling, rows, patches)
        if pixel_values_videos is not None:
            if video_token_pooling is None or video_grids is None:
                raise ValueError(_INCOMPLETE.format("pixel_values_videos"))
            patches = video_grids[:, 0] * pixel_values_videos.shape[1]
            return pixel_values_videos, flat_pooling(video_token_pooling, video_grids.prod(-1), patches)
        return None

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
        past_key_values: Cache | None = None,
        grounding_state: GroundingState | None = None,
        use_cache: bool | None = None,
        logits_to_keep: int = 0,
        **kwargs: Any,
    ) -> MolmoPointOutput:
        """One prefill, or one decode step of one token per row when `grounding_state` is given.

        Args:
            input_ids: (B, S) ids; in a decode step (B, 1), extended ids allowed.
            attention_mask: (B, S) of all positions so far, 0 at padding.
            position_ids: (B, S); counted from the attention mask when absent.
            token_type_ids: (B, S) bool, the tokens that see one another in both directions.
            pixel_values: (crops, patches, pixels of a patch) float, RGB, normalised.
            image_token_pooling: (N, K) patch ids of each window, relative to their image, -1 when empty.
            image_grids: (images, 4) rows and columns of windows of the global and of the detailed part.
            image_num_crops: (images,).
            pixel_values_videos, video_token_pooling, video_grids: The same for one video per row;
                grids are (frames, rows, columns).
            past_key_values: Cache of earlier positions.
            grounding_state: `grounding_state` of the previous output.
            logits_to_keep: Compute logits of the last so many positions only; 0 means all.

        Raises:
            ValueError: Image tokens and images do not belong together.
        """
        use_cache = self.config.text_config.use_cache if use_cache is None else use_cache
        if position_ids is None and attention_mask is not None and attention_mask.ndim == 2:
            position_ids = (attention_mask.long().cumsum(-1) - 1).clamp_min(0)[:, -input_ids.shape[1] :]
        context = {"position_ids": position_ids, "past_key_values": past_key_values, "use_cache": use_cache}
        if grounding_state is not None:
            return self._forward_step(input_ids, attention_mask, grounding_state, context | kwargs)
        images = self.flat_inputs(
            pixel_values,
            image_token_pooling,
            image_grids,
            image_num_crops,
            pixel_values_videos,
            video_token_pooling,
            video_grids,
        )
        return self._forward_prompt(
            input_ids, attention_mask, token_type_ids, images, logits_to_keep, context | kwargs
        )

    def _forward_prompt(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None,
        token_type_ids: Tensor | None,
        images: tuple[Tensor, Tensor] | None,
        logits_to_keep: int,
        context: dict[str, Any],
    ) -> MolmoPointOutput:
        model, features_ND = self.model, None
        if images is not None:
            pixels, pooling_NK = images
            windows_NKC = model.gather_windows(pixels, pooling_NK)
            valid_NK = pooling_NK >= 0
            features_ND = model.multi_modal_projector(windows_NKC, valid_NK)
        embeds = model.embed_prompt(input_ids, features_ND)
        x_BSD, cache = model.run_text(embeds, attention_mask, token_type_ids=token_type_ids, **context)
        logits = self.lm_head(model.final_norm(x_BSD[:, -logits_to_keep:]))
        if features_ND is None:
            return MolmoPointOutput(logits=logits, past_key_values=cache)
        state = model.make_state(input_ids, x_BSD, features_ND, windows_NKC, valid_NK)
        nothing_T = logits.new_full((*logits.shape[:2], int(state.ids.end_B.max())), NEVER)
        logits = torch.cat((self._without_grounding_words(logits), nothing_T), dim=-1)
        return MolmoPointOutput(logits=logits, past_key_values=cache, grounding_state=state)

    def _forward_step(
        self, input_ids: Tensor, attention_mask: Tensor | None, state: GroundingState, context: dict[str, Any]
    ) -> MolmoPointOutput:
        model = self.model
        ids_B = input_ids[:, -1]
        reading = state.ids.read(ids_B)
        embeds = model.embed_generated(ids_B, reading, state)[:, None]
        x_B1D, cache = model.run_text(embeds, attention_mask, **context)
        scores = model.ground(x_B1D[:, 0], reading, state)
        words_BV = self.lm_head(model.final_norm(x_B1D[:, 0]))
        return MolmoPointOutput(
            logits=self._extended_logits(words_BV, scores, reading, state.ids)[:, None],
            past_key_values=cache,
            grounding_state=state.after(reading),
            patch_scores=scores[0],
            subpatch_scores=scores[1],
            location_scores=scores[2],
        )

    def _grounding_words(self) -> list[int]:
        return [self.config.patch_token_id, self.config.subpatch_token_id, self.config.location_token_id]

    def _without_grounding_words(self, logits: Tensor) -> Tensor:
        logits = logits.clone()
        logits[..., self._grounding_words()] = NEVER
        return logits

    def _extended_logits(
        self, words_BV: Tensor, scores: tuple[Tensor, Tensor, Tensor], reading: TokenReading, ids: ExtendedIds
    ) -> Tensor:
        """(B, V + T): the best patch gets the logit of the patch word, other choices their scores."""
        patches, subpatches, locations = scores
        tail_BT = words_BV.new_full((len(words_BV), int(ids.end_B.max())), NEVER)
        best_B1 = torch.minimum(patches.argmax(-1), ids.num_patches_B)[:, None]
        tail_BT.scatter_(1, best_B1, words_BV[:, self.config.patch_token_id, None])
        for start_B, kind, is_due_B in (
            (ids.subpatch_start_B, subpatches, reading.is_patch_B),
            (ids.location_start_B, locations, reading.is_subpatch_B),
        ):
            columns = start_B[:, None] + torch.arange(kind.shape[1], device=kind.device)
            tail_BT.scatter_(1, columns, torch.where(is_due_B[:, None], kind, NEVER).to(tail_BT.dtype))
        return torch.cat((self._without_grounding_words(words_BV), tail_BT), dim=-1)

    def build_logit_processor_from_inputs(self, inputs: Mapping[str, Any]) -> LogitsProcessorList:
        """The rules of decoding for one call of `generate`; empty for prompts without images.

        Args:
            inputs: What the processor gave.
        """
        pooling = inputs.get("image_token_pooling")
        pooling = inputs.get("video_token_pooling") if pooling is None else pooling
        if pooling is None:
            return LogitsProcessorList()
        config, always = self.config, ("always", "inference")
        ids = ExtendedIds(
            start=config.extended_vocab_start,
            num_patches_B=self.model.image_tokens(inputs["input_ids"]).sum(-1),
            num_subpatches=pooling.shape[-1],
            num_locations=config.num_locations,
            no_more_points=config.no_more_points_class,
        )
        rules = GroundingLogitsProcessor(
            ids,
            prevent_repeats=config.mask_repeats in always,
            force_patch_sorted=config.mask_patches in always,
            force_subpatch_sorted=config.mask_subpatches in always,
        )
        return LogitsProcessorList([rules])

    def extract_image_points(
        self, text: str, token_pooling: Any, subpatch_mapping: Any, image_sizes: Any
    ) -> list[list[float]]:
        """Rows [object id, image index, x, y] of an answer, pixels of the original images.

        Args:
            text: The answer, grounding tokens kept.
            token_pooling, subpatch_mapping, image_sizes: Of the processor's pointing metadata.
        """
        config = self.config
        return extract_grounding_points(
            text,
            config.no_more_points_class,
            config.patch_location,
            token_pooling,
            subpatch_mapping,
            image_sizes,
        )

    def extract_video_points(
        self, text: str, token_pooling: Any, subpatch_mapping: Any, timestamps: Any, video_size: Any
    ) -> list[list[float]]:
        """Rows [object id, seconds, x, y] of an answer about a video, pixels of the original frames.

        Args:
            text: The answer, grounding tokens kept.
            token_pooling, subpatch_mapping, timestamps, video_size: Of the processor's pointing metadata.
        """
        config = self.config
        return extract_grounding_video_points(
            text,
            config.no_more_points_class,
            config.patch_location,
            token_pooling,
            subpatch_mapping,
            timestamps,
            video_size,
        )

    def prepare_inputs_for_generation(
        self, input_ids: Tensor, is_first_iteration: bool = False, **kwargs: Any
    ) -> dict[str, Any]:
        """What the next forward pass of `generate` is given: images only in the first one."""
        inputs = super(Molmo2ForConditionalGeneration, self).prepare_inputs_for_generation(
            input_ids, is_first_iteration=is_first_iteration, **kwargs
        )
        if is_first_iteration:
            return inputs
        return {key: value for key, value in inputs.items() if key not in _FIRST_ONLY}

    def _update_model_kwargs_for_generation(
        self, outputs: MolmoPointOutput, model_kwargs: dict[str, Any], **kwargs: Any
    ) -> dict[str, Any]:
        model_kwargs = super()._update_model_kwargs_for_generation(outputs, model_kwargs, **kwargs)
        model_kwargs["grounding_state"] = outputs.grounding_state
        return model_kwargs
