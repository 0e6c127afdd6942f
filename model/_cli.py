"""What all commands of this folder share: exit status, parser, the option that names a model."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from functools import wraps
from typing import ParamSpec

from molmo_act.cli._writing import Parser
from molmo_act.errors import MolmoActError
from molmo_act.io.atomic import WRITE_ADVICE

Arguments = ParamSpec("Arguments")


def command(main: Callable[Arguments, object]) -> Callable[Arguments, int]:
    """Turns the function behind a command line into one that returns its exit status, for `sys.exit`.

    Args:
        main: The function; its own return value is not used.

    Returns:
        The same function, which returns 0, or 2 after it printed to stderr in one line a `MolmoActError`, or
        that a disk is full, a folder read-only and the like.
    """

    @wraps(main)
    def run(*args: Arguments.args, **kwargs: Arguments.kwargs) -> int:
        try:
            main(*args, **kwargs)
        except MolmoActError as error:
            print(f"error: {error}", file=sys.stderr)
            return 2
        except OSError as error:
            advice = WRITE_ADVICE.get(error.errno or 0)
            if advice is None:
                raise
            place = "" if error.filename is None else f"{str(error.filename)!r}: "
            print(f"error: {place}{error.strerror}. {advice}.", file=sys.stderr)
            return 2
        return 0

    return run


def make_parser(description: str | None, *, prog: str | None = None) -> argparse.ArgumentParser:
    """Makes a parser that prints a module's docstring as it is written.

    Args:
        description: The docstring.
        prog: How the command is called in its help; the name of its file unless given.

    Returns:
        A parser without options.
    """
    return Parser(prog=prog, description=description, formatter_class=argparse.RawDescriptionHelpFormatter)


def print_counts(counts: Mapping[str, int]) -> None:
    """Prints one line "what: number" for each entry.

    Args:
        counts: What was counted, in the order in which it is printed.
    """
    for what, number in counts.items():
        print(f"{what}: {number}")


def add_model(parser: argparse.ArgumentParser) -> None:
    """Adds the option ``--model``: what `molmo_act.load` takes, None for the bundled nano."""
    parser.add_argument("--model", default=None, help="folder or hub name; the bundled nano unless given")
