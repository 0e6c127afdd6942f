"""Spreads a model over the processes of a world (FSDP2), and reads and fills its local pieces."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.distributed.fsdp import MixedPrecisionPolicy, fully_shard
from torch.distributed.tensor import DTensor

from model.train.objective import Objective
from model.train.world import World

SPLIT_AXIS = 0
"""Axis along which every weight is cut; the pieces of all ranks, in order, are the whole."""


def shard(objective: Objective, world: World, precision: str) -> None:
    """Shards every block on its own and the rest with the objective; nothing in a world of one.

    Weights stay float32 in pieces; with "bfloat16" they travel and multiply in it, and gradients are summed
    in float32.
    """
    if world.mesh is None:
        return
    policy = MixedPrecisionPolicy()
    if precision == "bfloat16":
        policy = MixedPrecisionPolicy(
            param_dtype=torch.bfloat16, reduce_dtype=torch.float32, cast_forward_inputs=False
        )
    core = objective.model.model
    for block in (*core.vision_tower.layers, *core.language_model.layers):
        fully_shard(block, mesh=world.mesh, mp_policy=policy)
    fully_shard(objective, mesh=world.mesh, mp_policy=policy)


def local(tensor: Tensor) -> Tensor:
    """The piece of a tensor that lies here; all of it when it is not sharded."""
    return tensor.to_local() if isinstance(tensor, DTensor) else tensor
