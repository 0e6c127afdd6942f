"""What processes that were killed leave in the shared memory of Fast DDS: ports, and segments of messages.

A process that sends maps the port of the receiver, and looks once a second whether the receiver is stuck.
One that was killed while it waited for a message or handled one counts as stuck; one that was killed in
between does not (Fast DDS 2.14). The next process makes the port anew, under the same name, and all that the
sender has for it goes to the old one, for as long as the sender lives. Discovery goes over the network and
shows both as connected.
"""

from __future__ import annotations

import mmap
import time
from contextlib import suppress
from pathlib import Path

_SHARED = Path("/dev/shm")
_PORT_LOCKS = "fast*_port*_el"  # of ports with one receiver, which holds the lock while it lives
_SEGMENT_LOCKS = f"fast*_{16 * '[0-9a-f]'}_el"  # held while the sender lives
_NEW_S = 10.0  # a lock of a segment that is younger may be about to be taken by its maker
_HEADER_WORDS = 256  # of 32 bits; what describes a port is among the first of its file
_MOST_LISTENERS = 1024
_USABLE, _READ_BY_ONE = 0b001, 0b111  # bits: usable, for one receiver only, opened by a receiver


def clean_up(shared: Path = _SHARED) -> None:
    """Closes dead ports, upon which senders open them anew, and removes dead segments.

    Without it a node that is killed and comes back may get nothing from those who sent to it before, and
    every time that it is killed costs 16 MiB with fastdds_shm.xml. What does not look as Fast DDS leaves it,
    or is of another user, stays as it is.

    Args:
        shared: Where shared memory is.
    """
    for lock in shared.glob(_PORT_LOCKS):
        with suppress(OSError, ValueError):  # ValueError: empty, or no number
            _close_if_dead(lock)
    for lock in shared.glob(_SEGMENT_LOCKS):
        with suppress(OSError):
            if time.time() - lock.stat().st_mtime > _NEW_S and _is_free(lock):
                lock.with_name(lock.name.removesuffix("_el")).unlink(missing_ok=True)
                lock.unlink()


def _is_free(lock: Path) -> bool:
    """Whether no process holds a lock; it is held here for no longer than it takes to know."""
    import fcntl  # not on Windows, which has no such folder either

    with lock.open("rb") as file, suppress(BlockingIOError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False


def _close_if_dead(lock: Path) -> None:
    """Clears the bit by which a port is usable, if the file looks like one."""
    port = lock.with_name(lock.name.removesuffix("_el"))
    number = int(port.name.rpartition("port")[2])
    with (
        port.open("r+b") as file,  # before the lock: a new process makes another file of this name
        mmap.mmap(file.fileno(), 0) as memory,
        memoryview(memory)[: len(memory) // 4 * 4] as whole,
        whole.cast("I") as words,
    ):
        flags = _place_of_flags(words, number)
        if flags is not None and _is_free(lock):
            words[flags] &= ~_USABLE


def _place_of_flags(words: memoryview, number: int) -> int | None:
    """Where the flags of a usable port are that one receiver has opened; None where there is no such port."""
    for place in range(min(_HEADER_WORDS, len(words) - 6)):
        said, listeners, timeout, wait, capacity, waiting, flags = words[place : place + 7]
        counts = 0 < listeners <= _MOST_LISTENERS and waiting <= listeners and capacity > 0
        if said == number and counts and 0 < timeout // 3 == wait and flags & 0b111 == _READ_BY_ONE:
            return place + 6
    return None
