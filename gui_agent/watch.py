"""``molmo-act watch QUERY``: frames on the screen, live, around what the model points at; presses nothing."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import molmo_act
from gui_agent.backends import PyAutoGuiBackend
from gui_agent.changes import changed_blocks
from gui_agent.desktop import Desktop
from gui_agent.eye import Found
from gui_agent.safety import Safety
from gui_agent.screen import Screenshot
from molmo_act.commands.arguments import add_model_argument
from molmo_act.errors import InputError, PlatformError

COLOUR = "#e60078"
SIDE = 48  # input points; what lies inside a frame stays free to be seen and clicked
LINE = 3
REDRAW_SECONDS = 0.05


class Frames:
    """Frames of four thin windows each, on top of everything else.

    Raises:
        PlatformError: Python's tkinter is missing, or there is no display.
    """

    def __init__(self) -> None:
        try:
            import tkinter
        except ImportError as error:
            raise PlatformError(
                "Frames on the screen need tkinter, which this Python lacks. Install it with: apt install "
                "python3-tk."
            ) from error
        self._tkinter = tkinter
        try:
            self._root = tkinter.Tk()
        except tkinter.TclError as error:
            raise PlatformError(f"Frames on the screen need a display: {error}.") from error
        self._root.withdraw()
        self._bars: list[tkinter.Toplevel] = []

    def clear(self) -> None:
        """Takes all frames away, and waits until the screen is drawn without them."""
        for bar in self._bars:
            bar.destroy()
        self._bars = []
        self._root.update()
        time.sleep(REDRAW_SECONDS)

    def show(self, places: list[Found]) -> None:
        """Draws a frame around each place."""
        for found in places:
            x, y = (value - SIDE // 2 for value in found.point)
            for left, top, width, height in (
                (x, y, SIDE, LINE),
                (x, y + SIDE - LINE, SIDE, LINE),
                (x, y, LINE, SIDE),
                (x + SIDE - LINE, y, LINE, SIDE),
            ):
                bar = self._tkinter.Toplevel(self._root, background=COLOUR)
                bar.overrideredirect(True)
                bar.geometry(f"{width}x{height}{left:+d}{top:+d}")
                bar.attributes("-topmost", True)
                self._bars.append(bar)
        self._root.update()

    def close(self) -> None:
        """Takes everything away."""
        self._root.destroy()


def watch(
    desk: Desktop, query: str, *, every: float, is_over: Callable[[], bool], say: Callable[[str], None]
) -> None:
    """Keeps frames around what a query names until it is told to end.

    The model is asked only when the screen without the frames has changed.

    Args:
        desk: What to look at.
        query: What to point at.
        every: Seconds between two looks.
        is_over: Is asked after each look.
        say: Is told, after each answer of the model, in one line.

    Raises:
        QueryError: The query is empty or too long.
        PlatformError: There is no display, or no tkinter.
    """
    frames = Frames()
    places: list[Found] = []
    earlier: Screenshot | None = None
    try:
        while True:
            frames.clear()
            scene = desk.scene()
            if earlier is None or changed_blocks(earlier, scene.shot).any():
                places = scene.look(query, None).places
                shown = ", ".join(f"{found.point} {found.score:.2f}" for found in places)
                say(shown or "nothing")
            earlier = scene.shot
            frames.show([found for found in places if found.score >= desk.min_score])
            if is_over():
                return
            time.sleep(every)
    finally:
        frames.close()


def register(subparsers: argparse._SubParsersAction) -> None:
    """Adds the subcommand ``watch`` to a command line."""
    parser = subparsers.add_parser(
        "watch",
        help="frame on this screen, live, what the query names",
        description="Frame on this screen, live, what the query names. Nothing is clicked. Ends with Ctrl+C.",
    )
    parser.add_argument("query", metavar="QUERY", help="what to point at, such as 'the Save button'")
    add_model_argument(parser)
    parser.add_argument(
        "--every", type=float, default=1.0, metavar="SECONDS", help="between looks (default %(default)s)"
    )
    parser.add_argument(
        "--min-score",
        type=float,
        metavar="S",
        help="frame no place that scores less (default: what suits the model)",
    )
    parser.add_argument("--seconds", type=float, metavar="SECONDS", help="end after so long")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Runs ``watch``; returns 0.

    Raises:
        MolmoActError: Any mistake, such as no display or an empty query.
    """
    if not arguments.every > 0:
        raise InputError(f"--every is {arguments.every}; give seconds above 0.")
    backend = PyAutoGuiBackend()  # a missing display shows before a model is loaded
    safety = Safety(min_score=arguments.min_score)
    desk = Desktop(molmo_act.load(arguments.model), backend=backend, safety=safety)
    deadline = float("inf") if arguments.seconds is None else time.monotonic() + arguments.seconds
    watch(
        desk,
        arguments.query,
        every=arguments.every,
        is_over=lambda: time.monotonic() > deadline,
        say=lambda line: print(line, flush=True),
    )
    return 0
