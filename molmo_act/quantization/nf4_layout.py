"""Keeps the released layout of NF4 weights, which bitsandbytes replaces at the first answer on some CPUs."""

from __future__ import annotations

from collections.abc import Iterator

from torch import nn

from molmo_act.errors import InputError


def keep_released_layout(model: nn.Module) -> None:
    """Makes NF4 weights exact whenever they are read, saved, moved, copied or trained, also after answers.

    The model answers as it would without this. See `molmo_act.quantization.nf4_layer`.

    Args:
        model: A loaded model that has not answered yet, quantized or not.
    """
    layers = list(_plain_layers(model))
    if not layers:
        return
    from molmo_act.quantization.nf4_layer import ExactLinear4bit  # needs bitsandbytes

    for layer in layers:
        if getattr(layer, "support_avx512bf16_for_cpu", False):
            check_released_layout(layer)
            ExactLinear4bit.convert(layer)


def check_released_layout(model: nn.Module) -> None:
    """Refuses a model whose released NF4 weights are lost.

    Args:
        model: A model that is about to be saved, quantized or not.

    Raises:
        InputError: It answered on a CPU, which packed its weights, and `keep_released_layout` was not called
            there before.
    """
    for layer in _plain_layers(model):
        if getattr(getattr(layer.weight, "quant_state", None), "packing_format_for_cpu", False):
            raise InputError(
                "The NF4 weights were packed for this CPU at the first answer, and their exact scales are "
                "lost. Save the model before its first answer, or load it again with molmo_act.load(..., "
                "device='cpu') and save that."
            )


def _plain_layers(model: nn.Module) -> Iterator[nn.Module]:
    """Layers of bitsandbytes itself in NF4."""
    for module in model.modules():
        names = {kind.__name__ for kind in type(module).__mro__}
        if "Linear4bit" in names and "ExactLinear4bit" not in names:
            yield module
