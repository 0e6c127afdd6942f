"""The recipe of a run is read back, also as it was written before keys were renamed, and is not mixed up."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from model.data.encoding.answer_format import AnswerFormat
from model.train.config.mixture import ParamGroupConfig
from model.train.config.nano import NanoRecipe
from model.train.config.packed import PackedRecipe
from model.train.config.run_config import read_recipe, refuse_another, write_recipe
from model.train.config.temporal import TemporalRecipe
from model.train.errors import TrainingError
from molmo_act.errors import CheckpointError

OLD_NANO = {
    "kind": "nano",
    "steps": 40000,
    "precision": "bfloat16",
    "seed": 4,
    "save_every": 200,
    "look_every": 700,
    "model": "molmo_act/checkpoints/nano",
    "sheets_until": 0,
    "review_every": 4,
    "learning_rate": 0.0007,
    "vision_rate": 0.3,
    "warmup": 150,
    "decay": 0.1,
    "small_until": 2000,
    "crops_per_batch": 16,
    "sheets_per_batch": 16,
    "plain": 0.2,
    "least_plain": 0.1,
    "pages": 0.6,
    "clips": 0.35,
    "weight_decay": 0.05,
    "clip": 1.0,
    "tokenizer_pictures": 1500,
}
"""recipe.json as a run of October 2026 wrote it."""


@pytest.mark.parametrize(
    "recipe",
    [
        NanoRecipe(steps=7, clips=0.5),
        TemporalRecipe(module="addition"),
        PackedRecipe(vision=ParamGroupConfig(0.0, warmup=3), form=AnswerFormat(order="shuffled")),
    ],
    ids=lambda recipe: recipe.kind,
)
def test_recipes_are_read_back(tmp_path, recipe):
    write_recipe(tmp_path, recipe)
    assert read_recipe(tmp_path) == recipe
    assert [path.name for path in tmp_path.iterdir()] == ["recipe.json"]


def test_a_recipe_of_before_is_read_by_its_former_keys(tmp_path):
    (tmp_path / "recipe.json").write_text(json.dumps(OLD_NANO))
    recipe = read_recipe(tmp_path)
    assert (recipe.eval_every, recipe.tokenizer_images) == (700, 1500)
    assert (recipe.steps, recipe.seed, recipe.clips) == (40000, 4, 0.35)
    refuse_another(tmp_path, recipe)
    with pytest.raises(TrainingError, match="tokenizer_images was 1500 and is 9"):
        refuse_another(tmp_path, replace(recipe, tokenizer_images=9))


def test_a_run_of_another_recipe_is_refused_by_the_keys_that_differ(tmp_path):
    refuse_another(tmp_path, NanoRecipe())  # any may begin
    write_recipe(tmp_path, NanoRecipe())
    refuse_another(tmp_path, NanoRecipe(steps=9, decay=0.5, save_every=3, eval_every=4))
    with pytest.raises(TrainingError, match=r"clip was 1.0 and is 2.0; seed was 0 and is 1\. .*--new-recipe"):
        refuse_another(tmp_path, NanoRecipe(seed=1, clip=2.0))
    with pytest.raises(TrainingError, match="kind was 'nano' and is 'packed'"):
        refuse_another(tmp_path, PackedRecipe())


def test_a_folder_without_a_run_is_named(tmp_path):
    with pytest.raises(CheckpointError, match="holds no run"):
        read_recipe(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("text", "complaint"), [('{"steps": 3', "damaged"), ('{"steps": 3}', "no known kind")]
)
def test_a_recipe_that_cannot_be_read_is_named(tmp_path, text, complaint):
    (tmp_path / "recipe.json").write_text(text)
    with pytest.raises(CheckpointError, match=complaint):
        read_recipe(tmp_path)
