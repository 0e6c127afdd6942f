"""Keeps a run folder to one run: a second one would mix its metrics and saves with the first one's."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from model.train.distributed import DistributedContext
from model.train.errors import TrainingError

FILE = "run.lock"
"""File in the folder of a run that its first process holds locked; holds that process's id."""


@contextmanager
def run_lock(folder: Path, context: DistributedContext) -> Iterator[None]:
    """Holds the folder of a run for its processes; the kernel lets it go when they end, however they end.

    Args:
        folder: Folder of the run; made where it is missing.
        context: The processes that train together; all must call this, the first one locks.

    Yields:
        None, while the folder is held.

    Raises:
        TrainingError: Another process trains there, or the lock file cannot be written.
    """
    opened, problem = _lock(folder) if context.is_main else (None, None)
    try:
        if problem := context.gather(problem)[0]:
            raise TrainingError(problem)
        yield
    finally:
        if opened is not None:
            os.close(opened)


def _lock(folder: Path) -> tuple[int | None, str | None]:
    """Opens and locks the file of a folder, or says why that is not possible."""
    path = folder / FILE
    try:
        folder.mkdir(parents=True, exist_ok=True)
        opened = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as exc:
        return None, f"{folder} was given, and {FILE} cannot be written there: {exc}. Give another folder."
    try:
        # Not flock: loading processes are forked, would hold it too, and outlive a killed run by seconds.
        fcntl.lockf(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.ftruncate(opened, 0)
        os.pwrite(opened, f"{os.getpid()}\n".encode(), 0)
    except (BlockingIOError, PermissionError):
        holder = os.pread(opened, 32, 0).decode(errors="replace").strip() or "unknown"
        os.close(opened)
        return None, (
            f"{folder} was given, and another process (pid {holder}) trains there. Wait until it ends or "
            "stop it, then run the same command again; or give another folder."
        )
    except OSError as exc:
        os.close(opened)
        return None, f"{folder} was given, and {FILE} cannot be locked there: {exc}. Give another folder."
    return opened, None
