"""Which course a recipe is: the one place that knows every kind."""

from __future__ import annotations

from model.train.course import Course, Settings
from model.train.nano_course import NanoCourse
from model.train.nano_recipe import NanoRecipe
from model.train.packed_course import PackedCourse
from model.train.packed_recipe import PackedRecipe
from model.train.recipe import Recipe
from model.train.temporal_course import TemporalCourse
from model.train.temporal_recipe import TemporalRecipe
from model.train.world import World


def open_course(recipe: Recipe, settings: Settings, world: World) -> Course:
    """What a recipe becomes in this process of a world.

    Raises:
        InputError, CheckpointError, MissingExtraError: What the recipe asks for is not there.
    """
    if isinstance(recipe, NanoRecipe):
        return NanoCourse(recipe, settings, world)
    if isinstance(recipe, TemporalRecipe):
        return TemporalCourse(recipe, settings, world)
    assert isinstance(recipe, PackedRecipe)
    return PackedCourse(recipe, settings, world)
