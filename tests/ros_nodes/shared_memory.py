"""What Fast DDS keeps in shared memory, and what processes that were killed leave there."""

from __future__ import annotations

import fcntl
import struct
from pathlib import Path

SHARED = Path("/dev/shm")
_LISTENERS, _LISTENER_BYTES = 1024, 20  # of a port, in Fast DDS 2.14
IN_USE, WAITING, PROCESSING = 1, 2, 4  # bits of a listener


def left_segments() -> set[Path]:
    """Locks of Fast DDS segments that no living process holds."""
    left = set()
    for lock in SHARED.glob("fastrtps_*_el"):
        try:
            with lock.open() as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, FileNotFoundError):
            continue
        left.add(lock)
    return left


def remove_left_segments() -> None:
    """Removes Fast DDS segments, 17 MB each with our profile, that no living process holds the lock of."""
    for lock in left_segments():
        lock.with_name(lock.name.removesuffix("_el")).unlink(missing_ok=True)
        lock.unlink(missing_ok=True)


def port_of(process: int, domain: int) -> Path:
    """The port by which a process receives messages of topics."""
    # "1: FLOCK  ADVISORY  WRITE 4711 00:19:2022 0 EOF": process, and device and inode of the file
    locks = [line.split() for line in Path("/proc/locks").read_text().splitlines()]
    held = {int(words[5].rpartition(":")[2]) for words in locks if words[4] == str(process)}
    first = 7400 + 250 * domain
    candidates = [SHARED / f"fastrtps_port{number}_el" for number in range(first, first + 250)]
    (lock,) = (each for each in candidates if each.exists() and each.stat().st_ino in held)
    return lock.with_name(lock.name.removesuffix("_el"))


def listener_of(port: Path) -> int:
    """What the only listener of a port does: IN_USE, and WAITING or PROCESSING or neither."""
    data = port.read_bytes()
    header = data.index(struct.pack("<II", 1000, 333))  # the time after which it is stuck, in ms, and a third
    return data[data.index(b"fastrtps\0", header) - _LISTENERS * _LISTENER_BYTES]
