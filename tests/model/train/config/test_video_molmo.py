"""The recipe of VideoMolmo has the numbers of its paper."""

from __future__ import annotations

from model.train.config.presets import RECIPES
from model.train.config.video_molmo import VideoMolmoRecipe


def test_numbers_of_the_paper():
    recipe = RECIPES["videomolmo"]
    assert recipe == VideoMolmoRecipe()
    assert (recipe.language.rate, recipe.vision.rate, recipe.connector.rate) == (1e-5, 5e-6, 5e-6)
    assert {recipe.language.warmup, recipe.vision.warmup, recipe.connector.warmup} == {10}
    assert (recipe.beta1, recipe.beta2, recipe.epsilon, recipe.clip) == (0.9, 0.95, 1e-6, 1.0)
    assert (recipe.batch, recipe.steps, recipe.buffer, recipe.points) == (256, 1125, 1, 1)
    assert recipe.precision == "float32"


def test_a_sequence_has_room_for_a_frame_of_the_most_crops_and_four_before():
    recipe = VideoMolmoRecipe()
    assert recipe.crops == 5 * (recipe.max_crops + 1)
