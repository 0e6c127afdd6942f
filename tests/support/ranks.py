"""Runs a function in several processes that train together, as torchrun starts them."""

from __future__ import annotations

import faulthandler
import os
from collections.abc import Callable
from typing import Any

import torch
from torch.multiprocessing import start_processes

from tests.support.ports import reserved_port

TIME_LIMIT = 300.0
"""Seconds after which a process prints where each of its threads is, and ends."""


def run_ranks(function: Callable[..., None], count: int, *args: Any) -> None:
    """Calls a function in `count` processes with the environment of torchrun.

    The processes are fresh ones: a fork of a process that has run other tests inherits the locks of
    threads that it does not have, and may wait for them for good.

    Args:
        function: A function of a module; called with `args`.
        count: Number of processes.
        args: What can be pickled.

    Raises:
        ProcessRaisedException: It raised in a process.
        ProcessExitedException: A process ended in another way, for example after `TIME_LIMIT`.
    """
    with reserved_port() as port:
        start_processes(_run_rank, (count, port, function, args), nprocs=count, start_method="spawn")


def _run_rank(rank: int, count: int, port: int, function: Callable[..., None], args: tuple[Any, ...]) -> None:
    faulthandler.dump_traceback_later(TIME_LIMIT, exit=True)
    torch.set_num_threads(1)
    os.environ |= {
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
        "RANK": str(rank),
        "LOCAL_RANK": str(rank),
        "WORLD_SIZE": str(count),
    }
    function(*args)
    faulthandler.cancel_dump_traceback_later()
