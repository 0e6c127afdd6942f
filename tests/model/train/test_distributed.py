"""Processes that train together, one or two."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch

from model.train.distributed import DistributedContext, init_distributed
from molmo_act.errors import InputError
from tests.support.ranks import run_ranks


def test_without_torchrun_there_is_one(monkeypatch):
    monkeypatch.delenv("LOCAL_RANK", raising=False)
    with init_distributed("cpu") as context:
        assert context == DistributedContext(torch.device("cpu"))
        assert context.is_main
        values = torch.arange(3.0)
        assert torch.equal(context.sum(values), values)
        assert context.gather({"a": 1}) == [{"a": 1}]
        assert [context.any(here) for here in (True, False)] == [True, False]
        context.barrier()
        context.require_single_process("nano")


def test_several_processes_are_refused_by_name():
    with pytest.raises(InputError, match=r"nano learns in one process; got 2\. Leave torchrun out"):
        DistributedContext(torch.device("cpu"), 1, 2).require_single_process("nano")


def join(folder: Path) -> None:
    rank = int(os.environ["RANK"])
    with init_distributed("cpu") as context:
        values = torch.tensor([1.0, 10.0 * (rank + 1)])
        assert context.sum(values).tolist() == [2.0, 30.0]
        assert values.tolist() == [1.0, 10.0 * (rank + 1)]
        assert context.gather(rank * 2) == [0, 2]
        assert context.any(rank == 1)
        assert not context.any(False)
        assert context.is_main == (rank == 0)
        (folder / str(context.rank)).touch()
    assert not torch.distributed.is_initialized()


@pytest.mark.slow
def test_two_sum_gather_and_ask_each_other(tmp_path):
    run_ranks(join, 2, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0", "1"]
