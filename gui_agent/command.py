"""``molmo-act click QUERY``: words become one click, or a picture of it; knows arguments and exit codes."""

from __future__ import annotations

import argparse
import sys

import molmo_act
from gui_agent.backends import PyAutoGuiBackend
from gui_agent.desktop import DEFAULT_MIN_SCORE, Desktop, Found
from gui_agent.errors import NotFound, Refused
from molmo_act.picture_files import picture_path, save_picture

CLICKED, NOT_CLICKED = 0, 1


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
    """Runs ``click``.

    Returns:
        0 clicked (with --dry-run: found), 1 nothing found or refused.

    Raises:
        MolmoActError: Any other mistake, such as no display or a bad path.
    """
    try:
        found = _click(arguments)
    except (NotFound, Refused) as error:
        print(f"molmo-act: {error}", file=sys.stderr)
        return NOT_CLICKED
    x, y = found.point
    print(f"{'would click' if arguments.dry_run else 'clicked'} ({x}, {y}) score {found.score:.3f}")
    return CLICKED


def _click(arguments: argparse.Namespace) -> Found:
    if arguments.out:
        picture_path(arguments.out)
    backend = PyAutoGuiBackend()  # a missing display shows before a model is loaded
    desk = Desktop(molmo_act.load(arguments.model), backend=backend, min_score=arguments.min_score)
    found = desk.find(arguments.query)
    if arguments.out:
        save_picture(found.draw(), arguments.out)
    if arguments.dry_run:
        desk.require_score(found)
    else:
        desk.click(found)
    return found
