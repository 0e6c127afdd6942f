"""Prefill: reads prompts into a cache, with the drafted opening of the answer behind them.

Images come before the question in a prompt, so what was read of them can serve many questions.

Shape letters: B batch, S positions of the prompt and the draft, P image tokens of a prompt, W drafted tokens,
N image tokens of all prompts, K slots and C width of gathered ViT features, D text width; those of a cache
are in `kv_cache`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from molmo_act.generation.kv_cache import TreeCache
from molmo_act.models.molmo_point.core import ImageFeatures
from molmo_act.models.molmo_point.grounding_state import GroundingState
from molmo_act.models.molmo_point.modeling_molmo_point import (
    MolmoPointForConditionalGeneration,
    unpadded_positions,
)

IMAGE_INPUTS = (
    *("pixel_values", "image_token_pooling", "image_grids", "image_num_crops"),
    *("pixel_values_videos", "video_token_pooling", "video_grids"),
)
"""Inputs of the processor that describe images and videos."""


@dataclass
class PrefillOutput:
    """Prompts that have been read.

    Attributes:
        cache: Keys and values of the prompts and of the draft.
        state: Grounding state of the prompts.
        x_BWD: Hidden states of the last token of the prompts and of the draft.
        real_BS: bool, positions of the prompts that are no padding, without those of the draft.
        length: Positions of the prompts, padding included.
    """

    cache: TreeCache
    state: GroundingState
    x_BWD: Tensor
    real_BS: Tensor
    length: int


@dataclass
class Prefix:
    """The beginning of a prompt up to its last image, read once for many questions.

    Attributes:
        values: Keys and values of its positions, those of a cache (2, L, 1, H, S, D).
        state: Grounding state of the images.
    """

    values: Tensor
    state: GroundingState

    @property
    def length(self) -> int:
        """Positions of the prefix."""
        return self.values.shape[4]


def prefill(
    model: MolmoPointForConditionalGeneration,
    inputs: Mapping[str, Tensor],
    draft: Sequence[int],
    cache: TreeCache,
) -> PrefillOutput:
    """Reads prompts and a draft behind them, in one forward pass.

    Args:
        model: MolmoPoint.
        inputs: Output of the processor, padded on the left; every row with at least one image or a video.
        draft: Drafted ids behind every prompt.
        cache: An empty cache with room for prompts, draft and answers.

    Returns:
        The prompts as decoding needs them.

    Raises:
        ValueError: There is no image.
    """
    ids_BS = inputs["input_ids"]
    length = ids_BS.shape[1]
    drafted = torch.tensor([*draft], dtype=ids_BS.dtype, device=ids_BS.device).expand(len(ids_BS), -1)
    real_BS = F.pad(inputs["attention_mask"].bool(), (0, len(draft)), value=True)
    seen = inputs.get("token_type_ids")
    image_BS = torch.zeros_like(real_BS) if seen is None else F.pad(seen.bool(), (0, len(draft)))
    views = _encode_images(model, inputs)
    embeds = model.model.embed_prompt(torch.cat((ids_BS, drafted), dim=1), views.features_ND)
    x_BSD = _read(model, cache, embeds, prompt_mask(real_BS, image_BS), real_BS)
    state = model.model.make_state(ids_BS, x_BSD[:, :length], views)
    return PrefillOutput(cache, state, x_BSD[:, length - 1 :], real_BS[:, :length], length)


@torch.inference_mode()
def prefill_prefix(
    model: MolmoPointForConditionalGeneration, inputs: Mapping[str, Tensor], mean_NKC: Tensor | None = None
) -> Prefix:
    """Reads one prompt up to its last image.

    Nothing up to there attends to what follows, since text attends only to what came before it; so the prefix
    is the same for every question, and to share it is exact.

    Args:
        model: MolmoPoint.
        inputs: Output of the processor for one prompt, all images before the question.
        mean_NKC: See `molmo_act.models.molmo_point.core.MolmoPointModel.view`.

    Returns:
        The prefix.

    Raises:
        ValueError: There is no image.
    """
    length = 1 + int(torch.nonzero(inputs["token_type_ids"][0])[-1])
    ids_1S, image_1S = (inputs[name][:1, :length] for name in ("input_ids", "token_type_ids"))
    views = _encode_images(model, inputs, mean_NKC)
    values, x_1SD = extend_prefix(model, ids_1S, image_1S.bool(), views.features_ND)
    return Prefix(values, model.model.make_state(ids_1S, x_1SD, views))


@torch.inference_mode()
def extend_prefix(
    model: MolmoPointForConditionalGeneration,
    ids_1W: Tensor,
    image_1W: Tensor,
    features_ND: Tensor,
    before: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """Reads images behind a prefix, which they attend to and which does not attend to them.

    Args:
        model: MolmoPoint.
        ids_1W: Ids of the images and the words between them.
        image_1W: bool, which of them attend to one another in both directions.
        features_ND: Connector output for the image tokens.
        before: Keys and values of the prefix, (2, L, 1, H, S, D); None for an empty one.

    Returns:
        Keys and values of all positions, and hidden states of those just read (1, W, D).
    """
    length, width = 0 if before is None else before.shape[4], ids_1W.shape[1]
    cache = new_cache(model, 1, length + width)
    if before is not None:
        cache.values_2LBHSD[:, :, :, :, :length] = before
    mask = F.pad(prompt_mask(torch.ones_like(image_1W), image_1W), (length, 0), value=True)
    embeds = model.model.embed_prompt(ids_1W, features_ND)
    x_1WD = _read(model, cache, embeds, mask, image_1W.new_ones(1, length + width))
    return cache.values_2LBHSD, x_1WD


def prefill_with_prefix(
    model: MolmoPointForConditionalGeneration,
    prefix: Prefix,
    questions: Sequence[Sequence[int]],
    draft: Sequence[int],
    cache: TreeCache,
) -> PrefillOutput:
    """Reads several questions about the same images, in one forward pass.

    Args:
        model: MolmoPoint, the one that read the prefix.
        prefix: The images.
        questions: For each question the ids of everything behind the images.
        draft: Drafted ids behind every question.
        cache: See `prefill`; it has a row for every question.

    Returns:
        The prompts as decoding needs them.
    """
    device, longest = prefix.values.device, max(map(len, questions))
    rows = [[0] * (longest - len(ids)) + [*ids, *draft] for ids in questions]
    embeds = model.model.language_model.embed_tokens(torch.tensor(rows, device=device))
    padding = torch.tensor([longest - len(ids) for ids in questions], device=device)
    real_BS = torch.arange(longest + len(draft), device=device) >= padding[:, None]
    length = prefix.length + longest
    cache.values_2LBHSD[:, :, :, :, : prefix.length] = prefix.values
    mask = F.pad(prompt_mask(real_BS, torch.zeros_like(real_BS)), (prefix.length, 0), value=True)
    real_BS = F.pad(real_BS, (prefix.length, 0), value=True)
    x_BSD = _read(model, cache, embeds, mask, real_BS)
    shared = torch.zeros(len(rows), dtype=torch.long, device=device)
    return PrefillOutput(
        cache, prefix.state.select(shared), x_BSD[:, longest - 1 :], real_BS[:, :length], length
    )


def _encode_images(
    model: MolmoPointForConditionalGeneration, inputs: Mapping[str, Tensor], mean_NKC: Tensor | None = None
) -> ImageFeatures:
    images = model.flat_inputs(**{name: inputs.get(name) for name in IMAGE_INPUTS})
    if images is None:
        raise ValueError("The prompts have no image; there is nothing to point at.")
    return model.model.encode_images(*images, mean_NKC)


def _read(
    model: MolmoPointForConditionalGeneration, cache: TreeCache, embeds: Tensor, mask: Tensor, real_BS: Tensor
) -> Tensor:
    """(B, W, D) hidden states of the last W positions, which are written behind what the cache holds."""
    batch, width = embeds.shape[:2]
    end = real_BS.shape[1]
    write_BW = torch.arange(end - width, end, device=embeds.device).expand(batch, -1)
    cache.prepare(write_BW, end, in_line=True)
    hidden: Tensor = model.model.language_model(
        inputs_embeds=embeds,
        attention_mask=mask,
        position_ids=unpadded_positions(real_BS, width),
        past_key_values=cache,
        use_cache=True,
    ).last_hidden_state
    return hidden


def prompt_mask(real_BS: Tensor, image_BS: Tensor) -> Tensor:
    """Masks the attention of prompts: causal, but image tokens attend to one another in both directions.

    Args:
        real_BS: bool, which tokens are no padding.
        image_BS: bool, which tokens belong to images.

    Returns:
        bool (B, 1, S, S), which token (row) attends to which (column); padding attends to itself only.
    """
    length = real_BS.shape[1]
    causal = torch.ones(length, length, dtype=torch.bool, device=real_BS.device).tril()
    mask = (causal | (image_BS[:, :, None] & image_BS[:, None])) & real_BS[:, None]
    return (mask | torch.eye(length, dtype=torch.bool, device=real_BS.device))[:, None]


def new_cache(model: MolmoPointForConditionalGeneration, batch: int, capacity: int) -> TreeCache:
    """Makes an empty cache.

    Args:
        model: MolmoPoint.
        batch: Number of rows.
        capacity: Number of positions.

    Returns:
        The cache, of the model's type and on its device.
    """
    like = torch.empty(0, dtype=model.model.final_norm.weight.dtype, device=model.device)
    return TreeCache.of(model.config.text_config, batch, capacity, like)
