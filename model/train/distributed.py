"""The processes that train together: `torchrun --nproc_per_node N` starts many, without it there is one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

import torch
import torch.distributed as dist
from torch import Tensor
from torch.distributed.device_mesh import DeviceMesh, init_device_mesh

from molmo_act.errors import InputError

Value = TypeVar("Value")


@dataclass(frozen=True)
class DistributedContext:
    """This process among those that train together.

    Attributes:
        device: The device that this process computes on.
        rank, size: Number of this process, and how many there are.
        mesh: All processes; None for a single one.
    """

    device: torch.device
    rank: int = 0
    size: int = 1
    mesh: DeviceMesh | None = None

    @property
    def is_main(self) -> bool:
        """Whether this process writes what is written once."""
        return self.rank == 0

    def sum(self, values: Tensor) -> Tensor:
        """Sums values over all processes.

        Args:
            values: A tensor, the same shape in every process; left as it is.

        Returns:
            The elementwise sum.
        """
        if self.mesh is not None:
            values = values.clone()
            dist.all_reduce(values)
        return values

    def any(self, here: bool) -> bool:
        """Says whether a condition holds in any process.

        Args:
            here: Whether it holds in this one.
        """
        return bool(self.sum(torch.tensor(float(here), device=self.device)))

    def gather(self, value: Value) -> list[Value]:
        """Gathers one value from every process.

        Args:
            value: A picklable value.

        Returns:
            The values, by rank.
        """
        if self.mesh is None:
            return [value]
        values: list[Value] = [value] * self.size
        dist.all_gather_object(values, value)
        return values

    def barrier(self) -> None:
        """Waits until all processes are here."""
        if self.mesh is not None:
            dist.barrier()

    def require_single_process(self, recipe: str) -> None:
        """Refuses several processes for recipes that run in one.

        Args:
            recipe: Name of the recipe, for the message.

        Raises:
            InputError: There are several processes.
        """
        if self.size > 1:
            raise InputError(f"{recipe} learns in one process; got {self.size}. Leave torchrun out.")


@contextmanager
def init_distributed(device: str | None = None) -> Iterator[DistributedContext]:
    """Joins the processes that torchrun's environment describes; leaves them at the end.

    Args:
        device: "cpu" or "cuda"; None for CUDA where there is one.

    Yields:
        The context of this process.
    """
    kind = device or ("cuda" if torch.cuda.is_available() else "cpu")
    if "LOCAL_RANK" not in os.environ:
        yield DistributedContext(torch.device(kind))
        return
    here = torch.device(kind)
    if kind == "cuda":
        here = torch.device(kind, int(os.environ["LOCAL_RANK"]))
        torch.cuda.set_device(here)
    dist.init_process_group("nccl" if kind == "cuda" else "gloo")
    try:
        size = dist.get_world_size()
        yield DistributedContext(here, dist.get_rank(), size, init_device_mesh(kind, (size,)))
        dist.barrier()  # whoever leaves first breaks connections on which another may still be reading
    finally:
        dist.destroy_process_group()
