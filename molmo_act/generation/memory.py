"""Explains how many crops would fit when prefill runs out of memory."""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor
from transformers import PreTrainedModel

from molmo_act.errors import PlatformError
from molmo_act.generation.free_memory import free_memory
from molmo_act.generation.prompt_size import PromptSize, prefill_bytes
from molmo_act.models.molmo_point import MolmoPointConfig

MEGABYTE = 10**6


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
    return free_memory()
