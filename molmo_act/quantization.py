"""Which weights are stored in fewer bits; knows names of precision maps and modules, no kernels.

Only the language blocks: vision tower, connector and grounding head carry the precision of the pixel.
"""

from __future__ import annotations

from importlib.util import find_spec

import torch
from torch import nn
from transformers import BitsAndBytesConfig

from molmo_act.errors import InputError, MissingExtraError

# Full names: transformers compares a module's name from its beginning.
KEPT = (
    "model.vision_tower",
    "model.multi_modal_projector",
    "model.build_vit_embedding",
    "model.point_predictor",
    "lm_head",
)
NAMES = ("nf4", "int8")
NF4_BLOCK = 64
"""Numbers that share one scale; the default of bitsandbytes."""


def quantization_config(name: str) -> BitsAndBytesConfig:
    """The precision map of a name, for `from_pretrained`.

    Raises:
        InputError: An unknown name.
        MissingExtraError: bitsandbytes or accelerate, which places what it quantised, is not installed.
    """
    if name not in NAMES:
        raise InputError(f"quantization is {name!r}; expected {' or '.join(map(repr, NAMES))}, or None.")
    for package in ("bitsandbytes", "accelerate"):
        if find_spec(package) is None:
            raise MissingExtraError(package, "quant", f"quantization={name!r}")
    if name == "int8":
        return BitsAndBytesConfig(load_in_8bit=True, llm_int8_skip_modules=list(KEPT))
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_compute_dtype=torch.bfloat16,
        llm_int8_skip_modules=list(KEPT),
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
