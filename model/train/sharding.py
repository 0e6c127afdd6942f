"""Shards a model over the training processes (FSDP2)."""

from __future__ import annotations

import torch
from torch.distributed.fsdp import MixedPrecisionPolicy, fully_shard

from model.train.distributed import DistributedContext
from model.train.losses.base import LossModule


def shard(loss_module: LossModule, context: DistributedContext, precision: str) -> None:
    """Shards every block on its own, and the rest with the loss module; does nothing for a single process.

    Args:
        loss_module: The model with its losses.
        context: The processes.
        precision: "float32" or "bfloat16". Shards are float32 either way; with "bfloat16" weights are
            gathered and multiplied in it, and gradients are summed in float32.
    """
    if context.mesh is None:
        return
    policy = MixedPrecisionPolicy()
    if precision == "bfloat16":
        policy = MixedPrecisionPolicy(
            param_dtype=torch.bfloat16, reduce_dtype=torch.float32, cast_forward_inputs=False
        )
    core = loss_module.model.model
    for block in (*core.vision_tower.layers, *core.language_model.layers):
        fully_shard(block, mesh=context.mesh, mp_policy=policy)
    fully_shard(loss_module, mesh=context.mesh, mp_policy=policy)
