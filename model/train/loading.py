"""Draws a stream ahead in loading processes; knows no batch."""

from __future__ import annotations

import atexit
import multiprocessing
import signal
from collections.abc import Iterator
from typing import Any

from torch.utils.data import DataLoader, IterableDataset

from model.train.stopping import leave_signals_to_the_run
from molmo_act.errors import MolmoActError

AHEAD = 4
"""Items each process has ready."""


def draw_ahead(stream: IterableDataset, workers: int) -> Iterator[Any]:
    """The items of a stream in their order; its processes begin at once.

    Args:
        stream: Deals its items to the workers itself.
        workers: Loading processes; 0 to draw in this one.

    Raises:
        MolmoActError: The stream raised it; it comes as it is, without the traceback of another process.
    """
    loader = DataLoader(
        _ErrorsAsItems(stream),
        batch_size=None,
        num_workers=workers,
        prefetch_factor=AHEAD if workers else None,
        worker_init_fn=leave_signals_to_the_run,
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
