"""``molmo-act click QUERY``: clicks what words name, or draws where it would click."""

from __future__ import annotations

import argparse
import sys
from typing import TextIO

from gui_agent.cli._options import add_acting_options, make_desktop
from gui_agent.errors import DesktopError
from molmo_act.cli._arguments import stdout_to_stderr
from molmo_act.io.image_writer import check_image_path, save_image

CLICKED, NOT_CLICKED = 0, 1


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the subcommand ``click``; the entry point is described in `molmo_act.cli.main`."""
    parser = subparsers.add_parser(
        "click",
        help="click what the query names on this screen",
        description="Click what the query names on this screen. Exit code 0: clicked, or found "
        "with --dry-run; 1: nothing found, or refused; 2: any other mistake.",
    )
    parser.add_argument("query", metavar="QUERY", help="what to click, such as 'the Save button'")
    parser.add_argument("--window", metavar="TITLE", help="look only in the window of this title")
    parser.add_argument("--out", metavar="PNG", help="write the screenshot with the place marked")
    add_acting_options(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Runs ``click``.

    Args:
        arguments: As `register` declares them.

    Returns:
        0 clicked (with --dry-run: found), 1 not clicked.

    Raises:
        MolmoActError: Any other mistake, such as no display or a bad path.
    """
    stdout = sys.stdout
    with stdout_to_stderr():
        return _click(arguments, stdout)


def _click(arguments: argparse.Namespace, stdout: TextIO) -> int:
    if arguments.out:
        check_image_path(arguments.out)
    desktop = make_desktop(arguments)
    region = None if arguments.window is None else desktop.window(arguments.window)
    try:
        result = desktop.locator(arguments.query, region=region).click()
    except DesktopError as error:
        if arguments.out and error.candidates:
            save_image(error.candidates[0].draw(), arguments.out)
        print(f"molmo-act: {error}", file=sys.stderr)
        return NOT_CLICKED
    [match] = result.targets
    if arguments.out:
        save_image(match.draw(), arguments.out)
    done = "would click" if result.dry_run else "clicked"
    effect = "" if result.dry_run else f" screen {result.effect}"
    print(f"{done} {match.point} score {match.score:.3f}{effect}", file=stdout)
    return CLICKED
