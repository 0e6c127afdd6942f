"""Steps of the recipe are those of `gui` but for data and size; a loss that is not finite fails the part."""

from __future__ import annotations

import pytest

from model.benchmarks.gpu_proof.training import changes, training_rows
from model.train.config.overrides import override
from model.train.config.presets import RECIPES


@pytest.mark.parametrize("adapters", ["none", "qlora"])
def test_the_recipe_is_gui(adapters):
    recipe = override(RECIPES["gui"], changes(adapters, small=False))
    assert (recipe.adapters, recipe.data) == (adapters, "1 shapes")
    assert (recipe.max_crops, recipe.tokens, recipe.crops) == (48, 12_288, 49)
    assert override(RECIPES["gui"], changes(adapters, small=True)).steps == 2


def test_the_second_half_counts_and_a_broken_loss_fails():
    steps = [
        {"loss": 4.0, "tokens_per_second": 1.0, "share_of_peak": 0.01},
        {"loss": 3.0, "tokens_per_second": 2000.0, "share_of_peak": 0.4},
    ]
    loss, speed, _ = training_rows(steps, 1000.0)
    assert (loss.passed, speed.value, speed.anchor) == (True, "2,000", "40 % of the products' peak")
    broken, *_ = training_rows([steps[0], steps[1] | {"loss": float("nan")}], 0.0)
    assert broken.passed is False
