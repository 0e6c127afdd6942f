"""Prefetches the items of a stream in loading processes."""

from __future__ import annotations

import atexit
import multiprocessing
import signal
from collections.abc import Iterator
from typing import Any

from torch.utils.data import DataLoader, IterableDataset

from model.train.signals import ignore_stop_signals
from molmo_act.errors import MolmoActError

AHEAD = 4
"""Number of items that each process has ready."""


def prefetch(stream: IterableDataset, workers: int) -> Iterator[Any]:
    """Iterates over a stream in order, with loading processes that begin at once.

    Args:
        stream: Deals its items to the workers itself.
        workers: Number of loading processes; 0 to draw items in this process.

    Returns:
        The items.

    Raises:
        MolmoActError: The stream raised it; it comes as it is, without the traceback of another process.
    """
    loader = DataLoader(
        _ErrorsAsItems(stream),
        batch_size=None,
        num_workers=workers,
        prefetch_factor=AHEAD if workers else None,
        worker_init_fn=ignore_stop_signals,
    )
    return map(_raised, iter(loader))


class _ErrorsAsItems(IterableDataset):
    def __init__(self, stream: IterableDataset) -> None:
        super().__init__()
        self._stream = stream

    def __iter__(self) -> Iterator[Any]:
        try:
            yield from self._stream
        except MolmoActError as exc:
            yield exc


def _raised(item: Any) -> Any:
    if isinstance(item, MolmoActError):
        raise item
    return item


@atexit.register  # behind torch's own, hence before it
def _end_processes() -> None:
    """Ends what Python would terminate at exit and then wait for: ours do not heed that signal."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # torch takes a process that is killed for a fault
    for process in multiprocessing.active_children():
        if process.daemon:
            process.kill()
