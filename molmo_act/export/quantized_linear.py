"""Products of the language blocks in fewer bits, as ONNX Runtime's own operators.

Weights are quantized here, one at a time, so that a model needs no second copy in memory.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from molmo_act._optional import lazy_import
from molmo_act.export.external_weights import ExternalWeights

BLOCK = 32
"""Inputs of an output that share a scale in int4."""
ZERO = 128
INT8_ACTIVATIONS = 4
"""Accuracy level at which ONNX Runtime multiplies int4 by int8: three times as fast as by float32."""
MICROSOFT = "com.microsoft"
_onnx: Any = lazy_import("onnx", extra="onnx", purpose="export to ONNX")


def int8_linear(
    node: Any, name: str, weight: np.ndarray, weights: ExternalWeights
) -> tuple[list[Any], list[Any]]:
    """8-bit weights, one scale for each output; what is fed is quantized when it is fed ("dynamic").

    They are stored without a sign, around 128: products of signed weights overflow 16 bits on x86 processors
    without VNNI, where ONNX Runtime then gives other numbers without a word.

    Args:
        node: The ``MatMul``.
        name: Of the weight.
        weight: (inputs, outputs).
        weights: Takes weights.

    Returns:
        ``DynamicQuantizeMatMul``, and its initializers.
    """
    scale = np.abs(weight).max(axis=0).astype(np.float32) / 127
    scale = np.where(scale > 0, scale, 1).astype(np.float32)
    levels = np.clip(np.rint(weight / scale) + ZERO, 1, 255).astype(np.uint8)
    stored = {"uint8": levels, "scale": scale, "zero": np.full(len(scale), ZERO, np.uint8)}
    initializers = [weights.add(f"{name}.{kind}", values) for kind, values in stored.items()]
    return [_in_place_of(node, "DynamicQuantizeMatMul", initializers)], initializers


def int4_linear(
    node: Any, name: str, weight: np.ndarray, weights: ExternalWeights
) -> tuple[list[Any], list[Any]]:
    """int4 weights, one scale for each 32 inputs of an output ("weight only").

    Args:
        node: The ``MatMul``.
        name: Of the weight.
        weight: (inputs, outputs).
        weights: Takes weights.

    Returns:
        ``MatMulNBits``, and its initializers.
    """
    packed, scale = pack_int4(weight)
    initializers = [weights.add(f"{name}.int4", packed), weights.add(f"{name}.scale", scale)]
    sizes = {"K": weight.shape[0], "N": weight.shape[1], "bits": 4, "block_size": BLOCK}
    sizes["accuracy_level"] = INT8_ACTIVATIONS
    return [_in_place_of(node, "MatMulNBits", initializers, **sizes)], initializers


def _in_place_of(node: Any, operator: str, initializers: list[Any], **attributes: int) -> Any:
    """A node of ONNX Runtime's own that takes what a ``MatMul`` is fed, and gives its output."""
    inputs = [node.input[0], *(each.name for each in initializers)]
    names = {"name": node.name, "domain": MICROSOFT}
    return _onnx.helper.make_node(operator, inputs, list(node.output), **names, **attributes)


def pack_int4(weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Quantizes a weight to 16 levels around 8, two in a byte, as ``MatMulNBits`` reads them.

    The number farthest from zero in a block is level 0 or, where that is nearer, 15: so the levels are used
    from one end on.

    Args:
        weight: (inputs, outputs).

    Returns:
        uint8 (outputs, blocks, 16), lower half of each byte first; and float32 scales (outputs · blocks,).
    """
    inputs, outputs = weight.shape
    blocks = -(-inputs // BLOCK)
    padded = np.zeros((outputs, blocks * BLOCK), np.float32)
    padded[:, :inputs] = weight.T
    values = padded.reshape(outputs, blocks, BLOCK)
    farthest = np.take_along_axis(values, np.abs(values).argmax(-1)[..., None], axis=-1)
    scale = farthest / -8
    scale = np.where(scale == 0, 1, scale).astype(np.float32)
    levels = np.clip(np.rint(values / scale) + 8, 0, 15).astype(np.uint8)
    packed = levels[..., 0::2] | (levels[..., 1::2] << 4)
    return packed, scale.reshape(-1)
