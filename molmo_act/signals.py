"""Ends a program by signals as Python ends it by an exception: files are whole, buttons and keys let go.

By default SIGTERM, SIGHUP and SIGQUIT end a process at once, and what it had begun stays as it is. Within
`ending_in_order` they are exceptions, once; nested blocks share that, so that the command line, the desktop
and what they call let go of what they hold, the last first. A signal may come in the middle of a conversation
with the X server, which cannot be taken up again then: it waits for the end of the `undisturbed` block.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

ENDING = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP", "SIGQUIT") if hasattr(signal, name))
"""Signals that ask a program to end; SIGINT, which is Ctrl-C, is a KeyboardInterrupt as always."""
AT_ONCE = getattr(signal, "SIGQUIT", None)
"""What ends a program that hangs while it lets go: Ctrl-\\ in a terminal."""


class Ended(SystemExit):
    """A signal asks this program to end.

    Attributes:
        number: Of the signal; the exit code is 128 more, as shells report it.
    """

    def __init__(self, number: int) -> None:
        super().__init__(128 + number)
        self.number = number


class _Signals:
    """What has come, and whether it has to wait; of the main thread, which alone gets signals."""

    def __init__(self) -> None:
        self.blocks = 0
        self.waiting: int | None = None
        self.unwinding = 0  # blocks that an exception ends
        self.ended = False
        self.finishing = False

    def come(self, number: int, frame: FrameType | None = None) -> None:
        """Ends the program with an exception, now or at the end of the block."""
        if self.ended and number == AT_ONCE:
            _die(number)
        if self.ended and (self.finishing or _is_ending()):
            return  # an impatient one must not interrupt the letting go
        if self.blocks:
            self.waiting = number if self.waiting is None else self.waiting
            return
        self.waiting = None
        self.ended = number != signal.SIGINT or self.unwinding > 0
        raise KeyboardInterrupt if number == signal.SIGINT else Ended(number)


def _is_ending() -> bool:
    """Whether the code that runs is the end of another, by the exception of a signal.

    Where it is not, that exception was dropped, as Python drops one of a destructor.
    """
    error = sys.exc_info()[1]
    while error is not None and not isinstance(error, (KeyboardInterrupt, Ended)):
        error = error.__context__
    return error is not None


_SIGNALS = _Signals()


@contextmanager
def ending_in_order(*, by_signal: bool = True, unwinds: bool = True) -> Iterator[None]:
    """Lets the block end what it has begun when a signal asks the program to end, which it then does.

    Signals that the program handles or ignores itself stay so, as SIGHUP under `nohup`, and so do all of them
    outside the main thread. Inside of another such block nothing is left to do: the outer one ends it.

    Args:
        by_signal: Whether the process then ends by the signal itself; False for `Ended`, a SystemExit with
            128 and the signal's number.
        unwinds: Whether an exception ends the block, which must not be interrupted again then; False for one
            that stays open behind the code that began it, where Ctrl-C may interrupt anything several times.

    Yields:
        Nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    usual = {**dict.fromkeys(ENDING, signal.SIG_DFL), signal.SIGINT: signal.default_int_handler}
    ours = {number: handler for number, handler in usual.items() if signal.getsignal(number) is handler}
    for number in ours:
        signal.signal(number, _SIGNALS.come)
    _SIGNALS.unwinding += unwinds
    try:
        yield
    except Ended as ended:
        if by_signal and ended.number in ours:
            _die(ended.number)
        raise
    finally:
        for (
            number,
            handler,
        ) in ours.items():  # first: a late one must not be an exception outside of the block
            signal.signal(number, handler)
        _SIGNALS.unwinding -= unwinds
        if not _SIGNALS.unwinding:
            _SIGNALS.ended = _SIGNALS.finishing = False


@contextmanager
def undisturbed() -> Iterator[None]:
    """Lets signals of `ending_in_order` wait until the end of the block.

    Yields:
        Nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    _SIGNALS.blocks += 1
    try:
        yield
    finally:
        _SIGNALS.blocks -= 1
        if _SIGNALS.waiting is not None and not _SIGNALS.blocks:
            _SIGNALS.come(_SIGNALS.waiting)


@contextmanager
def until_told_to_end() -> Iterator[None]:
    """Takes Ctrl-C, or a signal of `ending_in_order`, as the end that the block was waiting for.

    What follows it, within the `ending_in_order` block around it, is not interrupted by more of them.

    Yields:
        Nothing.
    """
    try:
        yield
    except (KeyboardInterrupt, Ended):
        _SIGNALS.finishing = True


def _die(number: int) -> None:
    """Ends the process by a signal."""
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
