"""The X11 clipboard through xclip: lend it a text, know that it was taken, give back what was there before.

Knows nothing of keys. On X11 a clipboard has no memory of its own: a program offers a text and hands it over
each time another program asks, which is how we know that a paste arrived.
"""

from __future__ import annotations

import queue
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO

from molmo_act.errors import PlatformError

XCLIP = ("xclip", "-selection", "clipboard")
# Kinds worth giving back, the first one offered wins. Plain text goes by UTF8_STRING.
KEPT_KINDS = ("UTF8_STRING", "STRING", "image/png", "image/bmp")
PROTOCOL_SECONDS = 2.0


def require_xclip() -> None:
    """Checks that xclip is there.

    Raises:
        PlatformError: It is not.
    """
    if shutil.which("xclip") is None:
        raise PlatformError(
            "This text holds characters that the keyboard cannot produce and goes through the clipboard, "
            "which needs xclip. Install it with: apt install xclip. Nothing was typed."
        )


class LentText:
    """A text that the clipboard offers now.

    Args:
        requests: Lines in which ``xclip -verbose`` reports that it waits for the next request.
    """

    def __init__(self, requests: IO[bytes]) -> None:
        self._served: queue.Queue[bool] = queue.Queue()
        self._listener = threading.Thread(target=self._listen, args=(requests,), daemon=True)
        self._listener.start()

    def _listen(self, requests: IO[bytes]) -> None:
        # xclip announces that it waits for request n, so every announcement but the first is a hand-over.
        with requests:
            for line in requests:
                if b"Waiting for selection request number" in line:
                    self._served.put(True)
        self._served.put(False)

    def wait_until_offered(self) -> bool:
        """Whether the text is on offer; False when xclip could not offer it."""
        return self._next(PROTOCOL_SECONDS)

    def forget_requests(self, settle: float) -> None:
        """Passes over requests of programs that read every new clipboard, such as clipboard histories."""
        while self._next(settle):
            pass

    def wait_until_taken(self, timeout: float, settle: float) -> bool:
        """Whether an application asked for the text.

        Args:
            timeout: Seconds to wait for the first request.
            settle: Seconds without another request after which the application has what it wanted.
        """
        taken = self._next(timeout)
        if taken:
            self.forget_requests(settle)
        return taken

    def join(self) -> None:
        """Waits until xclip has closed its report."""
        self._listener.join()

    def _next(self, timeout: float) -> bool:
        try:
            return self._served.get(timeout=timeout)
        except queue.Empty:
            return False


@contextmanager
def lend(text: str) -> Iterator[LentText]:
    """Offers a text on the clipboard, and gives back what was there at the end.

    Text and pictures are given back; anything else that was on the clipboard is lost.

    Raises:
        PlatformError: xclip could not offer the text.
    """
    kept = _read()
    server = subprocess.Popen([*XCLIP, "-verbose", "-in"], stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    assert server.stdin is not None
    assert server.stderr is not None
    lent = LentText(server.stderr)
    try:
        with suppress(BrokenPipeError), server.stdin:  # one that has ended will not offer the text either
            server.stdin.write(text.encode())
        if not lent.wait_until_offered():
            raise PlatformError(
                "xclip could not take the clipboard over. Check that it runs on this display."
            )
        yield lent
    finally:
        if kept is not None:
            with suppress(subprocess.TimeoutExpired):
                _offer(*kept)
                server.wait(PROTOCOL_SECONDS)  # it ends when the clipboard has its new owner
        server.terminate()
        server.wait()
        lent.join()


def _read() -> tuple[str, bytes] | None:
    """Kind and content of what is on the clipboard; None if there is nothing to keep."""
    offered = _run("-out", "-target", "TARGETS").decode(errors="replace").split()
    kind = next((kind for kind in KEPT_KINDS if kind in offered), None)
    return None if kind is None else (kind, _run("-out", "-target", kind))


def _run(*options: str) -> bytes:
    try:
        return subprocess.run([*XCLIP, *options], capture_output=True, timeout=PROTOCOL_SECONDS).stdout
    except subprocess.TimeoutExpired:  # the owner of the clipboard hangs; there is nothing to read
        return b""


def _offer(kind: str, content: bytes) -> None:
    # This xclip stays behind, as a clipboard's owner must, until another program copies something.
    subprocess.run(
        [*XCLIP, "-in", "-target", kind],
        input=content,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=PROTOCOL_SECONDS,
        check=False,
    )
