"""What a run starts from."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import pytest
import torch

import molmo_act
from model.train.distributed import DistributedContext
from model.train.models.init import fresh_model, init_model, make_encoders
from model.train.models.positions import STRENGTH, sine_positions
from molmo_act.errors import InputError, MissingExtraError
from tests.model.train.small_run import save_tiny, tiny_config, tiny_recipe

ALONE = DistributedContext(torch.device("cpu"))


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    return save_tiny(tmp_path_factory.mktemp("tiny"))


def same(one, other, place: str) -> bool:
    pairs = zip(one.named_parameters(), other.parameters(), strict=True)
    return all(torch.equal(a, b) for (name, a), b in pairs if place in name)


def test_fresh_weights_depend_on_the_seed_alone(tokenizer):
    config = tiny_config(tokenizer)
    one, again, other = (fresh_model(config, seed) for seed in (1, 1, 2))
    assert same(one, again, "")
    assert not same(one, other, "language_model")
    places = one.model.vision_tower.positional_embedding
    assert torch.equal(places, STRENGTH * sine_positions(8, 32))


def test_vision_tower_and_connector_may_be_those_of_another_model(tokenizer, model):
    fresh = fresh_model(tiny_config(tokenizer), 1, model)
    assert same(fresh, model, "vision_tower")
    assert same(fresh, model, "multi_modal_projector")
    assert not same(fresh, model, "language_model")


def test_groups_with_a_rate_of_zero_are_frozen(checkpoint):
    recipe = tiny_recipe(checkpoint)
    recipe = replace(recipe, vision=replace(recipe.vision, rate=0.0))
    model, processor = init_model(recipe, ALONE)
    learns = {name: p.requires_grad for name, p in model.named_parameters()}
    assert {name for name in learns if not learns[name]} == {n for n in learns if ".vision_tower." in n}
    assert model.training
    assert model.generation_config.eos_token_id == processor.tokenizer.eos_token_id


def test_fresh_language_keeps_what_sees_and_may_leave_out_rotation(checkpoint):
    kept, _ = init_model(tiny_recipe(checkpoint), ALONE)
    model, _ = init_model(tiny_recipe(checkpoint, fresh="language", rotary=False, seed=1), ALONE)
    assert same(model, kept, "vision_tower")
    assert not same(model, kept, "language_model")
    assert model.config.token_prediction_rotary == "none"
    assert kept.config.token_prediction_rotary == "one_d"


def test_four_bits_need_bitsandbytes_and_one_process(checkpoint, monkeypatch):
    recipe = tiny_recipe(checkpoint, adapters="qlora")
    with pytest.raises(InputError, match="runs on one GPU"):
        init_model(recipe, DistributedContext(torch.device("cpu"), 0, 2))
    monkeypatch.setattr("molmo_act._optional.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"\[quant\]"):
        init_model(recipe, ALONE)


@pytest.mark.parametrize("adapters", ["none", "lora", "qlora"])
def test_a_quantized_checkpoint_is_refused_at_the_start(checkpoint, tmp_path, adapters):
    molmo_act.load(checkpoint, device="cpu", quantization="int8-dynamic").save_pretrained(tmp_path)
    with pytest.raises(InputError, match="is stored as int8-dynamic; expected one in floating point"):
        init_model(tiny_recipe(tmp_path, adapters=adapters), ALONE)


def test_curves_of_other_weights_are_not_kept(checkpoint, tmp_path):
    shutil.copytree(checkpoint, tmp_path / "calibrated")
    path = tmp_path / "calibrated" / "config.json"
    curves = {"score_curve": [0.8, 0.1], "absent_curve": [1.2, 0.0]}
    path.write_text(json.dumps(json.loads(path.read_text()) | curves))
    for fresh in ("none", "language"):
        model, _ = init_model(tiny_recipe(tmp_path / "calibrated", fresh=fresh), ALONE)
        assert model.config.score_curve is None
        assert model.config.absent_curve is None


def test_encoders_cut_as_the_recipe_says(checkpoint):
    _, processor = init_model(tiny_recipe(checkpoint), ALONE)
    encoders = make_encoders(processor, tiny_recipe(checkpoint, max_crops=3, points=5, names=1))
    assert encoders.images.geometry.max_crops == 3
    assert encoders.images.geometry.patch_size == processor.image_processor.patch_size
    assert (encoders.points, encoders.names) == (5, 1)
