"""Lends the X11 clipboard a text, knows that it was taken, and gives back what was there before.

The text is offered by this process (`gui_agent.input.x11.selection`) and goes with it. What was there before
is kept by a small process of its own, which gives it back when this one lets go or is ended, in any way.
"""

from __future__ import annotations

import os
import queue
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO

from gui_agent.input.x11.selection import Offer
from molmo_act.errors import PlatformError

XCLIP = ("xclip", "-selection", "clipboard")
# Kinds worth giving back, the first one offered wins. Plain text goes by UTF8_STRING.
KEPT_KINDS = ("UTF8_STRING", "STRING", "image/png", "image/bmp")
READ_SECONDS = 5.0
"""What is on the clipboard is lost where its owner, or a busy machine, takes longer to show it."""
RETURN_SECONDS = 20.0
KEEPER = """\
read -r word
[ "$word" = forget ] || exec xclip -selection clipboard -in -target "$1" < "/dev/fd/$2"
"""
"""A shell script: waits until somebody writes to it, or could no longer, and copies what it keeps."""


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
        offer: Offers it.

    Attributes:
        target: The program that it is to be pasted into, as `WindowInfo.client`; None for none yet.
    """

    def __init__(self, offer: Offer) -> None:
        self._offer = offer

    @property
    def target(self) -> int | None:
        """The program that it is to be pasted into, as `WindowInfo.client`; None for none yet."""
        return self._offer.target

    @target.setter
    def target(self, client: int | None) -> None:
        self._offer.target = client

    def forget_requests(self, settle: float) -> None:
        """Passes over programs that read every new clipboard, such as clipboard histories.

        Args:
            settle: Seconds without another request after which there are no more of them.
        """
        while self._next(settle) is not None:
            pass

    def wait_until_taken(self, timeout: float, settle: float) -> bool:
        """Waits until the target has the text; where there is none, any program.

        Args:
            timeout: Seconds to wait for it.
            settle: Seconds without another request after which the application has what it wanted.

        Returns:
            Whether one took it in time.
        """
        deadline = time.monotonic() + timeout
        while (left := deadline - time.monotonic()) > 0:
            client = self._next(left)
            if client is not None and self.target in (client, None):
                self.forget_requests(settle)
                return True
        return False

    def _next(self, timeout: float) -> int | None:
        try:
            return self._offer.taken.get(timeout=timeout).client
        except queue.Empty:
            return None


@contextmanager
def lend(text: str, *, only_for_target: bool = False) -> Iterator[LentText]:
    """Offers a text on the clipboard, and puts back what was there at the end of the block.

    Text and images are put back, unless somebody has copied something meanwhile; anything else that was on
    the clipboard is lost.

    Args:
        text: The text.
        only_for_target: Whether only the program in `LentText.target` gets it, and no clipboard history.

    Yields:
        The text on offer.

    Raises:
        PlatformError: The clipboard cannot be taken over.
    """
    kept = _read()
    with tempfile.TemporaryFile() as content:
        keeper = None if kept is None else _start_keeper(content, *kept)
        try:
            offer = Offer(os.environ["DISPLAY"], text, only_for_target=only_for_target)
            if not offer.is_offered:
                raise PlatformError("The clipboard cannot be taken over: another program holds it.")
            offer.start()
            try:
                yield LentText(offer)
            finally:
                if keeper is not None:
                    if _let_go(keeper, is_replaced=offer.lost.is_set()):
                        offer.lost.wait(RETURN_SECONDS)  # xclip returns before it has the clipboard
                    keeper = None
                offer.stop()
        finally:
            if keeper is not None:
                _let_go(keeper, is_replaced=True)


def _start_keeper(content: IO[bytes], kind: str, kept: bytes) -> subprocess.Popen[bytes]:
    content.write(kept)
    content.flush()
    content.seek(0)
    number = content.fileno()
    return subprocess.Popen(
        ["/bin/sh", "-c", KEEPER, "sh", kind, str(number)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=(number,),
        start_new_session=True,  # so that what ends this process, from a terminal too, does not end it
    )


def _let_go(keeper: subprocess.Popen[bytes], *, is_replaced: bool) -> bool:
    """Lets the keeper give back what it keeps, or forget it where the clipboard has other content now.

    Returns:
        Whether it did so.
    """
    assert keeper.stdin is not None
    with suppress(BrokenPipeError), keeper.stdin:
        keeper.stdin.write(b"forget\n" if is_replaced else b"\n")
    try:
        # xclip goes on in the background, as a clipboard's owner must.
        return keeper.wait(RETURN_SECONDS) == 0
    except subprocess.TimeoutExpired:
        keeper.kill()
        keeper.wait()
        return False


def _read() -> tuple[str, bytes] | None:
    """Kind and content of what is on the clipboard; None if there is nothing to keep."""
    offered = _run("-out", "-target", "TARGETS").decode(errors="replace").split()
    kind = next((kind for kind in KEPT_KINDS if kind in offered), None)
    return None if kind is None else (kind, _run("-out", "-target", kind))


def _run(*options: str) -> bytes:
    try:
        return subprocess.run([*XCLIP, *options], capture_output=True, timeout=READ_SECONDS).stdout
    except subprocess.TimeoutExpired:  # the owner of the clipboard hangs; there is nothing to read
        return b""
