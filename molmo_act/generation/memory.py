"""Estimates the memory that prefill takes, and explains how many crops would fit when it runs out."""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from transformers import PreTrainedModel

from molmo_act.errors import PlatformError
from molmo_act.models.molmo_point import MolmoPointConfig
from molmo_act.models.molmo_point.core import CROPS_AT_ONCE

MEGABYTE = 10**6
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
        image_tokens = int(inputs["token_type_ids"].sum())
        return cls(0 if pixels is None else len(pixels), image_tokens, tokens, rows)

    def scaled(self, share: float) -> PromptSize:
        """Scales the images of the prompts.

        Args:
            share: Part of the crops to keep, above 0.

        Returns:
            The size of the same prompts with this part of the crops.
        """
        return PromptSize(self.crops * share, self.image_tokens * share, self.tokens * share, self.rows)


def prefill_bytes(config: MolmoPointConfig, prompt: PromptSize, size: int) -> float:
    """Estimates the peak memory of prefill, without weights.

    Pixels, pooling windows and the cache are allocated throughout. The larger of two peaks comes on top: that
    of the vision tower, with features of all crops and all layers of those it reads at once; and that of a
    text layer, with masks of the square of the tokens and feed-forward states. `python -m
    model.benchmarks.memory` compares the estimate with measurements.

    Args:
        config: Configuration of the model.
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
    heads = text.num_key_value_heads * (text.head_dim or text.hidden_size // text.num_attention_heads)
    pixels = patches * 3 * vision.patch_size**2 * PIXEL_BYTES
    lasting = windows + positions * (2 * text.num_hidden_layers * heads + 3 * text.hidden_size)
    at_once = min(prompt.crops, CROPS_AT_ONCE) * vision.num_position_embeddings
    states = (vision.num_hidden_layers + 4) * vision.hidden_size + 2 * vision.intermediate_size
    encoding = size * (patches * features + windows + at_once * states)
    feeding = size * positions * (3 * text.intermediate_size + 4 * text.hidden_size)
    masks = prompt.rows * prompt.tokens**2 * (MASKS + size)
    return float(pixels + size * lasting + max(encoding, feeding + masks))


def crops_that_fit(config: MolmoPointConfig, prompt: PromptSize, size: int, free: float) -> int:
    """Estimates how many crops prompts could have.

    Args:
        config: Configuration of the model.
        prompt: Size of the prompts.
        size: Bytes of a number.
        free: Free bytes.

    Returns:
        Number of crops, at most those of the prompts; 0 when not even one fits.
    """
    shares = [crops / prompt.crops for crops in range(1, int(prompt.crops) + 1)]
    fitting = [share for share in shares if prefill_bytes(config, prompt.scaled(share), size) <= free]
    return round(fitting[-1] * prompt.crops) if fitting else 0


@contextmanager
def explain_out_of_memory(model: PreTrainedModel, inputs: Mapping[str, Tensor]) -> Iterator[None]:
    """Turns running out of memory inside the context into an error that says how many crops would fit.

    Args:
        model: The model that reads the prompts.
        inputs: Output of the processor.

    Yields:
        Nothing.

    Raises:
        PlatformError: Memory ran out.
    """
    try:
        yield
    except (RuntimeError, MemoryError) as exc:
        if not _is_out_of_memory(exc):
            raise
        traceback.clear_frames(exc.__traceback__)  # they hold what was allocated so far
        raise PlatformError(_advice(model, PromptSize.of(inputs))) from exc


def _advice(model: PreTrainedModel, prompt: PromptSize) -> str:
    config, size, free = model.config, model.dtype.itemsize, free_bytes(model.device)
    needed, fit = prefill_bytes(config, prompt, size), crops_that_fit(config, prompt, size, free)
    return (
        f"Out of memory on {str(model.device)!r}: {prompt.crops:.0f} crops in {prompt.rows} prompt(s) take "
        f"about {needed / MEGABYTE:.0f} MB and {free / MEGABYTE:.0f} MB are free, enough for about {fit} "
        "crops. Give fewer max_crops, fewer images at once, or a quantization."
    )


def _is_out_of_memory(exc: BaseException) -> bool:
    return isinstance(exc, (MemoryError, torch.OutOfMemoryError)) or "can't allocate memory" in str(exc)


def free_bytes(device: torch.device) -> float:
    """Measures the memory that could be allocated now.

    Args:
        device: Where.

    Returns:
        Bytes; infinite where the system does not say.
    """
    if device.type == "cuda":
        cached = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return float(torch.cuda.mem_get_info(device)[0] + cached)
    bounds = [float("inf")]
    status = _table(Path("/proc/self/status"))
    if "VmSize" in status:
        import resource  # not on every platform, but wherever /proc is

        bounds.append(_table(Path("/proc/meminfo"))["MemAvailable"])
        limit = resource.getrlimit(resource.RLIMIT_AS)[0]
        if limit != resource.RLIM_INFINITY:
            bounds.append(max(0, limit - status["VmSize"]))
    return min(bounds)


def _table(path: Path) -> dict[str, float]:
    """Entries in kB of a table of the kernel, in bytes."""
    if not path.exists():
        return {}
    entries = (line.split() for line in path.read_text().splitlines() if line.endswith(" kB"))
    return {name.rstrip(":"): 1024 * float(value) for name, value, _ in entries}
