"""Layers in ONNX Runtime's own operators, which do in one call what transformers' modules do in a dozen.

ONNX Runtime joins operators itself, but not those that torch's exporter writes here: a norm stays seven of
them, attention keeps all scores of all heads in memory, and each of a few hundred small operators of a step
costs as much as its numbers. The operators come from ONNX Runtime's documents "ContribOperators" and
"OperatorKernels". Modules here are traced, never run: torch does not know the operators.

Shape letters: W fed tokens, R rows of the cache, H heads, S heads of keys, E width of a head, D width of the
model, P patches of a crop.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers.models.molmo2.modeling_molmo2 import (
    Molmo2DecoderLayer,
    Molmo2RMSNorm,
    Molmo2VisionEncoderLayer,
)

MICROSOFT = "com.microsoft"


def _operator(name: str, inputs: Sequence[Tensor | None], shape: Sequence[Any], **attributes: Any) -> Tensor:
    """A node of the graph that gives numbers of the type that it is fed first."""
    assert inputs[0] is not None
    domain = name.partition("::")[0] if "::" in name else ""
    found: Tensor = torch.onnx.ops.symbolic(
        name,
        inputs,
        attributes,
        dtype=inputs[0].dtype,
        shape=shape,
        version=1 if domain else None,
    )
    return found


def rms_norm(x: Tensor, weight: Tensor, eps: float) -> Tensor:
    """Divides by the root of the mean square along the last axis, computed in float32.

    Args:
        x: (..., D).
        weight: (D,).
        eps: Added to the mean square.

    Returns:
        (..., D).
    """
    options = {"axis": -1, "epsilon": eps, "stash_type": 1}
    return _operator("SimplifiedLayerNormalization", (x, weight), x.shape, **options)


class FusedNorm(nn.Module):
    """A `Molmo2RMSNorm`; its weight has the same name."""

    def __init__(self, norm: Molmo2RMSNorm) -> None:
        super().__init__()
        self.weight, self._eps = norm.weight, norm.variance_epsilon

    def forward(self, x: Tensor) -> Tensor:
        """(..., D)."""
        return rms_norm(x, self.weight, self._eps)


class FusedVisionLayer(nn.Module):
    """One layer of the vision tower. Its scores are never all in memory, since there is no mask.

    Args:
        layer: One for which `fits` holds.
    """

    def __init__(self, layer: Any) -> None:
        super().__init__()
        attention = layer.self_attn
        self.layer_norm1, self.layer_norm2, self.mlp = layer.layer_norm1, layer.layer_norm2, layer.mlp
        self.o_proj = attention.o_proj
        projections = attention.q_proj, attention.k_proj, attention.v_proj
        self.query, self.key, self.value = (each.weight for each in projections)
        self.biases = _joined([each.bias for each in projections])
        self._heads, self._scale = attention.config.num_attention_heads, float(attention.scaling)

    @staticmethod
    def fits(layer: Any) -> bool:
        """Says whether a layer is what this computes."""
        return (
            type(layer) is Molmo2VisionEncoderLayer
            and layer.self_attn.num_key_value_groups == 1
            and layer.self_attn.q_proj.bias is not None
            and layer.mlp.config.hidden_act == "gelu_pytorch_tanh"
        )

    def forward(self, x: Tensor) -> Tensor:
        """(crops, P, D)."""
        normed = self.layer_norm1(x)
        given = [F.linear(normed, weight) for weight in (self.query, self.key, self.value)]
        options = {"num_heads": self._heads, "scale": self._scale}
        attended = _operator(
            f"{MICROSOFT}::MultiHeadAttention", (*given, self.biases), given[2].shape, **options
        )
        x = x + self.o_proj(attended)
        inner = F.linear(self.layer_norm2(x), self.mlp.fc1.weight)
        inner = _operator(f"{MICROSOFT}::FastGelu", (inner, self.mlp.fc1.bias), inner.shape)
        found: Tensor = x + self.mlp.fc2(inner)
        return found


class FusedLanguageLayer(nn.Module):
    """One layer of the language model, with its cache.

    What is fed is multiplied by the matrices of queries, keys and values at once. Heads that share keys are
    rows of one head of attention, so that keys are not copied for each of them.

    Args:
        layer: One for which `fits` holds.
    """

    def __init__(self, layer: Any) -> None:
        super().__init__()
        attention, self.mlp = layer.self_attn, layer.mlp
        self.norm_before = FusedNorm(layer.input_layernorm)
        self.norm_between = FusedNorm(layer.post_attention_layernorm)
        self.o_proj = attention.o_proj
        self.joined = _joined(
            [each.weight for each in (attention.q_proj, attention.k_proj, attention.v_proj)]
        )
        self.gates = _joined([self.mlp.gate_proj.weight, self.mlp.up_proj.weight])
        self._width, self._shared = attention.head_dim, attention.config.num_key_value_heads
        self._heads = attention.config.num_attention_heads
        self._scale, self._eps = float(attention.scaling), attention.q_norm.variance_epsilon
        norms = (attention.q_norm.weight, self._heads), (attention.k_norm.weight, self._shared)
        each = [weight.detach().expand(heads, 1, -1) for weight, heads in norms]
        self.norms_of_heads = _joined(each)

    @staticmethod
    def fits(layer: Any) -> bool:
        """Says whether a layer is what this computes."""
        return (
            type(layer) is Molmo2DecoderLayer
            and layer.self_attn.qk_norm_type == "qwen3"
            and layer.self_attn.q_proj.bias is None
            and not layer.norm_after
        )

    def forward(
        self, x: Tensor, cos: Tensor, sin: Tensor, mask: Tensor, slots: Tensor, key: Tensor, value: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """States (W, D), and keys and values (S, R, E) with those of the fed tokens at `slots`.

        `cos` and `sin` are (W, E / 2). `mask` is added to the scores, and repeated for each of the heads that
        share keys: (H / S · W, R). `slots` are pairs of head and row (S, W, 2).
        """
        fed, heads, shared, width = x.shape[0], self._heads, self._shared, self._width
        x = x[None]
        given = F.linear(self.norm_before(x), self.joined).view(fed, heads + 2 * shared, width)
        turned, values = torch.split(given.transpose(0, 1), [heads + shared, shared])
        turned = rms_norm(turned, torch.ones(width, dtype=x.dtype), self._eps) * self.norms_of_heads
        turned = turned[None]
        first = torch.zeros(1, dtype=torch.long)  # the row of the angles that the first token has
        turned = _operator(f"{MICROSOFT}::RotaryEmbedding", (turned, first, cos, sin), turned.shape)
        query, keys = torch.split(turned.squeeze(0), [heads, shared])
        key = _operator("ScatterND", (key, slots, keys), key.shape)
        value = _operator("ScatterND", (value, slots, values), value.shape)
        query = query.reshape(shared, -1, width)
        attended = _operator(
            f"{MICROSOFT}::MultiHeadAttention",
            (query, key[:, None], value[:, None], None, None, mask[None, None]),
            query.shape,
            num_heads=1,
            scale=self._scale,
        )
        attended = attended.reshape(heads, fed, width).transpose(0, 1).reshape(1, fed, -1)
        x = x + self.o_proj(attended)
        gate, up = F.linear(self.norm_between(x), self.gates).chunk(2, dim=-1)
        x = x + self.mlp.down_proj(self.mlp.act_fn(gate) * up)
        return x.squeeze(0), key, value


def _joined(tensors: Sequence[Tensor]) -> nn.Parameter:
    """One parameter of several, along the first axis."""
    return nn.Parameter(torch.cat([each.detach() for each in tensors]), requires_grad=False)


def with_fused_norms(module: nn.Module) -> nn.Module:
    """Replaces the norms of a module that nothing else uses.

    Args:
        module: Changed in place.

    Returns:
        The same module.
    """
    for part in [*module.modules()]:
        for name, child in [*part.named_children()]:
            if type(child) is Molmo2RMSNorm:
                setattr(part, name, FusedNorm(child))
    return module
