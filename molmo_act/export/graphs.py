"""The ONNX graphs of a MolmoPoint, one file for each part; docs/embedded.md lists what they take and give."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import nn

from molmo_act.export import graph_modules as parts
from molmo_act.export.external_weights import external_weights
from molmo_act.export.fused_layers import FusedLanguageLayer, FusedVisionLayer
from molmo_act.export.hashed_files import HashedFiles
from molmo_act.export.ports import Port, Ports
from molmo_act.export.stacking import GraphBuilder, Linear
from molmo_act.export.template import Template, trace
from molmo_act.models.molmo_point.modeling_molmo_point import MolmoPointForConditionalGeneration
from molmo_act.models.streaming import present

FEW_WORDS = 64
"""Rows of the table of words that is traced; there may be 150,000 of them."""


class GraphWriter:
    """Writes the graphs of a model into a folder.

    Args:
        model: The model.
        files: Those of the folder.
        dtype: Type of the numbers.
        opset: Version of the operators of ONNX.
        linear: How the products of the language blocks are written; None for plainly.
    """

    def __init__(
        self,
        model: MolmoPointForConditionalGeneration,
        files: HashedFiles,
        *,
        dtype: torch.dtype,
        opset: int,
        linear: Linear | None,
    ) -> None:
        self._model, self._core, self._files = model, model.model, files
        self._dtype, self._opset, self._linear = dtype, opset, linear

    @property
    def names(self) -> list[str]:
        """The graphs, in the order in which they are written."""
        return ["vision", "language", *(name for name, *_ in self._single())]

    def write(self) -> Iterator[str]:
        """Writes one graph after the other.

        Yields:
            The name of each when it is written.
        """
        self._vision()
        yield "vision"
        self._language()
        yield "language"
        for name, module, inputs, outputs in self._single():
            template = self._trace(_sample(module), inputs, outputs)
            with external_weights(self._files, f"{name}.onnx") as weights:
                builder = GraphBuilder(weights)
                builder.stamp(template, module, "", {each: each for each in (*inputs, *outputs)})
                self._finish(builder, name, inputs, outputs)
            yield name

    def _trace(self, module: nn.Module, inputs: Ports, outputs: Ports) -> Template:
        return trace(module, inputs, list(outputs), dtype=self._dtype, opset=self._opset)

    def _finish(self, builder: GraphBuilder, name: str, inputs: Ports, outputs: Ports) -> None:
        builder.write(self._files, f"{name}.onnx", inputs, outputs, self._dtype)

    def _single(self) -> Iterator[tuple[str, nn.Module, Ports, Ports]]:
        """Name, module, inputs and outputs of the graphs that have no layers."""
        config, core, head = self._model.config, self._core, self._core.point_predictor
        text, keys, features = config.text_config.hidden_size, config.patch_embed_dim, self._features
        hidden, windows, valid = Port(("N", text)), Port(("N", "K", features)), Port(("N", "K"), "bool")
        yield (
            *("connector", parts.Connector(core), {"windows": windows, "valid": valid}),
            {"image_features": Port(("N", text)), "subpatch_keys": Port(("N", "K", keys))},
        )
        logits = Port(("N", self._model.vocab_size), "float32")
        words = parts.Words(core.final_norm, self._model.lm_head)
        yield "words", words, {"hidden": hidden}, {"word_logits": logits}
        image_tokens = {"hidden": Port(("P", text)), "positions": Port(("P",), "int64")}
        patch_keys = {"patch_keys": Port(("P", keys), "float32")}
        yield "patch_keys", parts.PatchKeys(head), image_tokens, patch_keys
        compared = {
            **{"hidden": hidden, "positions": Port(("N",), "int64"), **patch_keys},
            **{"indexable": Port(("P",), "bool"), "num_keys": Port((), "int64")},
        }
        columns = "P" if head.no_more_key is None else "P + 1"
        yield "patch_scores", parts.PatchScores(head), compared, {"scores": Port(("N", columns), "float32")}
        slots = {"hidden": hidden, "keys": Port(("N", "K", keys)), "valid": valid}
        yield "subpatch_scores", parts.SubpatchScores(head), slots, {"scores": Port(("N", "K"), "float32")}
        if config.num_locations:
            scores = {"scores": Port(("N", config.num_locations), "float32")}
            yield "location_scores", parts.LocationScores(head), {"hidden": hidden}, scores
        given, made = {"windows": Port(("N", features))}, {"embeddings": Port(("N", text))}
        yield "slot_embeddings", parts.SlotEmbeddings(core), given, made

    @property
    def _features(self) -> int:
        adapter = self._model.config.adapter_config
        return int(adapter.hidden_size * len(adapter.vision_feature_layer))

    def _vision(self) -> None:
        tower = self._core.vision_tower
        chosen = self._core.config.adapter_config.vision_feature_layer
        wanted = [layer if layer >= 0 else len(tower.layers) + layer for layer in chosen]
        patches, width = len(tower.positional_embedding), tower.config.hidden_size
        inputs = {"pixel_values": Port(("crops", patches, tower.patch_embedding.in_features))}
        outputs = {"features": Port(("crops", patches, self._features))}
        state = Port(("crops", patches, width))
        first = parts.PatchEmbedding(self._core)
        start = self._trace(first, inputs, {"x": state})
        kind = FusedVisionLayer if all(map(FusedVisionLayer.fits, tower.layers)) else parts.VisionLayer
        block = self._trace(kind(tower.layers[0]), {"x": state}, {"y": state})
        with external_weights(self._files, "vision.onnx") as weights:
            builder = GraphBuilder(weights)
            builder.stamp(start, first, "first.", {"pixel_values": "pixel_values", "x": "layer_0"})
            for index in range(max(wanted) + 1):
                names = {"x": f"layer_{index}", "y": f"layer_{index + 1}"}
                builder.stamp(block, kind(tower.layers[index]), f"layers.{index}.", names)
            builder.add("Concat", [f"layer_{index + 1}" for index in wanted], "features", axis=-1)
            self._finish(builder, "vision", inputs, outputs)

    def _language(self) -> None:
        text, core = self._model.config.text_config, self._core.language_model
        fuses = all(map(FusedLanguageLayer.fits, core.layers))
        kind: Any = FusedLanguageLayer if fuses else parts.LanguageLayer
        width, layers = core.layers[0].self_attn.head_dim, range(len(core.layers))
        heads = text.num_key_value_heads
        repeats = text.num_attention_heads // heads if fuses else 1
        turned = width // 2 if fuses else width
        fed, angles = Port(("W", text.hidden_size)), Port(("W", turned))
        given = {"mask": Port(("W", "R")), "slots": Port((heads, "W", 2), "int64")}
        wide = given if repeats == 1 else given | {"mask": Port(("M", "R"))}
        cache = Port((heads, "R", width))
        block = self._trace(
            kind(core.layers[0]),
            {"x": fed, "cos": angles, "sin": angles, **wide, "key": cache, "value": cache},
            {"y": fed, "new_key": cache, "new_value": cache},
        )
        kinds = ("key", "value")
        inputs = {"embeds": fed, "positions": Port(("W",), "int64"), **given}
        inputs |= {f"past_{kind}_{index}": cache for index in layers for kind in kinds}
        outputs = {f"present_{kind}_{index}": cache for index in layers for kind in kinds}
        with external_weights(self._files, "language.onnx") as weights:
            builder = GraphBuilder(weights, self._linear)
            self._rotary(builder, turned, inputs)
            mask = "mask" if repeats == 1 else "mask_of_heads"
            if repeats > 1:
                builder.add("Concat", ["mask"] * repeats, mask, axis=0)
            for index, rope in enumerate(core.rope_types):
                last = index + 1 == len(layers)
                names = {
                    **{"mask": mask, "slots": "slots"},
                    **{"x": f"layer_{index}" if index else "embeds"},
                    **{"y": "hidden" if last else f"layer_{index + 1}"},
                    **{"cos": f"cos_{rope}", "sin": f"sin_{rope}"},
                    **{kind: f"past_{kind}_{index}" for kind in kinds},
                    **{f"new_{kind}": f"present_{kind}_{index}" for kind in kinds},
                }
                with present(core.layers[index]):
                    builder.stamp(block, kind(core.layers[index]), f"layers.{index}.", names)
            self._finish(builder, "language", inputs, {"hidden": fed, **outputs})

    def _rotary(self, builder: GraphBuilder, width: int, inputs: Ports) -> None:
        """The rotary embeddings that layers use, each computed once."""
        core = self._core.language_model
        for rope in sorted(set(core.rope_types)):
            embedding = core.rotary_emb if rope == "scaled" else core.rotary_emb_unscaled
            module = parts.Rotary(embedding, width)
            given = {name: inputs[name] for name in ("embeds", "positions")}
            angles = Port(("W", width))
            template = self._trace(module, given, {"cosines": angles, "sines": angles})
            names = {**{name: name for name in given}, "cosines": f"cos_{rope}", "sines": f"sin_{rope}"}
            builder.stamp(template, module, f"rotary.{rope}.", names)


def _sample(module: nn.Module) -> nn.Module:
    """What is traced in place of a module: torch's exporter makes copies of what a model has most of."""
    if not isinstance(module, parts.Words):
        return module
    few = nn.Linear(module.head.in_features, FEW_WORDS, bias=False, device="meta")
    return parts.Words(module.norm, few)
