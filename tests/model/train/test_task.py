"""Every task has what the trainer asks for."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from model.train.task import RunOptions, Task
from model.train.tasks.nano import NanoTask
from model.train.tasks.packed import PackedTask
from model.train.tasks.temporal import TemporalTask

METHODS = [name for name, value in vars(Task).items() if inspect.isfunction(value) and name[0] != "_"]


@pytest.mark.parametrize("kind", [NanoTask, PackedTask, TemporalTask])
def test_tasks_take_what_the_protocol_says(kind):
    assert set(METHODS) == {"optimizers", "loader", "held_out", "packs"}
    for name in METHODS:
        found = inspect.signature(getattr(kind, name)).parameters
        assert list(found) == list(inspect.signature(getattr(Task, name)).parameters), name


def test_options_say_nothing_unless_given():
    options = RunOptions(Path("run"))
    assert (options.data, options.workers, options.wandb, options.new_recipe) == (None, 0, False, False)
