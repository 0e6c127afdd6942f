"""Ways to store the language blocks in fewer bits, by name; knows packages and kernels, no pixels.

Only the language blocks: vision tower, connector and grounding head carry the precision of the pixel.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

import torch
from torch import nn
from transformers import BitsAndBytesConfig
from transformers.utils.quantization_config import QuantizationConfigMixin

from molmo_act.errors import InputError, MissingExtraError, PlatformError
from molmo_act.int8_dynamic import METHOD, Int8DynamicConfig

# Full names: transformers compares a module's name from its beginning.
KEPT = (
    "model.vision_tower",
    "model.multi_modal_projector",
    "model.temporal",
    "model.build_vit_embedding",
    "model.point_predictor",
    "lm_head",
)
WITHIN = "model.language_model.layers."
NAMES = ("nf4", "int8", "int8-dynamic")
NF4_BLOCK = 64
"""Numbers that share one scale; the default of bitsandbytes."""


def quantization_config(name: str, place: torch.device) -> QuantizationConfigMixin:
    """What `from_pretrained` is told for a name, once one kernel of it has run on this machine.

    Args:
        name: "nf4" or "int8" by bitsandbytes; "int8-dynamic" by torch, on a CPU.
        place: Where the model is to run.

    Raises:
        InputError: An unknown name.
        MissingExtraError: bitsandbytes or accelerate, which places what it quantised, is not installed.
        PlatformError: There is no kernel for this device.
    """
    if name not in NAMES:
        raise InputError(f"quantization is {name!r}; expected {', '.join(map(repr, NAMES))}, or None.")
    if name == "int8-dynamic":
        if place.type != "cpu":
            raise PlatformError(
                f"quantization='int8-dynamic' runs on CPUs only, not on {str(place)!r}. Use 'int8' or 'nf4'."
            )
        return Int8DynamicConfig(WITHIN)
    prove_kernels(name, place)
    if name == "int8":
        return BitsAndBytesConfig(load_in_8bit=True, llm_int8_skip_modules=list(KEPT))
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_compute_dtype=torch.bfloat16,
        llm_int8_skip_modules=list(KEPT),
    )


def name_of(config: Mapping[str, Any]) -> str:
    """The name of a checkpoint's `quantization_config`; what is not ours keeps its own."""
    if config.get("load_in_4bit"):
        return str(config.get("bnb_4bit_quant_type"))
    if config.get("load_in_8bit"):
        return "int8"
    method = str(config.get("quant_method"))
    return "int8-dynamic" if method == METHOD else method


def prove_kernels(name: str, place: torch.device) -> None:
    """Runs one small layer of bitsandbytes, so that a machine without a kernel says so at once.

    Raises:
        MissingExtraError: bitsandbytes or accelerate is not installed.
        PlatformError: The layer does not run.
    """
    for package in ("bitsandbytes", "accelerate"):
        if find_spec(package) is None:
            raise MissingExtraError(package, "quant", f"quantization={name!r}")
    try:
        import bitsandbytes

        kinds = {"nf4": bitsandbytes.nn.LinearNF4, "int8": bitsandbytes.nn.Linear8bitLt}
        layer = kinds[name](NF4_BLOCK, NF4_BLOCK, bias=False, **_OPTIONS[name]).to(place)
        with torch.inference_mode():
            found = layer(torch.ones(1, NF4_BLOCK, dtype=torch.bfloat16, device=place))
        ran = bool(found.isfinite().all())
    except Exception as exc:  # a library that cannot load its binaries fails in many ways
        raise _no_kernel(name, place, " ".join(str(exc).split()) or type(exc).__name__) from exc
    if not ran:
        raise _no_kernel(name, place, "its result is not finite")


_OPTIONS: dict[str, dict[str, Any]] = {
    "nf4": {"compute_dtype": torch.bfloat16},
    "int8": {"has_fp16_weights": False},
}


def _no_kernel(name: str, place: torch.device, reason: str) -> PlatformError:
    return PlatformError(
        f"quantization={name!r} does not run on {str(place)!r} of this machine ({reason}). Install a "
        "bitsandbytes that was built for this device, or use quantization='int8-dynamic' on a CPU, or none."
    )


def refuse_narrow_blocks(model: nn.Module) -> None:
    """Refuses a model whose rows the CPU kernels of NF4 cannot read.

    Raises:
        InputError: A quantised layer lies on the CPU and its rows are not a whole number of blocks.
    """
    for name, module in model.named_modules():
        if type(module).__name__ != "Linear4bit" or module.weight.device.type != "cpu":
            continue
        if int(module.in_features) % NF4_BLOCK:  # type: ignore[arg-type]
            raise InputError(
                f"quantization='nf4' on a CPU needs rows of a multiple of {NF4_BLOCK} numbers, but {name} "
                f"has {module.in_features}. Use quantization='int8', or none."
            )
