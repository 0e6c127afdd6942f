"""Lets a model run in processes that were forked from the one that loaded it."""

from __future__ import annotations

import os
from functools import lru_cache

import torch


@lru_cache(maxsize=1)
def run_forks_on_one_thread() -> None:
    """From now on, torch uses one thread in processes that are forked from this one.

    The threads of its pool do not exist in a fork, and what waits for them waits forever. Processes that are
    spawned are as fast as this one.
    """
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_use_one_thread)


def _use_one_thread() -> None:
    torch.set_num_threads(1)
