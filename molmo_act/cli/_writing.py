"""How programs of this project read their arguments, and what they do where stdout cannot be written."""

from __future__ import annotations

import argparse
import errno
import io
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed import SupportsWrite

UNWRITTEN, UNREAD = 74, 141
_STDOUT_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF)


class Parser(argparse.ArgumentParser):
    """The parser of all commands of this project, and of their subcommands.

    It takes no abbreviations: argparse reads ``--mode`` as ``--model`` where there is no ``--mode``. And it
    prints help as results: argparse takes no notice of a stdout that cannot be written.

    Args:
        args: See `argparse.ArgumentParser`.
        kwargs: See `argparse.ArgumentParser`.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"allow_abbrev": False, **kwargs})

    def print_help(self, file: SupportsWrite[str] | None = None) -> None:
        """Prints the help.

        Args:
            file: Where to; stdout unless given.
        """
        print(self.format_help(), end="", file=sys.stdout if file is None else file)


def run_writing(program: str, run: Callable[[], int]) -> int:
    """Runs a command that writes its results to stdout.

    Args:
        program: Name of the program, for messages.
        run: The command.

    Returns:
        The exit code of the command, `UNWRITTEN` where stdout cannot be written, `UNREAD` where nothing reads
        it.

    Raises:
        Exception: Whatever the command raises that is not about stdout.
    """
    if sys.stdout is None:  # as with `>&-`
        return _tell(program, "stdout is closed, so there is nowhere to write results; redirect it.")
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a query need not fit the terminal's encoding
    try:
        code = run()
        sys.stdout.flush()
        return code
    except BrokenPipeError:  # as behind `| head`
        _drop_output()
        return UNREAD
    except OSError as exc:
        if exc.filename is not None or exc.errno not in _STDOUT_ERRORS:  # of a file, not of stdout
            raise
        _drop_output()
        reason = f"results cannot be written to stdout ({exc.strerror}); make room, or redirect it."
        return _tell(program, reason)


def _tell(program: str, reason: str) -> int:
    print(f"{program}: error: {reason}", file=sys.stderr)
    return UNWRITTEN


def _drop_output() -> None:
    """Sends what is left of stdout nowhere: Python flushes once more at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
