"""Estimates the memory that prefill takes, by arithmetic alone: without torch, for plans and for errors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from molmo_act.formats.crop_geometry import CROPS_AT_ONCE

if TYPE_CHECKING:
    from torch import Tensor

PIXEL_BYTES = 4  # pixels come as float32
SLOTS = 4  # of a pooling window of an image
MASKS = 3  # bytes of masks for each pair of tokens, besides the mask of the attention kernel


@dataclass(frozen=True)
class PromptSize:
    """The numbers on which the memory of a batch of prompts depends.

    Attributes:
        crops: Crops of all prompts, global ones included.
        image_tokens: Image tokens of all prompts.
        tokens: Tokens of one prompt, padding included.
        rows: Prompts.
    """

    crops: float
    image_tokens: float
    tokens: float
    rows: int

    @classmethod
    def of(cls, inputs: Mapping[str, Tensor]) -> PromptSize:
        """Measures a batch of prompts.

        Args:
            inputs: Output of the processor.

        Returns:
            Its size.
        """
        pixels = inputs.get("pixel_values", inputs.get("pixel_values_videos"))
        rows, tokens = inputs["input_ids"].shape
        image = inputs.get("token_type_ids", inputs.get("image_token_mask"))
        image_tokens = 0 if image is None else int(image.sum())
        return cls(0 if pixels is None else len(pixels), image_tokens, tokens, rows)

    def scaled(self, share: float) -> PromptSize:
        """Scales the images of the prompts.

        Args:
            share: Part of the crops to keep, above 0.

        Returns:
            The size of the same prompts with this part of the crops.
        """
        return PromptSize(self.crops * share, self.image_tokens * share, self.tokens * share, self.rows)


def prefill_bytes(config: Any, prompt: PromptSize, size: int) -> float:
    """Estimates the peak memory of prefill, without weights.

    Pixels, pooling windows and the cache are allocated throughout. The larger of two peaks comes on top: that
    of the vision tower, with features of all crops and all layers of those it reads at once; and that of a
    text layer, with masks of the square of the tokens and feed-forward states. `python -m
    model.benchmarks.memory` compares the estimate with measurements.

    Args:
        config: Configuration of the model, or an object with its sizes under the same names.
        prompt: Size of the prompts.
        size: Bytes of a number.

    Returns:
        Bytes.
    """
    vision, adapter, text = config.vision_config, config.adapter_config, config.text_config
    positions = prompt.rows * prompt.tokens
    patches = prompt.crops * vision.num_position_embeddings
    features = adapter.hidden_size * len(adapter.vision_feature_layer)
    windows = prompt.image_tokens * SLOTS * features
    width = getattr(text, "head_dim", None) or text.hidden_size // text.num_attention_heads
    heads = text.num_key_value_heads * width
    pixels = patches * 3 * vision.patch_size**2 * PIXEL_BYTES
    lasting = windows + positions * (2 * text.num_hidden_layers * heads + 3 * text.hidden_size)
    at_once = min(prompt.crops, CROPS_AT_ONCE) * vision.num_position_embeddings
    states = (vision.num_hidden_layers + 4) * vision.hidden_size + 2 * vision.intermediate_size
    encoding = size * (patches * features + windows + at_once * states)
    feeding = size * positions * (3 * text.intermediate_size + 4 * text.hidden_size)
    masks = prompt.rows * prompt.tokens**2 * (MASKS + size)
    return float(pixels + size * lasting + max(encoding, feeding + masks))
