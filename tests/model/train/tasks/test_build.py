"""Every kind of recipe has its task."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from model.train.config.presets import RECIPES
from model.train.distributed import DistributedContext
from model.train.task import RunOptions
from model.train.tasks.build import build_task

KINDS = {"nano": "NanoTask", "temporal": "TemporalTask"}


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_becomes_the_task_of_its_kind(name, monkeypatch):
    for kind in ("NanoTask", "TemporalTask", "PackedTask"):
        monkeypatch.setattr(f"model.train.tasks.build.{kind}", lambda *given, kind=kind: (kind, *given))
    given = (RECIPES[name], RunOptions(Path("run")), DistributedContext(torch.device("cpu")))
    assert build_task(*given) == (KINDS.get(name, "PackedTask"), *given)
