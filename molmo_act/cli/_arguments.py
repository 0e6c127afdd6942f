"""Arguments that several subcommands take, and what they print."""

from __future__ import annotations

import argparse
import contextlib
import math
import sys
from collections.abc import Callable, Iterator
from typing import TypeAlias

FOUND, NOTHING_FOUND, BAD_INPUT = 0, 1, 2
"""Exit codes of commands that look for something."""
MAX_NUMBER = 1e9

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
"""What a command adds its parser to."""


def add_number(
    parser: argparse.ArgumentParser,
    name: str,
    read: Callable[[str], float],
    metavar: str,
    help: str,
    *,
    default: float | None = None,
) -> None:
    """Adds an option that takes a number.

    Args:
        parser: The command's parser.
        name: Of the option, with its dashes.
        read: Turns what was given into the number: `positive`, `above_zero`, `seconds` or `probability`.
        metavar: What stands for the number in the help.
        help: What the option does.
        default: The number where the option is not given.
    """
    parser.add_argument(name, type=read, default=default, metavar=metavar, help=help)


def add_video_span(parser: argparse.ArgumentParser) -> None:
    """Adds ``--start``, ``--end`` and ``--fps``; None where they are not given.

    Args:
        parser: The command's parser.
    """
    add_number(parser, "--start", seconds, "S", "seconds of a video to leave out at the beginning")
    add_number(parser, "--end", above_zero, "S", "seconds of a video at which to stop")
    add_number(parser, "--fps", above_zero, "N", "frames per second of a folder of images (default 30)")


def print_error(error: Exception, about: str = "") -> None:
    """Prints an error in one line on stderr.

    Args:
        error: The error.
        about: What comes before it.
    """
    print(f"molmo-act: error: {about}{' '.join(str(error).split())}", file=sys.stderr)


@contextlib.contextmanager
def stdout_to_stderr() -> Iterator[None]:
    """Sends to stderr what libraries print while they load and run, so that stdout holds the answer alone.

    Yields:
        Nothing; the real stdout is back when the block ends.
    """
    with contextlib.redirect_stdout(sys.stderr):
        yield


def positive(text: str) -> int:
    """Reads an argument that is a whole number of at least 1 and at most nine digits.

    Args:
        text: What was given.

    Returns:
        The number.

    Raises:
        argparse.ArgumentTypeError: It is none.
    """
    if not text.isascii() or not text.isdigit() or len(text) > 9 or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} was given; expected a whole number from 1 to 999999999")
    return int(text)


class Number:
    """Reads an argument that is a number within bounds; a ``type`` of argparse.

    Args:
        accepts: Whether a number is within bounds; NaN never is.
        expected: What the error asks for.
    """

    def __init__(self, accepts: Callable[[float], bool], expected: str) -> None:
        self._accepts, self._expected = accepts, expected

    def __call__(self, text: str) -> float:
        """Reads the argument ``text``, or raises `argparse.ArgumentTypeError`."""
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not self._accepts(value):
            raise argparse.ArgumentTypeError(f"{text!r} was given; expected {self._expected}")
        return value


above_zero = Number(lambda value: 0 < value < MAX_NUMBER, "a number above 0")
seconds = Number(lambda value: 0 <= value < MAX_NUMBER, "seconds, 0 or more")
probability = Number(lambda value: 0 <= value <= 1, "a number from 0 to 1")
pixels = Number(lambda value: 0 <= value < MAX_NUMBER, "a number of pixels, 0 or more")
