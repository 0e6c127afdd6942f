"""Sizes of Molmo 1 and VideoMolmo: as many weights as the models have, and plans of them."""

from __future__ import annotations

import json
from collections import Counter

import pytest
import torch
from torch import nn

from molmo_act.cli import main as cli
from molmo_act.doctor.molmo_sizes import read_model_sizes
from molmo_act.doctor.parameters import count
from molmo_act.doctor.plan import make_plan
from molmo_act.errors import CheckpointError
from molmo_act.models.molmo import MolmoConfig, MolmoForConditionalGeneration
from molmo_act.quantization.precision import LANGUAGE_BLOCKS, part_of
from tests.molmo_act.models.molmo.test_released_sizes import MODELS
from tests.support.tiny_molmo1 import DATA, STYLES, VIDEO

CONFIGS = {style: json.loads((DATA / style / "config.json").read_text()) for style in (*STYLES, VIDEO)}
RELEASED = {
    name: {"model_type": "molmo", **MolmoConfig(**stated).released} for name, (stated, *_) in MODELS.items()
}
CASES = {**CONFIGS, **RELEASED, "VideoMolmo": RELEASED["7B-D"]}


@pytest.mark.parametrize("name", CASES)
def test_the_numbers_are_those_of_the_model(name):
    video = name in (VIDEO, "VideoMolmo")
    config = MolmoConfig(**{key: value for key, value in CASES[name].items() if key != "model_type"})
    with torch.device("meta"):
        model = MolmoForConditionalGeneration(config.with_temporal_module() if video else config)
    counts: Counter[str] = Counter()
    for weight_name, weight in model.named_parameters():
        counts[part_of(weight_name)] += weight.numel()
    blocks = [
        layer
        for layer_name, layer in model.named_modules()
        if isinstance(layer, nn.Linear) and part_of(f"{layer_name}.") == LANGUAGE_BLOCKS
    ]
    found = count(read_model_sizes(CASES[name], video=video))
    assert dict(found.by_part) == dict(counts)
    assert found.linear == sum(layer.weight.numel() for layer in blocks)
    assert found.rows == sum(layer.out_features for layer in blocks)


def test_experts_are_multiplied_by_in_part():
    found = count(read_model_sizes(RELEASED["E-1B"]))
    assert found.total == pytest.approx(7.2e9, rel=0.01)
    assert 1.0e9 < found.active < 1.2e9  # the 1B of its name
    dense = count(read_model_sizes(RELEASED["7B-D"]))
    assert dense.active == dense.linear


def test_plans():
    bounds = {"memory_mb": 32e3, "crops": 12, "bytes_per_s": 102e9, "flops_per_s": 20e12}
    plain, video = (make_plan(RELEASED["7B-D"], video=video, **bounds) for video in (False, True))
    rows = {row.precision: row for row in plain.rows}
    assert list(rows) == ["float32", "bfloat16", "int8", "nf4"]  # no export
    assert rows["bfloat16"].weights_mb == pytest.approx(2 * 8021, rel=0.001)
    assert [rows[name].fits for name in ("float32", "bfloat16")] == [False, True]
    assert (plain.tokens, video.tokens) == (plain.tokens, plain.tokens)
    for one, other in zip(plain.rows, video.rows, strict=True):
        assert other.frame_ms > one.frame_ms
        assert other.peak_mb > one.peak_mb


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"hidden_size": None}, "does not say hidden_size"),
        ({"num_hidden_layers": "3"}, "num_hidden_layers"),
        ({"weight_tying": True}, "weight_tying"),
        ({"norm_after": True}, "of which no released Molmo is built"),
        ({"vision_backbone": {"image_num_heads": 0}}, "division"),
    ],
)
def test_what_no_molmo_says(changes, says):
    with pytest.raises(CheckpointError, match=says):
        read_model_sizes({**CONFIGS["tiny"], **changes})


@pytest.mark.parametrize(
    ("marked", "says"), [(True, "a VideoMolmo, which is shown"), (False, "planned as a Molmo")]
)
def test_the_command_tells_a_videomolmo_by_the_index_of_its_weights(tmp_path, capsys, marked, says):
    (tmp_path / "config.json").write_text(json.dumps(CONFIGS[VIDEO]))
    (tmp_path / "preprocessor_config.json").write_text('{"overlap_margins": [2, 2]}')
    name = "model.vision_backbone.adapter.wq.weight" if marked else "model.transformer.ln_f.weight"
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {name: "a"}}))
    assert cli.main(["plan", str(tmp_path), "--memory", "4GB", "--board", "orin-nano-8gb"]) == 0
    assert says in capsys.readouterr().out
