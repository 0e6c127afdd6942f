"""``molmo-act click QUERY``: words become one click, or a picture of it; knows arguments and exit codes."""

from __future__ import annotations

import argparse
import sys

import molmo_act
from gui_agent.backends import PyAutoGuiBackend
from gui_agent.desktop import Desktop
from gui_agent.errors import DesktopError
from gui_agent.options import add_aim_arguments
from gui_agent.safety import Safety
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
    add_aim_arguments(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Runs ``click``.

    Returns:
        0 clicked (with --dry-run: found), 1 not clicked.

    Raises:
        MolmoActError: Any other mistake, such as no display or a bad path.
    """
    if arguments.out:
        picture_path(arguments.out)
    safety = Safety(min_score=arguments.min_score)
    backend = PyAutoGuiBackend()  # a missing display shows before a model is loaded
    desk = Desktop(
        molmo_act.load(arguments.model),
        backend=backend,
        safety=safety,
        timeout=arguments.timeout,
        dry_run=arguments.dry_run,
    )
    try:
        result = desk.click(arguments.query)
    except DesktopError as error:
        if arguments.out and error.candidates:
            save_picture(error.candidates[0].draw(), arguments.out)
        print(f"molmo-act: {error}", file=sys.stderr)
        return NOT_CLICKED
    [found] = result.targets
    if arguments.out:
        save_picture(found.draw(), arguments.out)
    done = "would click" if result.dry_run else "clicked"
    effect = "" if result.dry_run else f" screen {result.effect}"
    print(f"{done} {found.point} score {found.score:.3f}{effect}")
    return CLICKED
