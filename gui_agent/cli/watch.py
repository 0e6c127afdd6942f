"""``molmo-act watch QUERY``: draws frames on the screen, live, around what the model points at."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from typing import TextIO

from gui_agent.cli._options import add_looking_options, make_looking_desktop
from gui_agent.desktop import Desktop
from gui_agent.vision.diff import changed_blocks
from gui_agent.vision.grounder import Match
from gui_agent.vision.overlay import Frames
from gui_agent.vision.regions import Region, Window
from gui_agent.vision.screenshot import Screenshot
from molmo_act.cli._arguments import above_zero, seconds, stdout_to_stderr


def watch(
    desktop: Desktop,
    query: str,
    *,
    region: Region | None = None,
    every: float,
    is_over: Callable[[], bool],
    say: Callable[[str], None],
) -> None:
    """Keeps frames around what a query names until it is told to end.

    The model is asked only when the screen without the frames has changed.

    Args:
        desktop: What to look at.
        query: What to point at.
        region: Where to look; all of the screen unless given.
        every: Seconds between two looks.
        is_over: Asked after each look whether to end.
        say: Called after each answer of the model with one line.

    Raises:
        QueryError: The query is empty or too long.
        PlatformError: There is no display, or no tkinter.
    """
    frames = Frames()
    matches: list[Match] = []
    earlier: Screenshot | None = None
    try:
        while True:
            frames.clear()
            snapshot = desktop.snapshot()
            if earlier is None or changed_blocks(earlier, snapshot.shot).any():
                matches = snapshot.ground(query, region).all
                shown = ", ".join(f"{match.point} {match.score:.2f}" for match in matches)
                say(shown or "nothing")
            earlier = snapshot.shot
            frames.show([match for match in matches if match.score >= desktop.min_score])
            if is_over():
                return
            time.sleep(every)
    finally:
        frames.close()


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the subcommand ``watch``; the entry point is described in `molmo_act.cli.main`."""
    parser = subparsers.add_parser(
        "watch",
        help="frame on this screen, live, what the query names",
        description="Frame on this screen, live, what the query names. Nothing is clicked. Ends with Ctrl+C.",
    )
    parser.add_argument("query", metavar="QUERY", help="what to point at, such as 'the Save button'")
    parser.add_argument("--window", metavar="TITLE", help="look only in the window of this title")
    add_looking_options(parser)
    parser.add_argument(
        "--every", type=above_zero, default=1.0, metavar="SECONDS", help="between looks (default %(default)s)"
    )
    parser.add_argument("--seconds", type=seconds, metavar="SECONDS", help="end after so long")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Runs ``watch`` until its time is over or it is interrupted.

    Args:
        arguments: As `register` declares them.

    Returns:
        0.

    Raises:
        MolmoActError: Any mistake, such as no display or an empty query.
    """
    stdout = sys.stdout
    with stdout_to_stderr():
        _watch(make_looking_desktop(arguments), arguments, stdout)
    return 0


def _watch(desktop: Desktop, arguments: argparse.Namespace, stdout: TextIO) -> None:
    deadline = float("inf") if arguments.seconds is None else time.monotonic() + arguments.seconds
    watch(
        desktop,
        arguments.query,
        region=None if arguments.window is None else Window(arguments.window),
        every=arguments.every,
        is_over=lambda: time.monotonic() > deadline,
        say=lambda line: print(line, file=stdout, flush=True),
    )
