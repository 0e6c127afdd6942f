"""The processes that train together, one or many; knows no model.

`torchrun --nproc_per_node N` starts many; without it there is one.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor
from torch.distributed.device_mesh import DeviceMesh, init_device_mesh

from molmo_act.errors import InputError


@dataclass(frozen=True)
class World:
    """This process among those that train together.

    Attributes:
        device: Where this process computes.
        rank, size: Which of how many it is.
        mesh: All of them; None when there is one.
    """

    device: torch.device
    rank: int = 0
    size: int = 1
    mesh: DeviceMesh | None = None

    @property
    def leads(self) -> bool:
        """Whether this process writes what is written once."""
        return self.rank == 0

    def sum(self, values: Tensor) -> Tensor:
        """The sum over all processes."""
        if self.mesh is not None:
            values = values.clone()
            dist.all_reduce(values)
        return values

    def any(self, here: bool) -> bool:
        """Whether it is so in any process."""
        return bool(self.sum(torch.tensor(float(here), device=self.device)))

    def refuse_many(self, recipe: str) -> None:
        """For what one process learns.

        Raises:
            InputError: There are several.
        """
        if self.size > 1:
            raise InputError(f"{recipe} learns in one process; got {self.size}. Leave torchrun out.")

    def wait(self) -> None:
        """Until all processes are here."""
        if self.mesh is not None:
            dist.barrier()


@contextmanager
def join_world(device: str | None = None) -> Iterator[World]:
    """The world that torchrun's environment describes, or a world of one.

    Args:
        device: "cpu" or "cuda"; None for CUDA where there is one.
    """
    kind = device or ("cuda" if torch.cuda.is_available() else "cpu")
    if "LOCAL_RANK" not in os.environ:
        yield World(torch.device(kind))
        return
    here = torch.device(kind)
    if kind == "cuda":
        here = torch.device(kind, int(os.environ["LOCAL_RANK"]))
        torch.cuda.set_device(here)
    dist.init_process_group("nccl" if kind == "cuda" else "gloo")
    try:
        size = dist.get_world_size()
        yield World(here, dist.get_rank(), size, init_device_mesh(kind, (size,)))
    finally:
        dist.destroy_process_group()
