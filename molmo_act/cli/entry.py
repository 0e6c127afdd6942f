"""What the program ``molmo-act`` starts: Ctrl-C leaves no traceback, not even while modules are imported."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from types import FrameType

INTERRUPTED = 130


def main() -> int:
    """Runs one command with the arguments of this process.

    Returns:
        The exit code, see `molmo_act.cli.main`.
    """
    return run_interruptible(_import_main)


def run_interruptible(import_main: Callable[[], Callable[[], int]]) -> int:
    """Imports a program and runs it; Ctrl-C ends the process without a traceback at any time.

    Args:
        import_main: Imports the function that runs the program, and returns it.

    Returns:
        The exit code.
    """
    before = signal.getsignal(signal.SIGINT)
    if before is signal.default_int_handler:  # not where it is ignored, as behind `nohup` or `&`
        signal.signal(signal.SIGINT, _leave)
    run = import_main()
    if before is signal.default_int_handler:
        signal.signal(signal.SIGINT, before)
    try:
        return run()
    except KeyboardInterrupt:  # while it cleaned up
        return INTERRUPTED
    finally:
        if before is signal.default_int_handler:  # Python's end has nothing left to interrupt
            signal.signal(signal.SIGINT, signal.SIG_IGN)


def _import_main() -> Callable[[], int]:
    from molmo_act.cli.main import main as run

    return run


def _leave(number: int, frame: FrameType | None) -> None:
    """Ends the process at once: packages that are half imported turn an exception into others."""
    os._exit(INTERRUPTED)
