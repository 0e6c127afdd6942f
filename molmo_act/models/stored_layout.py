"""Checks types and shapes of stored weights, those of quantized layers with all that belongs to them.

Libraries that read quantized layers take what is there: a scale that is missing ends in an error of their own
inside of them, one of another shape in the first answer, and one of another type in a wrong answer.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from torch import nn
from transformers import PreTrainedConfig, PreTrainedModel
from transformers.quantizers import HfQuantizer
from transformers.quantizers.quantizers_utils import should_convert_module

from molmo_act.errors import CheckpointError
from molmo_act.models.weight_files import StoredTensor, listed

FLOATING = ("F64", "F32", "BF16", "F16")
"""Types that weights which are not quantized may have."""
INT8_DYNAMIC = "int8_dynamic"
"""What config.json calls this library's own quantization."""
NF4_STATE = "weight.quant_state.bitsandbytes__nf4"
NF4_CODES, NESTED_CODES = 16, 256
SCALES = (".absmax", ".nested_absmax", ".SCB", ".scale")
"""Ends of the names of scales."""
AGAIN = "Fetch it again, or quantize the original checkpoint with molmo_act.load(..., quantization=...)."


@dataclass(frozen=True)
class Expected:
    """What one tensor of a quantized layer has to be.

    Attributes:
        dtype: Its type, as safetensors calls it.
        shape: Its sizes; or only the number of its elements, in any shape.
    """

    dtype: str
    shape: tuple[int, ...] | int

    def fits(self, tensor: StoredTensor) -> bool:
        """Says whether a tensor is of this type and shape."""
        shape = math.prod(tensor.shape) if isinstance(self.shape, int) else tensor.shape
        return tensor.dtype == self.dtype and shape == self.shape

    def __str__(self) -> str:
        return f"{self.dtype} {self.shape if isinstance(self.shape, tuple) else f'of {self.shape} numbers'}"


def check_stored_weights(
    model_class: type[PreTrainedModel], config: PreTrainedConfig, tensors: Mapping[str, StoredTensor]
) -> None:
    """Refuses weights of foreign types, and quantized layers that are not whole.

    Args:
        model_class: Of the model that is to take them.
        config: Its configuration.
        tensors: See `molmo_act.models.weight_files.stored_tensors`.

    Raises:
        CheckpointError: Naming the tensor.
    """
    said = getattr(config, "quantization_config", None) or {}
    kind = _kind(said)
    if said and kind is None:
        return  # of another library, which knows its own layout
    layers = {} if kind is None else _quantized_layers(model_class, config, said)
    needed = {
        f"{path}.{name}": expected
        for path, layer in layers.items()
        for name, expected in _layout(kind, path, layer, tensors).items()
    }
    lacking = needed.keys() - tensors.keys()
    if lacking:
        raise CheckpointError(
            f"{_folder(tensors)} holds no {listed(lacking)}; config.json says that it is stored as {kind}. "
            f"{AGAIN}"
        )
    for name, tensor in tensors.items():
        if name in needed:
            if not needed[name].fits(tensor):
                raise _wrong_tensor(name, tensor, f"{needed[name]}. {AGAIN}")
        elif tensor.dtype not in FLOATING and not _is_format(name, layers):
            expected = f"one of {', '.join(FLOATING)}, since config.json says of no quantization of it"
            raise _wrong_tensor(name, tensor, f"{expected}. Fetch it again, or give the original checkpoint.")


def check_stored_numbers(source: str | os.PathLike[str], model: nn.Module) -> None:
    """Refuses numbers that are NaN or infinite, with which every answer would be noise; and negative scales.

    Args:
        source: Where the model was loaded from.
        model: The model, quantized or not.

    Raises:
        CheckpointError: Naming the tensor.
    """
    says_something = False
    for name, tensor in model.state_dict().items():
        if tensor.device.type == "meta":
            says_something = True
            continue
        says_something = says_something or (tensor.ndim > 1 and bool(tensor.any()))
        if not tensor.is_floating_point():
            continue
        # The sum costs one reading and no memory; it may overflow although no number is infinite.
        if not tensor.sum().isfinite() and not tensor.isfinite().all():
            raise CheckpointError(
                f"The checkpoint {os.fspath(source)!r} has numbers that are NaN or infinite in {name}, as "
                f"{str(tensor.dtype).removeprefix('torch.')}. Fetch it again; or, if its numbers are too "
                "large for this type, load it in another dtype."
            )
        if name.endswith(SCALES) and tensor.numel() and tensor.min() < 0:
            raise CheckpointError(
                f"The checkpoint {os.fspath(source)!r} has negative scales in {name}. {AGAIN}"
            )
    if not says_something:
        raise CheckpointError(
            f"The checkpoint {os.fspath(source)!r} has weights that are all 0, so no answer means anything. "
            "Fetch them again."
        )


def _kind(said: object) -> str | None:
    """The quantization, of those whose layout is known here."""
    if not isinstance(said, Mapping):
        return None
    if said.get("quant_method") == INT8_DYNAMIC:
        return "int8-dynamic"
    if said.get("load_in_4bit"):
        return "nf4" if said.get("bnb_4bit_quant_type") == "nf4" else None
    return "int8" if said.get("load_in_8bit") else None


def _quantized_layers(
    model_class: type[PreTrainedModel], config: PreTrainedConfig, said: Mapping[str, Any]
) -> dict[str, nn.Linear]:
    """The layers, by name, in whose place a quantization puts its own ones."""
    with torch.device("meta"):
        model = model_class(config)
    linear = {path: module for path, module in model.named_modules() if type(module) is nn.Linear}
    if said.get("quant_method") == INT8_DYNAMIC:
        within = str(said.get("within", ""))
        return {path: layer for path, layer in linear.items() if path.startswith(within)}
    kept = model._keep_in_fp32_modules
    skipped = HfQuantizer.get_modules_to_not_convert(model, said.get("llm_int8_skip_modules"), kept)
    return {path: layer for path, layer in linear.items() if should_convert_module(path, skipped)}


def _layout(
    kind: str | None, path: str, layer: nn.Linear, tensors: Mapping[str, StoredTensor]
) -> dict[str, Expected]:
    """The tensors, by name within the layer, that a quantized layer is stored as."""
    rows, columns = layer.out_features, layer.in_features
    if kind != "nf4":
        scale = "SCB" if kind == "int8" else "scale"
        return {"weight": Expected("I8", (rows, columns)), scale: Expected("F32", (rows,))}
    state = tensors.get(f"{path}.{NF4_STATE}")
    if state is None:
        return dict.fromkeys(("weight", "weight.absmax", NF4_STATE), Expected("U8", 0))
    said = _nf4_state(f"{path}.{NF4_STATE}", state, (rows, columns))
    blocks, nested = -(-rows * columns // said["blocksize"]), said.get("nested_blocksize")
    layout = {
        NF4_STATE: Expected("U8", math.prod(state.shape)),
        "weight": Expected("U8", -(-rows * columns // 2)),
        "weight.absmax": Expected("U8" if nested else "F32", (blocks,)),
        "weight.quant_map": Expected("F32", (NF4_CODES,)),
    }
    if nested:
        layout["weight.nested_absmax"] = Expected("F32", (-(-blocks // nested),))
        layout["weight.nested_quant_map"] = Expected("F32", (NESTED_CODES,))
    return layout


def _nf4_state(name: str, state: StoredTensor, shape: tuple[int, int]) -> dict[str, Any]:
    """What a layer in NF4 says of itself, as JSON in the bytes of a tensor."""
    try:
        with safe_open(state.path, "pt") as file:
            said = json.loads(file.get_tensor(name).numpy().tobytes())
        fits = tuple(said["shape"]) == shape and said["quant_type"] == "nf4"
        blocks = [said["blocksize"], said.get("nested_blocksize") or 1]
        fits = fits and all(type(block) is int and block > 0 for block in blocks)
        fits = fits and math.isfinite(said.get("nested_offset", 0))
    except (ValueError, LookupError, TypeError, AttributeError) as exc:
        raise CheckpointError(f"{state.path} holds {name}, which cannot be read ({exc}). {AGAIN}") from exc
    if not fits:
        raise CheckpointError(f"{state.path} holds {name}: {said!r:.300}; expected nf4 {shape}. {AGAIN}")
    return dict(said)


def _folder(tensors: Mapping[str, StoredTensor]) -> Path:
    return next((tensor.path.parent for tensor in tensors.values()), Path())


def _is_format(name: str, layers: Mapping[str, nn.Linear]) -> bool:
    """Whether a tensor only says how a layer in LLM.int8 is laid out; there is one way left."""
    path, _, last = name.rpartition(".")
    return last == "weight_format" and path in layers


def _wrong_tensor(name: str, tensor: StoredTensor, expected: str) -> CheckpointError:
    return CheckpointError(
        f"{tensor.path} holds {name} as {tensor.dtype} {tensor.shape}; expected {expected}"
    )
