"""How a run of VideoMolmo begins."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest
import torch

from model.train.config.presets import RECIPES
from model.train.distributed import DistributedContext
from model.train.models.video_molmo import init_video_molmo
from molmo_act.errors import CheckpointError, InputError
from tests.support.tiny_checkpoint import TINY
from tests.support.tiny_molmo1 import DATA, VIDEO, copy_molmo1, molmo1_model

ALONE = DistributedContext(torch.device("cpu"))


def init(source, **changes):
    return init_video_molmo(replace(RECIPES["videomolmo"], model=str(source), **changes), ALONE)[0]


def test_a_molmo_1_gets_a_module_by_xavier_s_rule():
    model = init(DATA / "tiny")
    assert model.config.has_temporal_module
    assert model.model.multi_modal_projector.pad_embed is None
    assert all(parameter.requires_grad for parameter in model.parameters())
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}
    for projection in model.model.temporal.children():
        out, into = projection.weight.shape
        assert float(projection.weight.detach().std()) == pytest.approx(math.sqrt(2 / (out + into)), rel=0.2)
        assert projection.bias is None
    again, other = init(DATA / "tiny"), init(DATA / "tiny", seed=1)
    first = model.model.temporal.o_proj.weight
    assert torch.equal(first, again.model.temporal.o_proj.weight)
    assert not torch.equal(first, other.model.temporal.o_proj.weight)


def test_a_videomolmo_keeps_its_module():
    model = init(DATA / VIDEO)
    assert torch.equal(model.model.temporal.o_proj.weight, molmo1_model(VIDEO).model.temporal.o_proj.weight)


def test_a_rate_of_0_freezes_a_group():
    recipe = RECIPES["videomolmo"]
    model = init(DATA / "tiny", vision=replace(recipe.vision, rate=0.0))
    assert not any(parameter.requires_grad for parameter in model.model.vision_tower.parameters())
    assert all(parameter.requires_grad for parameter in model.model.temporal.parameters())


def test_another_family_is_refused():
    with pytest.raises(CheckpointError, match="expected"):
        init(TINY)


def test_weights_in_fewer_bits_are_refused(tmp_path):
    folder = copy_molmo1("tiny", tmp_path / "quantized")
    config = json.loads((folder / "config.json").read_text())
    config["quantization_config"] = {"quant_method": "bitsandbytes", "load_in_4bit": True}
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(InputError, match="expected one in floating point"):
        init(folder)
