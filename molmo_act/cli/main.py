"""The command ``molmo-act``: the library on a command line.

Exit codes: 0 found, 1 nothing found, 2 bad input, 70 a fault of this program, 74 results cannot be written,
130 interrupted, 141 nothing reads the output, 143 ended by SIGTERM. Results go to stdout, everything else to
stderr.

Another package adds a subcommand through the entry point group ``molmo_act.commands``: the entry's name is
the subcommand's, its object a function that takes argparse's subparsers, adds a parser and gives it a default
``run``, a function from the parsed arguments to an exit code.
"""

from __future__ import annotations

import argparse
import logging
import sys
import traceback
from collections.abc import Callable, Sequence
from importlib.metadata import EntryPoint, entry_points

import molmo_act
from molmo_act.cli._arguments import BAD_INPUT, Commands, print_error
from molmo_act.cli._writing import Parser, run_writing
from molmo_act.cli.ask import add_ask
from molmo_act.cli.doctor import add_doctor
from molmo_act.cli.export import add_export
from molmo_act.cli.image import add_bench, add_count, add_point
from molmo_act.cli.plan import add_plan
from molmo_act.cli.read import add_read
from molmo_act.cli.segment import add_segment
from molmo_act.cli.track import add_track
from molmo_act.errors import MolmoActError
from molmo_act.signals import ending_in_order

FAULT, INTERRUPTED = 70, 130
COMMAND_GROUP = "molmo_act.commands"

logger = logging.getLogger(__name__)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command.

    Args:
        argv: The arguments behind the program's name; those of this process unless given.

    Returns:
        The exit code.
    """
    logging.basicConfig(
        stream=sys.stderr, level=logging.WARNING, format="molmo-act: %(levelname)s: %(message)s"
    )
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        return run_writing("molmo-act", lambda: _run(words))
    except MolmoActError as exc:
        print_error(exc)
        return BAD_INPUT
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception:  # Python's own exit code would be 1, which means "nothing found" here
        traceback.print_exc()
        return FAULT


def _run(words: list[str]) -> int:
    try:
        arguments = _parser(words).parse_args(words)
        with ending_in_order(by_signal=False):
            return int(arguments.run(arguments))
    except SystemExit as exc:  # argparse has explained itself
        return int(exc.code or 0)


class _Version(argparse.Action):
    """Reads the version only when it is asked for: a copy that is not installed has none."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        print(f"{parser.prog} {molmo_act.__version__}")
        parser.exit()


def _parser(words: Sequence[str]) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = Parser(
        prog="molmo-act",
        description="Words and pixels in, points out.",
        epilog="Exit codes: 0 found, 1 nothing found, 2 bad input.",
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    add_point(commands)
    add_count(commands)
    add_ask(commands)
    add_track(commands)
    add_segment(commands)
    add_read(commands)
    add_bench(commands)
    add_doctor(commands)
    add_plan(commands)
    add_export(commands)
    # What other packages add is imported only when it may be meant: they cost time, and one may be broken.
    if not words or words[0] not in commands.choices:
        for entry in entry_points(group=COMMAND_GROUP):
            _add_foreign(commands, entry, wanted=words[:1] == [entry.name])
    return parser


def _add_foreign(commands: Commands, entry: EntryPoint, *, wanted: bool) -> None:
    try:
        register: Callable[[Commands], None] = entry.load()
        register(commands)
    except Exception as exc:
        if wanted:
            raise
        logger.warning("The command %r is not available: %s", entry.name, exc)
