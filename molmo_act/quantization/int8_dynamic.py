"""Linear layers in 8-bit integers for CPUs, by torch's own kernels, as a quantizer of transformers.

Weights are rounded when they are loaded, inputs when they come, each row by a scale of its own: the output
of a row does not depend on its neighbours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel
from transformers.quantizers import HfQuantizer
from transformers.quantizers.auto import register_quantization_config, register_quantizer
from transformers.utils.quantization_config import QuantizationConfigMixin

from molmo_act.models.stored_layout import INT8_DYNAMIC

METHOD = INT8_DYNAMIC
MAX_INT8 = 127
MIN_SCALE = torch.finfo(torch.float32).tiny  # of a row of zeros


class Int8DynamicLinear(nn.Module):
    """A linear layer whose weights are 8-bit integers and whose products are those of integers.

    Attributes:
        weight: int8 (outputs, inputs).
        scale: float32 (outputs,): a row of weights is its integers times its scale.
        bias: float32 (outputs,), or None.

    Args:
        inputs: Number of inputs.
        outputs: Number of outputs.
        bias: Whether there is a bias.
    """

    weight: Tensor
    scale: Tensor
    bias: Tensor | None

    def __init__(self, inputs: int, outputs: int, *, bias: bool) -> None:
        super().__init__()
        self.in_features, self.out_features = inputs, outputs
        self.register_buffer("weight", torch.zeros(outputs, inputs, dtype=torch.int8))
        self.register_buffer("scale", torch.zeros(outputs, dtype=torch.float32))
        self.register_buffer("bias", torch.zeros(outputs, dtype=torch.float32) if bias else None)

    @classmethod
    @torch.no_grad()
    def from_linear(cls, linear: nn.Linear) -> Int8DynamicLinear:
        """Rounds a layer: each row by the scale that makes its largest weight 127.

        Args:
            linear: A layer in floating point.

        Returns:
            The rounded layer.
        """
        rounded = cls(linear.in_features, linear.out_features, bias=linear.bias is not None)
        weight = linear.weight.float()
        rounded.scale = (weight.abs().amax(-1) / MAX_INT8).clamp_min(MIN_SCALE)
        rounded.weight = (weight / rounded.scale[:, None]).round().to(torch.int8)
        if linear.bias is not None:
            rounded.bias = linear.bias.detach().float()
        return rounded

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Int8DynamicLinear:
        """Moves to a device only: a model that goes to another type keeps the integers and their scales."""

        def moved(tensor: Tensor) -> Tensor:
            there = fn(tensor)
            return there if there.dtype == tensor.dtype else tensor.to(there.device)

        module: Int8DynamicLinear = super()._apply(moved, recurse)  # type: ignore[no-untyped-call]
        return module

    def forward(self, x: Tensor) -> Tensor:
        """Multiplies in integers.

        Args:
            x: (..., inputs), floating point.

        Returns:
            (..., outputs), in the type of the input.
        """
        rows = x.reshape(-1, self.in_features).float()
        scale = (rows.abs().amax(-1, keepdim=True) / MAX_INT8).clamp_min(MIN_SCALE)
        products = torch._int_mm((rows / scale).round().to(torch.int8), self.weight.t())
        y = products * scale * self.scale
        y = y if self.bias is None else y + self.bias
        return y.to(x.dtype).reshape(*x.shape[:-1], self.out_features)


@register_quantization_config(METHOD)
class Int8DynamicConfig(QuantizationConfigMixin):
    """Says which linear layers are quantized.

    Args:
        within: Beginning of the names of their modules.
    """

    def __init__(self, within: str = "", **_: Any) -> None:
        self.quant_method = METHOD
        self.within = within


@register_quantizer(METHOD)
class Int8DynamicQuantizer(HfQuantizer):
    """Puts `Int8DynamicLinear` in place of linear layers, before or after their weights are there."""

    requires_calibration = False
    is_trainable = False

    def is_serializable(self) -> bool:
        """Tells transformers that the quantized model can be saved: weights and scales are plain tensors.

        Returns:
            True.
        """
        return True

    def _process_model_before_weight_loading(self, model: PreTrainedModel, **_: Any) -> None:
        if self.pre_quantized:
            for parent, name, linear in self._layers(model):
                bias = linear.bias is not None
                setattr(parent, name, Int8DynamicLinear(linear.in_features, linear.out_features, bias=bias))

    def _process_model_after_weight_loading(self, model: PreTrainedModel, **_: Any) -> None:
        if not self.pre_quantized:
            for parent, name, linear in self._layers(model):
                setattr(parent, name, Int8DynamicLinear.from_linear(linear))

    def _layers(self, model: PreTrainedModel) -> Iterator[tuple[nn.Module, str, nn.Linear]]:
        """(parent, name in it, layer) of all layers that are to be quantized."""
        for path, module in list(model.named_modules()):
            if type(module) is nn.Linear and path.startswith(self.quantization_config.within):
                parent, _, name = path.rpartition(".")
                yield model.get_submodule(parent), name, module
