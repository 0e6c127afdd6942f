"""Reads prompts: images and words into a cache, with the drafted beginning of the answer behind them.

Pictures come before all words in a prompt, so what was read of them can serve many questions.

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
from molmo_act.modeling.core import Views
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


@dataclass
class Prefix:
    """The beginning of a prompt up to its last picture, read once for many questions.

    Attributes:
        values: Keys and values of its places, a cache's (2, L, 1, H, S, D).
        state: What decoding needs of the images.
    """

    values: Tensor
    state: GroundingState

    @property
    def length(self) -> int:
        """Places of the prefix."""
        return self.values.shape[4]


def prefill(
    model: MolmoPointForConditionalGeneration,
    inputs: Mapping[str, Any],
    draft: Sequence[int],
    cache: TreeCache,
) -> Prefill:
    """One forward pass over prompts and draft.

    Args:
        model: Who reads.
        inputs: What the processor gave, padded on the left; every row with at least one image or a video.
        draft: Ids behind every prompt, on trust.
        cache: With room for all of it, and for the answers.

    Raises:
        ValueError: There is no image.
    """
    ids_BS = inputs["input_ids"]
    length = ids_BS.shape[1]
    drafted = torch.tensor([*draft], dtype=ids_BS.dtype, device=ids_BS.device).expand(len(ids_BS), -1)
    real_BS = F.pad(inputs["attention_mask"].bool(), (0, len(draft)), value=True)
    seen = inputs.get("token_type_ids")
    image_BS = torch.zeros_like(real_BS) if seen is None else F.pad(seen.bool(), (0, len(draft)))
    views = _look(model, inputs)
    embeds = model.model.embed_prompt(torch.cat((ids_BS, drafted), dim=1), views.features_ND)
    x_BSD = _read(model, cache, embeds, prompt_mask(real_BS, image_BS), real_BS)
    state = model.model.make_state(ids_BS, x_BSD[:, :length], views)
    return Prefill(cache, state, x_BSD[:, length - 1 :], real_BS[:, :length], length)


@torch.inference_mode()
def read_prefix(
    model: MolmoPointForConditionalGeneration, inputs: Mapping[str, Any], mean_NKC: Tensor | None = None
) -> Prefix:
    """Reads one prompt up to its last picture.

    Nothing up to there can see what follows, since text sees only what came before it; so the prefix is the
    same for every question, and to share it is exact.

    Args:
        model: Who reads.
        inputs: What the processor gave for one prompt, all pictures before the question.
        mean_NKC: See `molmo_act.modeling.core.MolmoPointModel.view`.

    Raises:
        ValueError: There is no image.
    """
    length = 1 + int(torch.nonzero(inputs["token_type_ids"][0])[-1])
    ids_1S, image_1S = (inputs[name][:1, :length] for name in ("input_ids", "token_type_ids"))
    views = _look(model, inputs, mean_NKC)
    values, x_1SD = read_behind(model, ids_1S, image_1S.bool(), views.features_ND)
    return Prefix(values, model.model.make_state(ids_1S, x_1SD, views))


@torch.inference_mode()
def read_behind(
    model: MolmoPointForConditionalGeneration,
    ids_1W: Tensor,
    image_1W: Tensor,
    features_ND: Tensor,
    before: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """Reads pictures behind what was read before, which they see and which does not see them.

    Args:
        model: Who reads.
        ids_1W: Ids of the pictures and the words between them.
        image_1W: bool, which of them see one another in both directions.
        features_ND: What is seen of the pictures.
        before: Keys and values of the places before, (2, L, 1, H, S, D); None when nothing was read.

    Returns:
        Keys and values of all places, and hidden states of those just read (1, W, D).
    """
    length, width = 0 if before is None else before.shape[4], ids_1W.shape[1]
    cache = new_cache(model, 1, length + width)
    if before is not None:
        cache.values_2LBHSD[:, :, :, :, :length] = before
    mask = F.pad(prompt_mask(torch.ones_like(image_1W), image_1W), (length, 0), value=True)
    embeds = model.model.embed_prompt(ids_1W, features_ND)
    x_1WD = _read(model, cache, embeds, mask, image_1W.new_ones(1, length + width))
    return cache.values_2LBHSD, x_1WD


def prefill_behind(
    model: MolmoPointForConditionalGeneration,
    prefix: Prefix,
    questions: Sequence[Sequence[int]],
    draft: Sequence[int],
    cache: TreeCache,
) -> Prefill:
    """One forward pass over several questions about the same pictures.

    Args:
        model: Who reads; who read the prefix.
        prefix: The pictures.
        questions: Ids of everything behind them.
        draft: Ids behind every question, on trust.
        cache: See `prefill`.
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
    return Prefill(cache, prefix.state.select(shared), x_BSD[:, longest - 1 :], real_BS[:, :length], length)


def _look(
    model: MolmoPointForConditionalGeneration, inputs: Mapping[str, Any], mean_NKC: Tensor | None = None
) -> Views:
    pictures = model.flat_inputs(**{name: inputs.get(name) for name in PICTURES})
    if pictures is None:
        raise ValueError("The prompts have no image; there is nothing to point at.")
    return model.model.look(*pictures, mean_NKC)


def _read(
    model: MolmoPointForConditionalGeneration, cache: TreeCache, embeds: Tensor, mask: Tensor, real_BS: Tensor
) -> Tensor:
    """(B, W, D) hidden states of the last W places; they go behind what the cache holds."""
    batch, width = embeds.shape[:2]
    end = real_BS.shape[1]
    cache.expect(torch.arange(end - width, end, device=embeds.device).expand(batch, -1), end)
    return model.model.language_model(
        inputs_embeds=embeds,
        attention_mask=mask,
        position_ids=unpadded_positions(real_BS, width),
        past_key_values=cache,
        use_cache=True,
    ).last_hidden_state


def prompt_mask(real_BS: Tensor, image_BS: Tensor) -> Tensor:
    """bool (B, 1, S, S): what came before, and image tokens one another; padding only itself."""
    length = real_BS.shape[1]
    causal = torch.ones(length, length, dtype=torch.bool, device=real_BS.device).tril()
    mask = (causal | (image_BS[:, :, None] & image_BS[:, None])) & real_BS[:, None]
    return (mask | torch.eye(length, dtype=torch.bool, device=real_BS.device))[:, None]


def new_cache(model: MolmoPointForConditionalGeneration, batch: int, places: int) -> TreeCache:
    """An empty cache for so many rows and places."""
    text = model.config.text_config
    width = text.head_dim or text.hidden_size // text.num_attention_heads
    like = torch.empty(0, dtype=model.model.final_norm.weight.dtype, device=model.device)
    return TreeCache(text.num_hidden_layers, batch, text.num_key_value_heads, places, width, like)
