"""ProcessReader: a reader in a process of its own, which may crash or hang without harm."""

from __future__ import annotations

import contextlib
import json
import math
import os
import select
import struct
import subprocess
import sys
import time
import weakref
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from molmo_act.errors import PlatformError
from molmo_act.reading.names import SCRIPTS
from molmo_act.reading.text import ReadText

HEADER = struct.Struct("<IId")
"""What precedes pixels: height and width of the image, and the seconds that reading may take, NaN for any."""
LENGTH = struct.Struct("<I")
"""What precedes an answer: its bytes."""
GRACE = 1.1
"""Times its timeout that a read may take before the process is ended."""
MOST_FAILURES = 3
"""Processes that may fail in a row before none is started any more."""
_CHUNK = 1 << 16  # bytes that are written or read at once


class ProcessReader:
    """A `TextReader` that reads in a process of its own, on POSIX systems.

    The process is started when it is needed, and again after it crashed or was ended because it hung. It ends
    with this object, or with the process that this object lives in.

    Args:
        name: One of `molmo_act.reading.names.READER_NAMES`.
        command: What to start instead of the reader of that name; it speaks as `molmo_act.reading.worker`.

    Attributes:
        name: The same.
        scripts: Scripts that it knows, None where that is not known.
    """

    def __init__(self, name: str, command: Sequence[str] | None = None) -> None:
        self.name = name
        self.scripts = SCRIPTS.get(name)
        self._command = list(command or [sys.executable, "-m", "molmo_act.reading.worker", name])
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = 0
        self._failures = 0

    def __getstate__(self) -> dict[str, object]:
        """What a copy starts with: no process."""
        return {"name": self.name, "command": self._command}

    def __setstate__(self, state: dict[str, object]) -> None:
        """Takes what `__getstate__` gave."""
        self.__init__(**state)  # type: ignore[misc]

    def start(self) -> None:
        """Starts the process unless it runs, without waiting until it can read."""
        if self._process is not None and self._owner == os.getpid() and self._process.poll() is None:
            return
        folder = str(Path(__file__).resolve().parents[2])  # it imports what this process imported
        path = os.pathsep.join(filter(None, (folder, os.environ.get("PYTHONPATH"))))
        process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": path},
            bufsize=0,
            start_new_session=True,  # Ctrl-C is for the process that asks, which ends this one
        )
        self._process, self._owner = process, os.getpid()
        for stream in (process.stdin, process.stdout):
            os.set_blocking(stream.fileno(), False)  # type: ignore[union-attr]
        weakref.finalize(self, _end, process, os.getpid())

    def read(self, image: np.ndarray, *, timeout: float | None = None) -> ReadText:
        """Reads everything written in an image.

        Args:
            image: uint8 (H, W, 3), RGB.
            timeout: Seconds that it may take; after `GRACE` times as many the process is ended.

        Returns:
            The lines, in pixels of the image.

        Raises:
            PlatformError: The process crashed, took too long, or could not read; it did so too often.
        """
        if self._failures >= MOST_FAILURES:
            raise PlatformError(
                f"The process of reader {self.name} failed {self._failures} times in a row; it is not "
                "started any more. Run molmo-act read on the image to see why."
            )
        self.start()
        height, width = image.shape[:2]
        request = HEADER.pack(height, width, math.nan if timeout is None else timeout)
        until = math.inf if timeout is None else time.monotonic() + GRACE * timeout
        try:
            answer = self._ask(request, np.ascontiguousarray(image), until)
        except BaseException:
            self._failures += 1
            self.close()  # what it would still say is no answer to the next image
            raise
        self._failures = 0
        if "error" in answer:
            raise PlatformError(f"Reader {self.name} failed: {answer['error']}.")
        return ReadText.from_dict(answer["text"])  # type: ignore[arg-type]

    def close(self) -> None:
        """Ends the process; the next image starts another."""
        process, self._process = self._process, None
        if process is not None:
            _end(process, self._owner)

    def _ask(self, request: bytes, image: np.ndarray, until: float) -> dict[str, object]:
        process = self._process
        assert process is not None
        assert process.stdin is not None
        assert process.stdout is not None
        for part in (memoryview(request), image.data.cast("B")):
            at = 0
            while at < len(part):
                self._wait(process.stdin.fileno(), until, writing=True)
                at += self._written(process.stdin.fileno(), part[at : at + _CHUNK])
        [length] = LENGTH.unpack(self._received(process.stdout.fileno(), LENGTH.size, until))
        found: dict[str, object] = json.loads(self._received(process.stdout.fileno(), length, until))
        return found

    def _written(self, stream: int, part: memoryview) -> int:
        try:
            return os.write(stream, part)
        except BlockingIOError:
            return 0
        except BrokenPipeError:
            raise self._ended() from None

    def _received(self, stream: int, count: int, until: float) -> bytes:
        parts = bytearray()
        while len(parts) < count:
            self._wait(stream, until)
            part = os.read(stream, min(count - len(parts), _CHUNK))
            if not part:
                raise self._ended()
            parts += part
        return bytes(parts)

    def _wait(self, stream: int, until: float, *, writing: bool = False) -> None:
        """Waits until a stream can be used."""
        seconds = None if until == math.inf else max(until - time.monotonic(), 0.0)
        poll = select.poll()  # `select.select` takes no descriptor above 1023
        poll.register(stream, select.POLLOUT if writing else select.POLLIN)
        if not poll.poll(None if seconds is None else 1000 * seconds):
            raise PlatformError(f"The process of reader {self.name} took too long and was ended.")

    def _ended(self) -> PlatformError:
        process = self._process
        code = None
        if process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):  # it closed its streams and goes on
                code = process.wait(timeout=5)
        return PlatformError(f"The process of reader {self.name} ended by itself, with status {code}.")


def _end(process: subprocess.Popen[bytes], owner: int) -> None:
    """Ends a process and closes its streams; a fork only closes its copies of them."""
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            stream.close()
    if os.getpid() == owner:
        process.kill()
        process.wait()
