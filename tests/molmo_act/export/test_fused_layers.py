"""Layers in ONNX Runtime's own operators are taken where they compute what transformers' layers do."""

from __future__ import annotations

from collections import Counter

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from transformers.models.molmo2.modeling_molmo2 import Molmo2RMSNorm

import molmo_act
from molmo_act.export.external_weights import external_weights
from molmo_act.export.fused_layers import FusedLanguageLayer, FusedNorm, FusedVisionLayer, with_fused_norms
from molmo_act.export.hashed_files import HashedFiles
from molmo_act.export.ports import Port
from molmo_act.export.stacking import GraphBuilder
from molmo_act.export.template import trace


@pytest.fixture(scope="module")
def core():
    return molmo_act.load("nano", device="cpu").model.model


@pytest.mark.parametrize(("graph", "layers", "most"), [("language", 6, 34), ("vision", 6, 15)])
def test_an_export_takes_few_calls(nano_onnx, graph, layers, most):
    """Written as torch writes them, a layer of nano has 90 nodes (language) and 34 (vision)."""
    nodes = onnx.load(nano_onnx / f"{graph}.onnx", load_external_data=False).graph.node
    calls = Counter(node.op_type for node in nodes if node.name.startswith("layers."))
    assert calls["MultiHeadAttention"] == layers
    assert calls.total() <= layers * most


@pytest.mark.parametrize("graph", ["words", "patch_scores", "subpatch_scores", "patch_keys"])
def test_norms_are_one_call(nano_onnx, graph):
    nodes = onnx.load(nano_onnx / f"{graph}.onnx", load_external_data=False).graph.node
    assert Counter(node.op_type for node in nodes)["SimplifiedLayerNormalization"] == 1
    assert "ReduceMean" not in {node.op_type for node in nodes}


def test_a_layer_in_float16_has_one_type(core, tmp_path):
    """What a layer makes itself has the type of the graph, whatever that of the model."""
    layer, fed, cache = (
        FusedLanguageLayer(core.language_model.layers[0]),
        Port(("W", 256)),
        Port((2, "R", 64)),
    )
    angles = Port(("W", 32))
    given = {"x": fed, "cos": angles, "sin": angles, "mask": Port(("M", "R"))}
    given |= {"slots": Port((2, "W", 2), "int64"), "key": cache, "value": cache}
    made = {"y": fed, "new_key": cache, "new_value": cache}
    template = trace(layer, given, [*made], dtype=torch.float16, opset=18)
    files = HashedFiles(tmp_path)
    with external_weights(files, "layer.onnx") as weights:
        builder = GraphBuilder(weights)
        builder.stamp(template, layer, "", {name: name for name in (*given, *made)})
        builder.write(files, "layer.onnx", given, made, torch.float16)
    session = onnxruntime.InferenceSession(tmp_path / "layer.onnx", providers=["CPUExecutionProvider"])
    zeros = {name: np.zeros(port.example(torch.float16).shape, np.float16) for name, port in given.items()}
    zeros |= {"x": np.ones((5, 256), np.float16), "mask": np.zeros((10, 9), np.float16)}
    zeros["slots"] = np.stack([np.stack((np.full(5, head), np.arange(5)), -1) for head in range(2)])
    state, key, _ = session.run(None, zeros)
    assert state.dtype == key.dtype == np.float16
    assert np.isfinite(state).all()


def test_layers_of_another_kind_stay_as_they_are(core):
    language, vision = core.language_model.layers[0], core.vision_tower.layers[0]
    assert FusedLanguageLayer.fits(language)
    assert FusedVisionLayer.fits(vision)
    assert not FusedLanguageLayer.fits(vision)
    assert not FusedVisionLayer.fits(language)


@pytest.mark.parametrize(
    ("part", "name", "value"),
    [
        ("self_attn", "qk_norm_type", "olmo"),  # a norm over all heads
        ("", "norm_after", True),
    ],
)
def test_a_language_layer_with_other_norms_does_not_fit(core, monkeypatch, part, name, value):
    layer = core.language_model.layers[0]
    monkeypatch.setattr(layer.get_submodule(part), name, value)
    assert not FusedLanguageLayer.fits(layer)


def test_a_vision_layer_with_shared_keys_or_another_activation_does_not_fit(core, monkeypatch):
    layer = core.vision_tower.layers[0]
    monkeypatch.setattr(layer.self_attn, "num_key_value_groups", 2)
    assert not FusedVisionLayer.fits(layer)
    monkeypatch.undo()
    monkeypatch.setattr(layer.mlp.config, "hidden_act", "relu")
    assert not FusedVisionLayer.fits(layer)


def test_norms_keep_the_names_of_their_weights():
    module = torch.nn.Sequential(Molmo2RMSNorm(3), torch.nn.Sequential(torch.nn.LayerNorm(3)))
    names = [name for name, _ in module.named_parameters()]
    weight = module[0].weight
    fused = with_fused_norms(module)
    assert [name for name, _ in fused.named_parameters()] == names
    assert type(fused[0]) is FusedNorm
    assert fused[0].weight is weight
    assert type(fused[1][0]) is torch.nn.LayerNorm
