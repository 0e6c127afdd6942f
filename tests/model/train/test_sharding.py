"""Sharding cuts every weight, and leaves a single process alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from torch.distributed.tensor import DTensor

from model.train.distributed import DistributedContext, init_distributed
from model.train.losses.packed import PackedLossModule
from model.train.sharding import shard
from molmo_act.models.molmo_point import MolmoPointForConditionalGeneration
from tests.model.train.small_run import tiny_config
from tests.support.ports import reserved_port


@pytest.fixture
def loss_module(tokenizer):
    return PackedLossModule(MolmoPointForConditionalGeneration(tiny_config(tokenizer)))


def test_a_single_process_keeps_its_weights(loss_module):
    shard(loss_module, DistributedContext(torch.device("cpu")), "bfloat16")
    assert not any(isinstance(parameter, DTensor) for parameter in loss_module.parameters())


@pytest.fixture
def port() -> Iterator[int]:
    with reserved_port() as port:
        yield port


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_every_weight_is_sharded_in_float32(loss_module, precision, port, monkeypatch):
    place = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "RANK": 0, "LOCAL_RANK": 0, "WORLD_SIZE": 1}
    for name, value in place.items():
        monkeypatch.setenv(name, str(value))
    with init_distributed("cpu") as context:
        shard(loss_module, context, precision)
        assert all(isinstance(parameter, DTensor) for parameter in loss_module.parameters())
        assert {parameter.dtype for parameter in loss_module.parameters()} == {torch.float32}
