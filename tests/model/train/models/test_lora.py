"""Adapters learn, nothing below them does, and a released checkpoint answers as the run's model did."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

import molmo_act
from model.train.checkpoint import list_saves
from model.train.config.mixture import ParamGroupConfig
from model.train.config.run_config import read_recipe
from model.train.distributed import DistributedContext
from model.train.export import load_trained, main
from model.train.models.lora import ADAPTER
from model.train.task import RunOptions
from model.train.trainer import Trainer
from molmo_act.errors import CheckpointError
from tests.model.train.small_run import save_tiny, tiny_recipe

ALONE = DistributedContext(torch.device("cpu"))
FROZEN = ParamGroupConfig(0.0)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    return save_tiny(tmp_path_factory.mktemp("tiny"), width=64)  # NF4 on a CPU reads rows of 64


def recipe_of(checkpoint, **changes):
    return tiny_recipe(checkpoint, rank=4, alpha=8, **changes)


def loss_of(task, sequence) -> float:
    with torch.no_grad():
        found = task.loss_module(sequence)
    return float(found.weighted)


@pytest.mark.parametrize("kind", ["lora", "qlora"])
@pytest.mark.slow
def test_adapters_and_the_grounding_head_learn_and_nothing_else(checkpoint, tmp_path, kind):
    recipe = recipe_of(checkpoint, adapters=kind, vision=FROZEN, connector=FROZEN)
    run = Trainer(recipe, RunOptions(tmp_path), ALONE)
    before = {name: p.detach().clone() for name, p in run.model.named_parameters()}
    run.train()
    changed = {n for n, p in run.model.named_parameters() if not torch.equal(p.detach(), before[n])}
    assert all(ADAPTER in name or "point_predictor" in name or "build_vit" in name for name in changed)
    assert {"lora_A" in name for name in changed if ADAPTER in name} == {True, False}
    heads = {name for name in before if "point_predictor" in name or "build_vit" in name}
    assert heads <= changed
    (file,) = list_saves(tmp_path)[-1].glob("*.safetensors")
    stored = {name for name in load_file(file) if name.startswith("model.")}
    assert stored == {f"model.model.{name}" for name in before if ADAPTER in name or name in heads}
    if kind == "qlora":
        linear = run.model.model.language_model.layers[0].mlp.gate_proj.base_layer
        assert type(linear).__name__ in ("Linear4bit", "ExactLinear4bit")


@pytest.mark.slow
def test_a_released_run_is_the_model_that_was_trained(checkpoint, tmp_path, monkeypatch):
    run = Trainer(recipe_of(checkpoint, adapters="lora", steps=4), RunOptions(tmp_path / "run"), ALONE)
    run.train()
    sequence = run.loader.next()[0]
    again = load_trained(tmp_path / "run")
    assert not [name for name, _ in again.loss_module.model.named_parameters() if ADAPTER in name]
    assert loss_of(again, sequence) == pytest.approx(loss_of(run.task, sequence), rel=1e-5)

    monkeypatch.setattr("sys.argv", ["export", str(tmp_path / "run"), "--out", str(tmp_path / "out")])
    assert main() == 0
    released = molmo_act.load(tmp_path / "out")
    weights = dict(released.model.named_parameters())
    for name, parameter in again.loss_module.model.named_parameters():
        torch.testing.assert_close(weights[name], parameter.to(torch.bfloat16).float(), rtol=0, atol=0)
    released.point(np.zeros((200, 200, 3), np.uint8), "the red circle", max_points=1)


@pytest.mark.slow
def test_four_bit_runs_are_released_in_full_precision(checkpoint, tmp_path):
    Trainer(recipe_of(checkpoint, adapters="qlora", steps=2), RunOptions(tmp_path), ALONE).train()
    model = load_trained(tmp_path).loss_module.model
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}
    kept = load_file(checkpoint / "model.safetensors")["model.transformer.blocks.0.mlp.ff_out.weight"]
    difference = (model.model.language_model.layers[0].mlp.down_proj.weight - kept).abs().max()
    assert 0 < difference < 0.05  # what the adapter adds, not what four bits lose


def test_recipes_are_read_back(checkpoint, tmp_path):
    recipe = replace(recipe_of(checkpoint), form=replace(recipe_of(checkpoint).form, order="shuffled"))
    Trainer(recipe, RunOptions(tmp_path), ALONE)
    assert read_recipe(tmp_path) == recipe
    with pytest.raises(CheckpointError, match="holds no run"):
        read_recipe(tmp_path / "nowhere")
    with pytest.raises(CheckpointError, match="holds no save"):
        load_trained(tmp_path)
