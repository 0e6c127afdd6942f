"""Counts the weights of a model by its sizes, and says how many bytes they take in each precision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from molmo_act.doctor.sizes import LOCATIONS as GRID
from molmo_act.doctor.sizes import Adapter, Attention, Sizes, Text, Vision

VISION, CONNECTOR, LANGUAGE = "vision tower", "connector", "language blocks"
WORDS, HEAD = "word tables", "grounding head"


@dataclass(frozen=True)
class Precision:
    """How weights are stored.

    Attributes:
        name: As in plans.
        wide: Bytes of a weight outside of the products of the language blocks.
        narrow: Bytes of a weight in them, with scales of blocks of weights.
        row: Bytes for each of their outputs, such as a scale.
        runtime: What runs it: "torch", with "bitsandbytes", or "ONNX Runtime" as an export.
    """

    name: str
    wide: float
    narrow: float
    row: float = 0
    runtime: str = "torch"

    @property
    def is_export(self) -> bool:
        """Whether it is one of a model that was exported to ONNX."""
        return self.runtime == "ONNX Runtime"


PRECISIONS: Mapping[str, Precision] = {
    each.name: each
    for each in (
        Precision("float32", 4, 4),
        Precision("bfloat16", 2, 2),
        Precision("int8", 2, 1, row=4, runtime="bitsandbytes"),
        Precision("nf4", 2, 0.5 + 4 / 64, runtime="bitsandbytes"),  # a float32 scale for each block of 64
        Precision("export fp32", 4, 4, runtime="ONNX Runtime"),
        Precision("export fp16", 2, 2, runtime="ONNX Runtime"),
        Precision("export int8", 4, 1, row=4 + 1, runtime="ONNX Runtime"),  # a scale and a zero
        Precision(
            "export int4", 4, 0.5 + 4 / 32, runtime="ONNX Runtime"
        ),  # a float32 scale for each block of 32
    )
}
"""By their names; "int8" and "nf4" are those of bitsandbytes, on torch."""


@dataclass(frozen=True)
class Parameters:
    """Number of a model's weights.

    Attributes:
        by_part: Weights of each part, as `molmo_act.quantization.precision` names parts.
        linear: Those of the linear layers of the language blocks, which a quantization stores in fewer bits.
        rows: Outputs of these layers, each of which has a scale in int8.
        head: Those of the output layer; 0 where it shares the input embeddings.
        table: Those of one word table, which an export has twice where the model has one for both ends.
        active: Those of `linear` that a token is multiplied by: fewer in a model with experts.
    """

    by_part: Mapping[str, int]
    linear: int
    rows: int
    head: int
    table: int
    active: int

    @property
    def total(self) -> int:
        """Of all parts."""
        return sum(self.by_part.values())

    def parts_mb(self, precision: str) -> dict[str, float]:
        """Size of each part.

        Args:
            precision: One of `PRECISIONS`.

        Returns:
            MB by part.
        """
        stored = PRECISIONS[precision]
        sizes = {part: stored.wide * count for part, count in self.by_part.items()}
        sizes[LANGUAGE] += (stored.narrow - stored.wide) * self.linear + stored.row * self.rows
        if stored.is_export and not self.head:
            sizes[WORDS] += stored.wide * self.table
        return {part: size / 1e6 for part, size in sizes.items()}

    def megabytes(self, precision: str) -> float:
        """Size of all weights.

        Args:
            precision: One of `PRECISIONS`.

        Returns:
            MB.
        """
        return sum(self.parts_mb(precision).values())


def count(sizes: Sizes) -> Parameters:
    """Counts the weights of a model.

    Args:
        sizes: Of the model.

    Returns:
        The numbers.
    """
    text, vision, adapter = sizes.text_config, sizes.vision_config, sizes.adapter_config
    words = sizes.extended_vocab_start
    table = words * text.hidden_size
    outputs = words if sizes.points else text.vocab_size
    head = 0 if text.tie_word_embeddings else outputs * text.hidden_size
    by_part = {
        VISION: _vision(vision),
        CONNECTOR: _connector(adapter) + _temporal(sizes),
        LANGUAGE: text.num_hidden_layers * _block(text),
        WORDS: table + head + text.hidden_size,
    }
    if sizes.points:
        by_part[HEAD] = _grounding(sizes)
    return Parameters(
        by_part=by_part,
        linear=text.num_hidden_layers * _products(text),
        rows=text.num_hidden_layers * _rows(text),
        head=head,
        table=table,
        active=text.num_hidden_layers * _products(text, text.experts_used),
    )


def _products(part: Text, experts: int | None = None) -> int:
    attention = part.hidden_size * 2 * (part.queries + part.keys)
    experts = part.experts if experts is None else experts
    return attention + experts * 3 * part.hidden_size * part.intermediate_size


def _rows(part: Text) -> int:
    one = part.hidden_size + 2 * part.intermediate_size
    return part.queries + 2 * part.keys + part.hidden_size + part.experts * one


def _block(text: Text) -> int:
    biases = text.attention_bias * (text.queries + 2 * text.keys)
    norms = {"qwen3": 2 * text.head_dim, "none": 0}.get(text.qk_norm_type, text.queries + text.keys)
    router = text.experts * text.hidden_size if text.experts > 1 else 0
    return _products(text) + biases + norms + router + 2 * text.hidden_size


def _attention(part: Attention, inputs: int, *, out: bool) -> int:
    """Queries, keys and values of some inputs, and the output layer where there is one."""
    weights = inputs * (part.queries + 2 * part.keys) + out * part.queries * part.hidden_size
    return weights + part.attention_bias * (part.queries + 2 * part.keys + out * part.hidden_size)


def _vision(vision: Vision) -> int:
    width, wide = vision.hidden_size, vision.intermediate_size
    layer = _attention(vision, width, out=True) + 2 * width * wide + wide + width + 4 * width
    patch = vision.num_channels * vision.patch_size**2
    # CLIP's has a class token with its position and a norm before the first block, and no bias of patches.
    more = 4 if vision.class_token else 1
    return vision.num_hidden_layers * layer + (patch + more + vision.num_position_embeddings) * width


def _features(adapter: Adapter) -> int:
    return adapter.hidden_size * len(adapter.vision_feature_layer)


def _connector(adapter: Adapter) -> int:
    wide = adapter.intermediate_size
    pooling = _attention(adapter, _features(adapter), out=adapter.attention_pooling_out_layer)
    projector = (2 * adapter.hidden_size + adapter.text_hidden_size) * wide + 2 * adapter.mlp_bias * wide
    return pooling + projector + adapter.positional_embeddings * _features(adapter)


def _temporal(sizes: Sizes) -> int:
    width = _features(sizes.adapter_config)
    if sizes.temporal_module == "videomolmo":
        return 4 * width * sizes.adapter_config.queries
    return 4 * width * (width + 1) if sizes.temporal_module == "attention" else 0


def _grounding(sizes: Sizes) -> int:
    text, keys = sizes.text_config.hidden_size, sizes.patch_embed_dim
    features = _features(sizes.adapter_config)
    projections = 3 * (text + 1) * keys + (features + 1) * keys + (text + 1) * GRID
    built = (features + 1) * text
    return projections + built + sizes.layer_norm_x * text + sizes.no_more_points_class * keys
