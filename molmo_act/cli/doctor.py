"""The command ``molmo-act doctor``, which says what works on this machine by running it."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable

from molmo_act.cli._arguments import Commands

FIT, UNFIT = 0, 1


def add_doctor(commands: Commands) -> None:
    """Adds the command ``doctor``.

    Args:
        commands: The subcommands of ``molmo-act``.
    """
    from molmo_act.doctor.report import USES

    parser = commands.add_parser(
        "doctor",
        help="say what works on this machine, and what to install",
        description="Run one small kernel or call of each library, compare its result, and say what to "
        "install where something is missing or broken. Nothing is clicked, typed, downloaded or sent. Exit "
        "code 0: what --for names works; 1: it does not.",
    )
    parser.add_argument(
        "--for",
        dest="uses",
        metavar="USES",
        help=f"check only what these need, and whether it works; some of {', '.join(USES)}, with commas",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Runs ``doctor``.

    Args:
        arguments: As `add_doctor` declares them.

    Returns:
        0 where what was asked for works, else 1.

    Raises:
        InputError: Something unknown was asked for.
    """
    from molmo_act.doctor.report import examine, parse_uses

    uses = [] if arguments.uses is None else parse_uses(arguments.uses)
    report = examine(uses, told=_told)
    print(json.dumps(report.to_dict(), ensure_ascii=False) if arguments.json else report)
    return FIT if report.is_fit else UNFIT


def _told(names: Iterable[str]) -> Iterable[str]:
    """Says on a terminal which check is being run, in one line that is overwritten."""
    for name in names:
        if sys.stderr.isatty():
            print(f"\r\033[Kchecking {name} …", end="", file=sys.stderr, flush=True)
        yield name
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr, flush=True)
