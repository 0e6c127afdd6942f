"""Which weights are stored in fewer bits; knows names of precision maps and modules, no kernels.

Only the language blocks: vision tower, connector and grounding head carry the precision of the pixel.
"""

from __future__ import annotations

from importlib.util import find_spec

import torch
from transformers import BitsAndBytesConfig

from molmo_act.errors import InputError, MissingExtraError

KEPT = ("vision_tower", "multi_modal_projector", "build_vit_embedding", "point_predictor", "lm_head")
NAMES = ("nf4", "int8")


def quantization_config(name: str) -> BitsAndBytesConfig:
    """The precision map of a name, for `from_pretrained`.

    Raises:
        InputError: An unknown name.
        MissingExtraError: bitsandbytes is not installed.
    """
    if name not in NAMES:
        raise InputError(f"quantization is {name!r}; expected {' or '.join(map(repr, NAMES))}, or None.")
    if find_spec("bitsandbytes") is None:
        raise MissingExtraError("bitsandbytes", "quant", f"quantization={name!r}")
    if name == "int8":
        return BitsAndBytesConfig(load_in_8bit=True, llm_int8_skip_modules=list(KEPT))
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_compute_dtype=torch.bfloat16,
        llm_int8_skip_modules=list(KEPT),
    )
