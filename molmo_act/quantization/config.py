"""Ways to store the language blocks in fewer bits, by name.

Only the language blocks: vision tower, connector and grounding head carry the precision of the pixel.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import torch
from torch import nn
from transformers import BitsAndBytesConfig
from transformers.utils.quantization_config import QuantizationConfigMixin

from molmo_act._optional import import_optional, require_optional
from molmo_act.errors import InputError, PlatformError
from molmo_act.quantization.int8_dynamic import METHOD, Int8DynamicConfig

FULL_PRECISION_MODULES = (
    "model.vision_tower",
    "model.multi_modal_projector",
    "model.temporal",
    "model.build_vit_embedding",
    "model.point_predictor",
    "lm_head",
)
"""Modules that are not quantized, by full name: transformers compares a module's name from its beginning."""
LANGUAGE_BLOCKS_PREFIX = "model.language_model.layers."
NAMES = ("nf4", "int8", "int8-dynamic")
NF4_BLOCK = 64
"""Numbers that share one scale; the default of bitsandbytes."""


def quantization_config(name: str, device: torch.device) -> QuantizationConfigMixin:
    """Makes the configuration that `from_pretrained` takes, once one kernel of it has run on this machine.

    Args:
        name: "nf4" or "int8" by bitsandbytes; "int8-dynamic" by torch, on a CPU.
        device: Where the model is to run.

    Returns:
        The configuration; it leaves `FULL_PRECISION_MODULES` alone.

    Raises:
        InputError: An unknown name.
        MissingExtraError: bitsandbytes or accelerate, which places what it quantized, is not installed.
        PlatformError: There is no kernel for this device.
    """
    if name not in NAMES:
        raise InputError(f"quantization is {name!r}; expected {', '.join(map(repr, NAMES))}, or None.")
    if name == "int8-dynamic":
        if device.type != "cpu":
            raise PlatformError(
                f"quantization='int8-dynamic' runs on CPUs only, not on {str(device)!r}. Use 'int8' or 'nf4'."
            )
        return Int8DynamicConfig(LANGUAGE_BLOCKS_PREFIX)
    check_kernels(name, device)
    if name == "int8":
        _say_once("bitsandbytes.autograd._functions")
        return BitsAndBytesConfig(load_in_8bit=True, llm_int8_skip_modules=list(FULL_PRECISION_MODULES))
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_compute_dtype=torch.bfloat16,
        llm_int8_skip_modules=list(FULL_PRECISION_MODULES),
    )


def quantization_name(config: Mapping[str, object]) -> str:
    """Reads the name of a quantization from a checkpoint.

    Args:
        config: The entry `quantization_config` of its config.json.

    Returns:
        One of `NAMES`; of another quantization its `quant_method`.
    """
    if config.get("load_in_4bit"):
        return str(config.get("bnb_4bit_quant_type"))
    if config.get("load_in_8bit"):
        return "int8"
    method = str(config.get("quant_method"))
    return "int8-dynamic" if method == METHOD else method


def check_kernels(name: str, device: torch.device) -> None:
    """Runs one small layer of bitsandbytes, so that a machine without a kernel says so at once.

    Args:
        name: "nf4" or "int8".
        device: Where the model is to run.

    Raises:
        MissingExtraError: bitsandbytes or accelerate is not installed.
        PlatformError: The layer does not run.
    """
    extra = {"extra": "quant", "purpose": f"quantization={name!r}"}
    for package in ("bitsandbytes", "accelerate"):
        require_optional(package, **extra)
    try:
        layers: Any = import_optional("bitsandbytes", **extra).nn
        kinds = {"nf4": layers.LinearNF4, "int8": layers.Linear8bitLt}
        layer = kinds[name](NF4_BLOCK, NF4_BLOCK, bias=False, **_OPTIONS[name]).to(device)
        with torch.inference_mode():
            found = layer(torch.ones(1, NF4_BLOCK, dtype=torch.bfloat16, device=device))
        ran = bool(found.isfinite().all())
    except Exception as exc:  # a library that cannot load its binaries fails in many ways
        raise _no_kernel(name, device, " ".join(str(exc).split()) or type(exc).__name__) from exc
    if not ran:
        raise _no_kernel(name, device, "its result is not finite")


_OPTIONS: dict[str, dict[str, Any]] = {
    "nf4": {"compute_dtype": torch.bfloat16},
    "int8": {"has_fp16_weights": False},
}


def _say_once(name: str) -> None:
    """Lets a logger say everything once: LLM.int8 warns of its type at every product of every layer."""
    logger = logging.getLogger(name)
    if not any(isinstance(known, _Once) for known in logger.filters):
        logger.addFilter(_Once())


class _Once(logging.Filter):
    """Passes each message on the first time it comes."""

    def __init__(self) -> None:
        super().__init__()
        self._said: set[str] = set()

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        if message in self._said:
            return False
        self._said.add(message)
        return True


def _no_kernel(name: str, device: torch.device, reason: str) -> PlatformError:
    return PlatformError(
        f"quantization={name!r} does not run on {str(device)!r} of this machine ({reason}). Install a "
        "bitsandbytes that was built for this device, or use quantization='int8-dynamic' on a CPU, or none."
    )


def cast_floating_weights(model: nn.Module, dtype: torch.dtype) -> None:
    """Brings the weights that are not quantized to one type; a quantized checkpoint loads them as stored.

    Args:
        model: A loaded model, quantized or not; changed in place. Integers stay, and so do the scales that
            belong to them, which are no parameters.
        dtype: A floating-point type.
    """
    for weight in model.parameters():
        if weight.is_floating_point() and weight.dtype != dtype:
            weight.data = weight.data.to(dtype)


def check_block_sizes(model: nn.Module) -> None:
    """Refuses a model whose rows the CPU kernels of NF4 cannot read.

    Args:
        model: A loaded model, quantized or not.

    Raises:
        InputError: An NF4 layer lies on the CPU and its rows are not a whole number of blocks.
    """
    for name, module in model.named_modules():
        if type(module).__name__ != "Linear4bit":
            continue
        layer: Any = module
        if layer.weight.device.type == "cpu" and layer.in_features % NF4_BLOCK:
            raise InputError(
                f"quantization='nf4' on a CPU needs rows of a multiple of {NF4_BLOCK} numbers, but {name} "
                f"has {layer.in_features}. Use quantization='int8', or none."
            )
