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
from torch.nn.utils.rnn import pad_sequence
from transformers import LogitsProcessorList, Molmo2ForConditionalGeneration
from transformers.cache_utils import Cache
from transformers.models.molmo2.modeling_molmo2 import Molmo2CausalLMOutputWithPast

from molmo_act.errors import InputError
from molmo_act.formats.exact_plan import ExactPlan
from molmo_act.formats.grounding_tokens import AnswerGrammar
from molmo_act.formats.order_rules import OrderRules
from molmo_act.formats.point_extraction import (
    extract_grounding_points,
    extract_grounding_video_points,
)
from molmo_act.models.copying import Saveable
from molmo_act.models.forward_options import checked_forward_options
from molmo_act.models.generating import Generating
from molmo_act.models.molmo_point.configuration_molmo_point import MolmoPointConfig
from molmo_act.models.molmo_point.core import MolmoPointModel
from molmo_act.models.molmo_point.exact_points import ExactPointsLogitsProcessor, Places
from molmo_act.models.molmo_point.grounding_head import NEVER, lowest
from molmo_act.models.molmo_point.grounding_state import ExtendedIds, GroundingState, TokenReading
from molmo_act.models.molmo_point.logits_processor import GroundingLogitsProcessor
from molmo_act.models.strict_loading import StrictLoading

INCOMPLETE = "{} came without the pooling and grids of its images; give all that the processor gave."
"""Of an error, which names what came alone."""


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

    Returns:
        (N, K) ids over all images, -1 for an empty slot.
    """
    offsets = (patches.cumsum(0) - patches).repeat_interleave(rows)
    return torch.where(pooling >= 0, pooling + offsets[:, None], -1)


def flat_image_pooling(pooling: Tensor, grids: Tensor, num_crops: Tensor, per_crop: int) -> Tensor:
    """`flat_pooling` of images, by what the processor says of them.

    Args:
        pooling: (N, K) ids relative to their own image, -1 for an empty slot.
        grids: (images, 4) rows and columns of windows of the global and of the detailed part.
        num_crops: (images,) crops of each.
        per_crop: ViT patches of a crop.

    Returns:
        (N, K) ids over all images, -1 for an empty slot.
    """
    rows = grids[:, 0] * grids[:, 1] + grids[:, 2] * grids[:, 3]
    return flat_pooling(pooling, rows, num_crops * per_crop)


def flat_video_pooling(pooling: Tensor, grids: Tensor, per_frame: int) -> Tensor:
    """`flat_pooling` of videos, by what the processor says of them.

    Args:
        pooling: (N, K) ids relative to their own video, -1 for an empty slot.
        grids: (videos, 3) frames, rows and columns of windows.
        per_frame: ViT patches of a frame.

    Returns:
        (N, K) ids over all videos, -1 for an empty slot.
    """
    return flat_pooling(pooling, grids.prod(-1), grids[:, 0] * per_frame)


def unpadded_positions(attention_mask: Tensor, length: int) -> Tensor:
    """Positions of the last tokens, counted without the padding on the left.

    Args:
        attention_mask: (B, S) of all positions, 0 at padding.
        length: How many of the last tokens.

    Returns:
        int64 (B, length).
    """
    return (attention_mask.long().cumsum(-1) - 1).clamp_min(0)[:, -length:]


class MolmoPointForConditionalGeneration(StrictLoading, Saveable, Generating, Molmo2ForConditionalGeneration):
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
        """Brings images or videos of a batch to one form.

        Args:
            pixel_values: (crops, patches, pixels of a patch) float, RGB, normalised.
            image_token_pooling: (N, K) patch ids of each window, relative to their image, -1 when empty.
            image_grids: (images, 4) rows and columns of windows of the global and of the detailed part.
            image_num_crops: (images,) crops of each.
            pixel_values_videos: (frames, patches, pixels of a patch) in place of `pixel_values`.
            video_token_pooling: (N, K) patch ids of each window, relative to their video.
            video_grids: (videos, 3) frames, rows and columns of windows.

        Returns:
            Crops (or frames), and the pooling windows (N, K) over all of them; None for prompts without
            images.

        Raises:
            InputError: There are both images and videos.
            ValueError: Pixels came without their windows.
        """
        if pixel_values is not None and pixel_values_videos is not None:
            raise InputError("A batch holds images and a video; expected one kind. Ask in two calls.")
        if pixel_values is not None:
            if image_token_pooling is None or image_grids is None or image_num_crops is None:
                raise ValueError(INCOMPLETE.format("pixel_values"))
            per_crop = pixel_values.shape[1]
            return pixel_values, flat_image_pooling(
                image_token_pooling, image_grids, image_num_crops, per_crop
            )
        if pixel_values_videos is not None:
            if video_token_pooling is None or video_grids is None:
                raise ValueError(INCOMPLETE.format("pixel_values_videos"))
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
        rank_patches: bool = False,
        **kwargs: Any,
    ) -> MolmoPointOutput:
        """Runs one prefill, or one decode step of one token per row when `grounding_state` is given.

        Args:
            input_ids: (B, S) ids; in a decode step (B, 1), extended ids allowed.
            attention_mask: (B, S) of all positions so far, 0 at padding.
            position_ids: (B, S); counted from the attention mask when absent.
            token_type_ids: (B, S) bool, the tokens that see one another in both directions.
            pixel_values: (crops, patches, pixels of a patch) float, RGB, normalised.
            image_token_pooling: (N, K) patch ids of each window, relative to their image, -1 when empty.
            image_grids: (images, 4) rows and columns of windows of the global and of the detailed part.
            image_num_crops: (images,) crops of each.
            pixel_values_videos: (frames, patches, pixels of a patch) of one video per row.
            video_token_pooling: (N, K) patch ids of each window, relative to their video.
            video_grids: (videos, 3) frames, rows and columns of windows.
            past_key_values: Cache of earlier positions.
            grounding_state: `grounding_state` of the previous output.
            use_cache: Whether to return a cache; None for what the configuration says.
            logits_to_keep: Compute logits of the last so many positions only; 0 means all.
            rank_patches: Whether patches behind the best one have logits too, lower by as much as their
                scores are, so that a logits processor that forbids the best one leaves the next. The released
                code gives none, and so does False.
            kwargs: Other arguments of the language model.

        Returns:
            Logits, cache and what the next step needs.

        Raises:
            InputError: There are both images and videos; or an option that would be ignored, such as labels.
            ValueError: Image tokens and images do not belong together.
        """
        kwargs = checked_forward_options(kwargs)
        use_cache = self.config.text_config.use_cache if use_cache is None else use_cache
        if position_ids is None and attention_mask is not None and attention_mask.ndim == 2:
            position_ids = unpadded_positions(attention_mask, input_ids.shape[1])
        context = {"position_ids": position_ids, "past_key_values": past_key_values, "use_cache": use_cache}
        if grounding_state is not None:
            return self._forward_step(
                input_ids, attention_mask, grounding_state, rank_patches, context | kwargs
            )
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
        features = None if images is None else model.encode_images(*images)
        embeds = model.embed_prompt(input_ids, None if features is None else features.features_ND)
        x_BSD, cache = model.run_text(embeds, attention_mask, token_type_ids=token_type_ids, **context)
        logits = self.lm_head(model.final_norm(x_BSD[:, -logits_to_keep:]))
        if features is None:
            return MolmoPointOutput(logits=logits, past_key_values=cache)
        state = model.make_state(input_ids, x_BSD, features)
        nothing_T = logits.new_full(
            (*logits.shape[:2], int(state.ids.end_B.max())), lowest(NEVER, logits.dtype)
        )
        logits = torch.cat((self._without_grounding_words(logits), nothing_T), dim=-1)
        return MolmoPointOutput(logits=logits, past_key_values=cache, grounding_state=state)

    def _forward_step(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None,
        state: GroundingState,
        rank_patches: bool,
        context: dict[str, Any],
    ) -> MolmoPointOutput:
        model = self.model
        ids_B = input_ids[:, -1]
        reading = state.ids.read(ids_B)
        embeds = model.embed_generated(ids_B, reading, state)[:, None]
        x_B1D, cache = model.run_text(embeds, attention_mask, **context)
        scores = model.ground(x_B1D[:, 0], reading, state)
        words_BV = self.lm_head(model.final_norm(x_B1D[:, 0]))
        return MolmoPointOutput(
            logits=self._extended_logits(words_BV, scores, reading, state.ids, rank_patches)[:, None],
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
        logits[..., self.grounding_words] = lowest(NEVER, logits.dtype)
        return logits

    def _extended_logits(
        self,
        words_BV: Tensor,
        scores: tuple[Tensor, Tensor, Tensor],
        reading: TokenReading,
        ids: ExtendedIds,
        rank_patches: bool,
    ) -> Tensor:
        """(B, V + T): the best patch gets the logit of the patch word, other choices their scores."""
        patches, subpatches, locations = scores
        never = lowest(NEVER, words_BV.dtype)
        tail_BT = words_BV.new_full((len(words_BV), int(ids.end_B.max())), never)
        patch_word_B1 = words_BV[:, self.config.patch_token_id, None]
        if rank_patches:
            column = torch.arange(patches.shape[1], device=patches.device)
            behind_BP = patches - patches.amax(-1, keepdim=True)
            is_patch_BP = column < ids.num_patches_B[:, None]
            tail_BT[:, : len(column)] = torch.where(is_patch_BP, patch_word_B1 + behind_BP, never)
            if ids.no_more_points:  # its score is the last one, whatever the number of patches of the row
                tail_BT.scatter_(1, ids.num_patches_B[:, None], patch_word_B1 + behind_BP[:, -1:])
        best_B1 = torch.minimum(patches.argmax(-1), ids.num_patches_B)[:, None]
        tail_BT.scatter_(1, best_B1, patch_word_B1)
        for start_B, kind, is_due_B in (
            (ids.subpatch_start_B, subpatches, reading.is_patch_B),
            (ids.location_start_B, locations, reading.is_subpatch_B),
        ):
            columns = start_B[:, None] + torch.arange(kind.shape[1], device=kind.device)
            tail_BT.scatter_(1, columns, torch.where(is_due_B[:, None], kind, never).to(tail_BT.dtype))
        return torch.cat((self._without_grounding_words(words_BV), tail_BT), dim=-1)

    def build_logit_processor_from_inputs(
        self,
        inputs: Mapping[str, Tensor],
        *,
        exactly: int | None = None,
        grammar: AnswerGrammar | None = None,
    ) -> LogitsProcessorList:
        """The rules of decoding for one call of `generate`.

        Args:
            inputs: What the processor gave.
            exactly: Number of points of every answer, with a `grammar`; `generate` then needs
                ``rank_patches=True`` as well. None for as many as the model finds.
            grammar: Ids that answers are made of: ``AnswerGrammar.of(processor.tokenizer)``. With it a list
                ends behind "no more points"; without, any word may follow, as in the released code.

        Returns:
            A list with one logits processor; empty for prompts without images.

        Raises:
            InputError: An image has no place for so many points, or the grammar is missing.
        """
        pooling = inputs.get("image_token_pooling")
        pooling = inputs.get("video_token_pooling") if pooling is None else pooling
        if pooling is None:
            return LogitsProcessorList()
        prompt_BS, order = inputs["input_ids"], OrderRules.of(self.config)
        ids = self.model.extended_ids(prompt_BS, pooling.shape[-1])
        rules = GroundingLogitsProcessor(ids, order, None if grammar is None else grammar.list_end)
        if exactly is None:
            return LogitsProcessorList([rules])
        if grammar is None:
            raise InputError("exactly= came without grammar=; give AnswerGrammar.of(processor.tokenizer).")
        is_image_BS = self.model.image_tokens(prompt_BS)
        sizes = is_image_BS.sum(-1).tolist()
        indexable = (prompt_BS == self.config.image_patch_id)[is_image_BS]
        valid_BPK, indexable_BP = (
            pad_sequence(list(torch.split(flat, sizes)), batch_first=True)
            for flat in ((pooling >= 0).to(prompt_BS.device), indexable)
        )
        places = Places.of(valid_BPK, indexable_BP, order)
        places.check(exactly)
        plan = ExactPlan.of(grammar, exactly, self.config)
        return LogitsProcessorList([ExactPointsLogitsProcessor(plan, places, rules, prompt_BS.shape[1])])

    def extract_image_points(
        self, text: str, token_pooling: Any, subpatch_mapping: Any, image_sizes: Any
    ) -> list[list[float]]:
        """Reads the points of an answer about images.

        Args:
            text: The answer, grounding tokens kept.
            token_pooling: int (P, K), of the processor's pointing metadata.
            subpatch_mapping: One int (rows, columns) for each image, of the same metadata.
            image_sizes: (width, height) of each image in pixels, of the same metadata.

        Returns:
            Rows [object id, image index, x, y], pixels of the original images.
        """
        return extract_grounding_points(
            text, *self._point_format, token_pooling, subpatch_mapping, image_sizes
        )

    def extract_video_points(
        self, text: str, token_pooling: Any, subpatch_mapping: Any, timestamps: Any, video_size: Any
    ) -> list[list[float]]:
        """Reads the points of an answer about a video.

        Args:
            text: The answer, grounding tokens kept.
            token_pooling: int (P, K), of the processor's pointing metadata.
            subpatch_mapping: int (frames, rows, columns), of the same metadata.
            timestamps: Seconds of each frame, of the same metadata.
            video_size: (width, height) of the original frames in pixels, of the same metadata.

        Returns:
            Rows [object id, seconds, x, y], pixels of the original frames.
        """
        return extract_grounding_video_points(
            text, *self._point_format, token_pooling, subpatch_mapping, timestamps, video_size
        )

    @property
    def _point_format(self) -> tuple[bool, str | None]:
        """Whether the model says "no more points", and its grid of locations."""
        return self.config.no_more_points_class, self.config.patch_location

    def _update_model_kwargs_for_generation(
        self, outputs: MolmoPointOutput, model_kwargs: dict[str, Any], **kwargs: Any
    ) -> dict[str, Any]:
        model_kwargs = super()._update_model_kwargs_for_generation(outputs, model_kwargs, **kwargs)
        model_kwargs["grounding_state"] = outputs.grounding_state
        return model_kwargs
