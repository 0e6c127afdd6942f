"""Ports for servers that tests start."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def reserved_port() -> Iterator[int]:
    """Reserves a TCP port of loopback: inside, nobody who asks for any free one is given it.

    A server that sets SO_REUSEADDR, as those of asyncio and of torch do, can listen on it all the same.

    Yields:
        Its number.
    """
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]
