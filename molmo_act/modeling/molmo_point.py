"""MolmoPoint as a difference from transformers' native Molmo2: what it adds, and nothing else.

Shape letters: B batch, S sequence, P image tokens of a prompt, N image tokens of a whole batch, K slots of a
pooling window, L locations, V words, T extended ids.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from transformers import LogitsProcessorList, Molmo2ForConditionalGeneration
from transformers.cache_utils import Cache
from transformers.models.molmo2.modeling_molmo2 import Molmo2CausalLMOutputWithPast

from molmo_act.errors import InputError
from molmo_act.modeling.configuration import MolmoPointConfig
from molmo_act.modeling.core import MolmoPointModel
from molmo_act.modeling.grounding_state import ExtendedIds, GroundingState, TokenReading
from molmo_act.modeling.grounding_text import extract_grounding_points, extract_grounding_video_points
from molmo_act.modeling.loading import StrictLoading
from molmo_act.modeling.logits_processor import GroundingLogitsProcessor, OrderRules

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


def flat_pooling(pooling: Tensor, rows: Tensor, patches: Tensor) -> Tensor:
    """Patch ids that restart at 0 in every image → ids over all images of the batch.

    Args:
        pooling: (N, K) ids relative to their own image, -1 for an empty slot.
        rows: (images,) rows of `pooling` of each image.
        patches: (images,) ViT patches of each image.
    """
    offsets = (patches.cumsum(0) - patches).repeat_interleave(rows)
    return torch.where(pooling >= 0, pooling + offsets[:, None], -1)


def flat_image_pooling(pooling: Tensor, grids: Tensor, num_crops: Tensor, per_crop: int) -> Tensor:
    """`flat_pooling` of images, from the processor's grids and numbers of crops of `per_crop` patches."""
    rows = grids[:, 0] * grids[:, 1] + grids[:, 2] * grids[:, 3]
    return flat_pooling(pooling, rows, num_crops * per_crop)


def flat_video_pooling(pooling: Tensor, grids: Tensor, per_frame: int) -> Tensor:
    """`flat_pooling` of videos, from the processor's grids and `per_frame` patches of each frame."""
    return flat_pooling(pooling, grids.prod(-1), grids[:, 0] * per_frame)


def unpadded_positions(attention_mask: Tensor, length: int) -> Tensor:
    """(B, length) positions of the last tokens, counted without the padding on the left."""
    return (attention_mask.long().cumsum(-1) - 1).clamp_min(0)[:, -length:]


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
            raise InputError("A batch holds images and a video; expected one kind. Ask in two calls.")
        if pixel_values is not None:
            if image_token_pooling is None or image_grids is None or image_num_crops is None:
                raise ValueError(_INCOMPLETE.format("pixel_values"))
            per_crop = pixel_values.shape[1]
            return pixel_values, flat_image_pooling(
                image_token_pooling, image_grids, image_num_crops, per_crop
            )
        if pixel_values_videos is not None:
            if video_token_pooling is None or video_grids is None:
                raise ValueError(_INCOMPLETE.format("pixel_values_videos"))
            per_frame = pixel_values_videos.shape[1]
            return pixel_values_videos, flat_video_pooling(video_token_pooling, video_grids, per_frame)
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
            position_ids = unpadded_positions(attention_mask, input_ids.shape[1])
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
        model = self.model
        views = None if images is None else model.look(*images)
        embeds = model.embed_prompt(input_ids, None if views is None else views.features_ND)
        x_BSD, cache = model.run_text(embeds, attention_mask, token_type_ids=token_type_ids, **context)
        logits = self.lm_head(model.final_norm(x_BSD[:, -logits_to_keep:]))
        if views is None:
            return MolmoPointOutput(logits=logits, past_key_values=cache)
        state = model.make_state(input_ids, x_BSD, views)
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

    @property
    def grounding_words(self) -> list[int]:
        """Ids of the words for patch, subpatch and location, which no answer holds themselves."""
        return [self.config.patch_token_id, self.config.subpatch_token_id, self.config.location_token_id]

    def _without_grounding_words(self, logits: Tensor) -> Tensor:
        logits = logits.clone()
        logits[..., self.grounding_words] = NEVER
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
        config = self.config
        ids = ExtendedIds(
            start=config.extended_vocab_start,
            num_patches_B=self.model.image_tokens(inputs["input_ids"]).sum(-1),
            num_subpatches=pooling.shape[-1],
            num_locations=config.num_locations,
            no_more_points=config.no_more_points_class,
        )
        return LogitsProcessorList([GroundingLogitsProcessor(ids, **vars(OrderRules.of(config)))])

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
