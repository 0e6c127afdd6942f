"""Reads prompts: images and words into a cache, with the drafted beginning of the answer behind them.

Shape letters: B batch, S places of the prompt and the draft, P image tokens of a prompt, W drafted tokens, D
text width.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from molmo_act.decoding.cache import TreeCache
from molmo_act.modeling.grounding_state import GroundingState
from molmo_act.modeling.molmo_point import MolmoPointForConditionalGeneration, unpadded_positions

PICTURES = (
    *("pixel_values", "image_token_pooling", "image_grids", "image_num_crops"),
    *("pixel_values_videos", "video_token_pooling", "video_grids"),
)


@dataclass
class Prefill:
    """Prompts that have been read.

    Attributes:
        cache: Their keys and values, and those of the draft.
        state: What decoding needs of the images.
        x_BWD: Hidden states of the last token of the prompts and of the draft.
        real_BS: Which places of the prompts are no padding.
        length: Places of the prompts, padding included.
    """

    cache: TreeCache
    state: GroundingState
    x_BWD: Tensor
    real_BS: Tensor
    length: int


def prefill(
    model: MolmoPointForConditionalGeneration, inputs: Mapping[str, Any], draft: Sequence[int], room: int
) -> Prefill:
    """One forward pass over prompts and draft.

    Args:
        model: Who reads.
        inputs: What the processor gave, padded on the left; every row with at least one image or a video.
        draft: Ids behind every prompt, on trust.
        room: Places to keep free behind prompt and draft.
    """
    core, ids_BS = model.model, inputs["input_ids"]
    batch, length = ids_BS.shape
    pictures = model.flat_inputs(**{name: inputs.get(name) for name in PICTURES})
    if pictures is None:
        raise ValueError("The prompts have no image; there is nothing to point at.")
    pixels, pooling_NK = pictures
    windows_NKC, valid_NK = core.gather_windows(pixels, pooling_NK), pooling_NK >= 0
    features_ND = core.multi_modal_projector(windows_NKC, valid_NK)
    drafted = torch.tensor([*draft], dtype=ids_BS.dtype, device=ids_BS.device).expand(batch, -1)
    embeds = core.embed_prompt(torch.cat((ids_BS, drafted), dim=1), features_ND)
    real_BS = F.pad(inputs["attention_mask"].bool(), (0, len(draft)), value=True)
    seen = inputs.get("token_type_ids")
    image_BS = torch.zeros_like(real_BS) if seen is None else F.pad(seen.bool(), (0, len(draft)))
    cache = _new_cache(model, batch, length + len(draft) + room, embeds)
    cache.expect(torch.arange(embeds.shape[1], device=embeds.device).expand(batch, -1), embeds.shape[1])
    x_BSD = core.language_model(
        inputs_embeds=embeds,
        attention_mask=prompt_mask(real_BS, image_BS),
        position_ids=unpadded_positions(real_BS, embeds.shape[1]),
        past_key_values=cache,
        use_cache=True,
    ).last_hidden_state
    state = core.make_state(ids_BS, x_BSD[:, :length], features_ND, windows_NKC, valid_NK)
    return Prefill(cache, state, x_BSD[:, length - 1 :], real_BS[:, :length], length)


def prompt_mask(real_BS: Tensor, image_BS: Tensor) -> Tensor:
    """bool (B, 1, S, S): what came before, and image tokens one another; padding only itself."""
    length = real_BS.shape[1]
    causal = torch.ones(length, length, dtype=torch.bool, device=real_BS.device).tril()
    mask = (causal | (image_BS[:, :, None] & image_BS[:, None])) & real_BS[:, None]
    return (mask | torch.eye(length, dtype=torch.bool, device=real_BS.device))[:, None]


def _new_cache(model: MolmoPointForConditionalGeneration, batch: int, places: int, like: Tensor) -> TreeCache:
    text = model.config.text_config
    width = text.head_dim or text.hidden_size // text.num_attention_heads
    return TreeCache(text.num_hidden_layers, batch, text.num_key_value_heads, places, width, like)
