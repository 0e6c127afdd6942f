"""Makes the task of a recipe, of any kind."""

from __future__ import annotations

from model.train.config.base import Recipe
from model.train.config.mixture import MixtureRecipe
from model.train.config.nano import NanoRecipe
from model.train.config.temporal import TemporalRecipe
from model.train.distributed import DistributedContext
from model.train.task import RunOptions, Task
from model.train.tasks.nano import NanoTask
from model.train.tasks.packed import PackedTask
from model.train.tasks.temporal import TemporalTask


def build_task(recipe: Recipe, options: RunOptions, context: DistributedContext) -> Task:
    """Makes the task of a recipe in this process.

    Args:
        recipe: What is learned, and how.
        options: Folder of the run, and what concerns the machine.
        context: The processes that train together.

    Raises:
        InputError, CheckpointError, MissingExtraError: What the recipe asks for is not there.
    """
    if isinstance(recipe, NanoRecipe):
        return NanoTask(recipe, options, context)
    if isinstance(recipe, TemporalRecipe):
        return TemporalTask(recipe, options, context)
    assert isinstance(recipe, MixtureRecipe)
    return PackedTask(recipe, options, context)
