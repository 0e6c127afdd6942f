"""A ROS domain for benchmarks and tests, so that two runs on one machine do not hear each other."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_DOMAINS = range(1, 101)  # those whose ports Linux does not give to others


@contextmanager
def own_domain() -> Iterator[int]:
    """Takes a domain until the end of the block, or of the process.

    Yields:
        Its number, for ``ROS_DOMAIN_ID``. No other block on this machine has it.

    Raises:
        SystemExit: All are taken.
    """
    import fcntl

    first = os.getpid() % len(_DOMAINS)
    for domain in (*_DOMAINS[first:], *_DOMAINS[:first]):
        path = Path(tempfile.gettempdir()) / f"molmo_act_ros_domain_{domain}.lock"
        try:
            held = os.open(path, os.O_RDONLY | os.O_CREAT, 0o644)
        except OSError:  # another user's
            continue
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:  # another run has it
            os.close(held)
            continue
        try:
            yield domain
        finally:
            os.close(held)
        return
    raise SystemExit(f"all {len(_DOMAINS)} ROS domains of this machine are taken; end other runs")
