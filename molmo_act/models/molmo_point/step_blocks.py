"""The language blocks in fewer calls, for decode steps on a CPU.

A decode step feeds about a dozen tokens. At that size a CPU spends less time on the products than on what
lies between them: modules that call modules, small operators, a norm in seven of them. Here the same
formulas are written without modules, for what most checkpoints are; `MolmoPointTextModel` remains the
definition, and what it computes differs by rounding at most.

Shape letters: B rows, W fed tokens, R all fed tokens of all rows, D text width, S positions of the cache, H
heads, E width of a head.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers.models.molmo2.modeling_molmo2 import Molmo2DecoderLayer

from molmo_act.models.attention import SHARED_KEYS
from molmo_act.models.copying import is_changed

Product = Callable[[Tensor], Tensor]


class Cache(Protocol):
    """Stores the keys and values of a layer, and gives those that may be attended to."""

    def update(self, keys: Tensor, values: Tensor, layer: int, /) -> tuple[Tensor, Tensor]:
        """(B, key heads, W, E) each → (B, key heads, S, E) each."""


@dataclass(frozen=True)
class _Block:
    """What one block computes with."""

    query: Product
    key: Product
    value: Product
    out: Product
    gate: Product
    up: Product
    down: Product
    activation: Callable[[Tensor], Tensor]
    norm_before: Tensor
    norm_between: Tensor
    norms_of_heads_HE: Tensor
    scaling: float
    scaled_angles: bool


class StepBlocks:
    """The blocks of a language model as they are now; made anew for every batch.

    Args:
        model: A `MolmoPointTextModel` for which `fits` holds.
    """

    def __init__(self, model: Any) -> None:
        text = model.config
        self._model, self._eps, self._heads = model, text.rms_norm_eps, text.num_attention_heads
        self._width = model.layers[0].self_attn.head_dim
        self._blocks = [
            _block(layer, kind == "scaled", text)
            for layer, kind in zip(model.layers, model.rope_types, strict=True)
        ]

    @staticmethod
    def fits(model: Any) -> bool:
        """Says whether a model is one that this can run: on a CPU, in float32, of transformers' own layers.

        Args:
            model: A `MolmoPointTextModel`.

        Returns:
            Whether `StepBlocks` may be made of it.
        """
        text, weight = model.config, model.embed_tokens.weight
        return (
            weight.device.type == "cpu"
            and weight.dtype == torch.float32
            and text._attn_implementation in (SHARED_KEYS, "sdpa")  # which give the same numbers
            and text.qk_norm_type == "qwen3"
            and not text.norm_after
            and all(type(layer) is Molmo2DecoderLayer and not is_changed(layer) for layer in model.layers)
        )

    def __call__(self, x_BWD: Tensor, mask: Tensor, positions_BW: Tensor, cache: Cache) -> Tensor:
        """Runs the blocks.

        Args:
            x_BWD: Embeddings of what is fed.
            mask: (B, 1, W, S), bool, or added to the scores.
            positions_BW: Their positions in the prompts.
            cache: Takes their keys and values.

        Returns:
            (B, W, D) hidden states before the final norm.
        """
        batch, fed, wide = x_BWD.shape
        angles = {
            kind: self._angles(x_BWD, positions_BW, scaled=kind)
            for kind in {block.scaled_angles for block in self._blocks}
        }
        x_RD = x_BWD.reshape(-1, wide)
        for layer, block in enumerate(self._blocks):
            normed = F.rms_norm(x_RD, (wide,), block.norm_before, self._eps)
            both = torch.cat((block.query(normed), block.key(normed)), dim=-1)
            both = both.view(len(x_RD), -1, self._width)
            both = F.rms_norm(both, (self._width,), None, self._eps) * block.norms_of_heads_HE
            cos, sin = angles[block.scaled_angles]
            both = both * cos + both.roll(self._width // 2, -1) * sin
            both = both.view(batch, fed, -1, self._width).transpose(1, 2)
            value = block.value(normed).view(batch, fed, -1, self._width).transpose(1, 2)
            keys, values = cache.update(both[:, self._heads :], value, layer)
            attended = F.scaled_dot_product_attention(
                both[:, : self._heads], keys, values, mask, scale=block.scaling, enable_gqa=True
            )
            x_RD = x_RD + block.out(attended.transpose(1, 2).reshape(len(x_RD), -1))
            normed = F.rms_norm(x_RD, (wide,), block.norm_between, self._eps)
            x_RD = x_RD + block.down(block.activation(block.gate(normed)) * block.up(normed))
        return x_RD.view(batch, fed, wide)

    def _angles(self, x_BWD: Tensor, positions_BW: Tensor, *, scaled: bool) -> tuple[Tensor, Tensor]:
        """Cosines, and sines with the sign of the half that is rotated: (R, 1, E) each."""
        rotary = self._model.rotary_emb if scaled else self._model.rotary_emb_unscaled
        cos, sin = (each.reshape(-1, 1, self._width) for each in rotary(x_BWD, positions_BW))
        half = self._width // 2
        return cos, torch.cat((-sin[..., :half], sin[..., half:]), dim=-1)


def _block(layer: Any, scaled: bool, text: Any) -> _Block:
    attention, mlp = layer.self_attn, layer.mlp
    norms = (attention.q_norm, text.num_attention_heads), (attention.k_norm, text.num_key_value_heads)
    return _Block(
        query=_product(attention.q_proj),
        key=_product(attention.k_proj),
        value=_product(attention.v_proj),
        out=_product(attention.o_proj),
        gate=_product(mlp.gate_proj),
        up=_product(mlp.up_proj),
        down=_product(mlp.down_proj),
        activation=mlp.act_fn,
        norm_before=layer.input_layernorm.weight,
        norm_between=layer.post_attention_layernorm.weight,
        norms_of_heads_HE=torch.cat([norm.weight.expand(heads, -1) for norm, heads in norms]),
        scaling=attention.scaling,
        scaled_angles=scaled,
    )


def _product(linear: nn.Module) -> Product:
    """(R, inputs) → (R, outputs), as a layer does it, whether it is quantized or not."""
    if type(linear) is not nn.Linear or linear.bias is not None:
        return linear
    return _Multiplied(linear.weight.t())


class _Multiplied:
    """Multiplication by a matrix (inputs, outputs), without the calls around it."""

    def __init__(self, matrix: Tensor) -> None:
        self._matrix = matrix

    def __call__(self, x: Tensor) -> Tensor:
        return torch.mm(x, self._matrix)
