"""Batches by their numbers: where a run goes on, and what is shown of it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from model.train.config.nano import NanoRecipe
from model.train.distributed import DistributedContext
from model.train.task import RunOptions
from model.train.tasks.numbered import NumberedTask
from molmo_act.errors import InputError

ALONE = DistributedContext(torch.device("cpu"))


class Numbers:
    """Batches and trees that are their number."""

    def draw(self, number: int):
        return number

    def trees(self, number: int):
        return [number]


class Numbered(NumberedTask):
    loss_module = SimpleNamespace(model=SimpleNamespace(config="config"))

    def __init__(self, context: DistributedContext = ALONE) -> None:
        super().__init__(NanoRecipe(), RunOptions(Path("run")), context)

    def stage(self):
        return Numbers()

    def first_trees(self):
        return 5, Numbers()

    def optimizers(self):
        raise NotImplementedError

    def held_out(self):
        raise NotImplementedError


def test_a_loader_goes_on_behind_its_state():
    loader = Numbered().loader(None)
    assert [loader.next() for _ in range(3)] == [(0, {}), (1, {}), (2, {})]
    assert loader.state == {"number": 3}
    assert Numbered().loader([loader.state]).next() == (3, {})


@pytest.mark.parametrize(("states", "first"), [(None, 5), ([{"number": 2}], 5), ([{"number": 9}], 9)])
def test_packs_begin_with_the_first_batch_of_trees(monkeypatch, states, first):
    monkeypatch.setattr("model.train.tasks.numbered.pack", lambda trees, config: (trees, config))
    assert Numbered().packs(2, states) == [([first], "config"), ([first + 1], "config")]


def test_it_runs_in_one_process():
    with pytest.raises(InputError, match="nano learns in one process; got 2"):
        Numbered(DistributedContext(torch.device("cpu"), 0, 2))
