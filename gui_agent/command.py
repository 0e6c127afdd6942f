"""``molmo-act click QUERY``: words become one click, or a picture of it; knows arguments and exit codes."""

from __future__ import annotations

import argparse
import sys

import molmo_act
from gui_agent.backends import PyAutoGuiBackend
from gui_agent.desktop import DEFAULT_MIN_SCORE, Desktop
from gui_agent.errors import NotFound, Refused
from gui_agent.screen import save_picture
from molmo_act.errors import MolmoActError

CLICKED, NOT_CLICKED, BAD_INPUT = 0, 1, 2


def register(subparsers: argparse._SubParsersAction) -> None:
    """Adds the subcommand ``click`` to a command line."""
    parser = subparsers.add_parser(
        "click",
        help="click what the query names on this screen",
        description="Click what the query names on this screen. Exit code 0: clicked, or found "
        "with --dry-run; 1: nothing found, or refused; 2: any other mistake.",
    )
    parser.add_argument("query", metavar="QUERY", help="what to click, such as 'the Save button'")
    parser.add_argument("--dry-run", action="store_true", help="click nothing; draw what would be clicked")
    parser.add_argument("--out", metavar="PNG", help="write the screenshot with the place marked")
    parser.add_argument("--model", metavar="M", help="checkpoint folder or name; the bundled one by default")
    parser.add_argument(
        "--min-score",
        type=float,
        default=DEFAULT_MIN_SCORE,
        metavar="S",
        help="refuse a place that scores less (default %(default)s)",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Runs ``click``; errors are one line on stderr.

    Returns:
        0 clicked (with --dry-run: found), 1 nothing found or refused, 2 any other mistake.
    """
    try:
        _click(arguments)
    except MolmoActError as error:
        print(f"molmo-act click: {error}", file=sys.stderr)
        return NOT_CLICKED if isinstance(error, (NotFound, Refused)) else BAD_INPUT
    return CLICKED


def _click(arguments: argparse.Namespace) -> None:
    desk = _desktop(arguments)
    found = desk.find(arguments.query)
    if arguments.out:
        save_picture(found.draw(), arguments.out)
        print(f"molmo-act click: wrote {arguments.out}", file=sys.stderr)
    if arguments.dry_run:
        desk.require_score(found)
    else:
        desk.click(found)
    x, y = found.point
    print(f"{'would click' if arguments.dry_run else 'clicked'} ({x}, {y}) score {found.score:.3f}")


def _desktop(arguments: argparse.Namespace) -> Desktop:
    backend = PyAutoGuiBackend()  # a missing display shows before a model is loaded
    return Desktop(molmo_act.load(arguments.model), backend=backend, min_score=arguments.min_score)
