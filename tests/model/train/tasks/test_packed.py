"""A checkpoint trained further: its data, and what cannot be done."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors import safe_open

import molmo_act
from model.train.config.presets import RECIPES
from model.train.distributed import DistributedContext
from model.train.export import load_trained
from model.train.task import RunOptions
from model.train.tasks.packed import PackedTask
from model.train.trainer import Trainer
from molmo_act.errors import InputError
from molmo_act.models.saving import save_checkpoint
from tests.model.train.small_run import save_tiny, tiny_recipe
from tests.support.tiny_molmo1 import DATA

ALONE = DistributedContext(torch.device("cpu"))


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    return save_tiny(tmp_path_factory.mktemp("tiny"))


def test_a_batch_that_cannot_be_dealt_out_is_refused(checkpoint, tmp_path):
    with pytest.raises(InputError, match="3 sequences cannot be dealt to 2 processes"):
        Trainer(
            tiny_recipe(checkpoint, batch=3),
            RunOptions(tmp_path),
            DistributedContext(torch.device("cpu"), 0, 2),
        )


def test_what_is_for_evaluation_is_not_learned_from(checkpoint, tmp_path):
    recipe = tiny_recipe(checkpoint, data="0.9 shapes; 0.1 screenspot-v2")
    with pytest.raises(InputError, match="screenspot-v2 is for evaluation only"):
        Trainer(recipe, RunOptions(tmp_path, data=tmp_path), ALONE)


def test_the_next_packs_are_what_the_loader_gives(checkpoint, tmp_path):
    task = PackedTask(tiny_recipe(checkpoint), RunOptions(tmp_path), ALONE)
    loader = task.loader(None)
    first, _ = loader.next()
    second, _ = loader.next()
    [begun] = task.packs(1, None)
    assert torch.equal(begun.words_S[: len(first.words_S)], first.words_S)
    assert len(begun.words_S) == 700  # padded to the room
    again = task.loader(None)
    again.next()
    [next_one] = task.packs(1, [again.state])
    assert torch.equal(next_one.words_S[: len(second.words_S)], second.words_S)


def test_batches_are_dealt_to_the_processes(checkpoint, tmp_path):
    two = DistributedContext(torch.device("cpu"), 1, 2)
    assert PackedTask(tiny_recipe(checkpoint, batch=6), RunOptions(tmp_path), two).batches == 3


def test_nothing_is_held_out(checkpoint, tmp_path):
    assert PackedTask(tiny_recipe(checkpoint), RunOptions(tmp_path), ALONE).held_out() == {}


def test_a_molmo_point_learns_with_frames_before(checkpoint, tmp_path):
    recipe = tiny_recipe(
        checkpoint, data="1.0 clips", frames=4, steps=2, crops=40, points=2, module="attention"
    )
    run = Trainer(recipe, RunOptions(tmp_path / "run"), ALONE)
    assert any(len(packed.before) for packed in run.task.packs(4, None))
    run.train()
    trained = load_trained(tmp_path / "run")
    save_checkpoint(trained.loss_module.model, trained.processor, tmp_path / "out")
    loaded = molmo_act.load(tmp_path / "out", device="cpu")
    assert (loaded.model.config.temporal_module, loaded.model.config.temporal_frames) == ("attention", 4)


def test_a_molmo_1_becomes_a_videomolmo(tmp_path):
    recipe = replace(
        RECIPES["videomolmo"],
        **{"model": str(DATA / "tiny"), "data": "1.0 clips", "frames": 4, "steps": 3, "batch": 2},
        **{"tokens": 900, "crops": 40, "max_crops": 2, "save_every": 1},
    )
    run = Trainer(recipe, RunOptions(tmp_path / "run"), ALONE)
    before = {name: weight.detach().clone() for name, weight in run.model.named_parameters()}
    run.train()
    same = [name for name, weight in run.model.named_parameters() if torch.equal(weight, before[name])]
    last = f"vision_tower.encoder.layers.{len(run.model.model.vision_tower.layers) - 1}."
    # No answer uses the last block, and softmax does not change when all keys do.
    assert [name for name in same if last not in name and not name.endswith("k_proj.bias")] == []
    trained = load_trained(tmp_path / "run")
    save_checkpoint(trained.loss_module.model, trained.processor, tmp_path / "out")
    with safe_open(tmp_path / "out" / "model.safetensors", "pt") as file:
        names = set(file.keys())
    assert {f"model.vision_backbone.adapter.w{part}.weight" for part in "qkvo"} <= names
    assert not any("pad_embed" in name or "temporal" in name for name in names)
    loaded = molmo_act.load(tmp_path / "out", device="cpu")
    for name, weight in run.model.named_parameters():
        assert torch.equal(loaded.model.get_parameter(name), weight), name
    frames = [np.full((60, 80, 3), 40 * number, np.uint8) for number in range(3)]
    assert loaded.point_in_video(frames, "the red circle", max_points=1).text is not None
