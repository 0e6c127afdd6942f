"""Opens a real window with named buttons, clicks one by its name, and asks the window whether it was pressed.

    python examples/click_button.py "Save" --out clicked.png

Works on the display of this session; where there is none, or with --virtual, on a virtual one (apt install
xvfb openbox x11-utils). Exit code 0: the window received the press of the named button, 1: it did not, 2: the
machine lacks something.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from queue import Empty, Queue
from typing import IO

import gui_agent
from molmo_act.cli.model_arguments import add_asking_arguments, add_model_arguments, model_options
from molmo_act.errors import MolmoActError
from molmo_act.io.image_writer import save_image

BUTTONS = ("Open", "Save", "Print", "Cancel")
DISPLAY_SIZE = (480, 360)  # of the virtual display: a simple interface, which is what nano is for
WINDOW = ("--geometry", "400x280+30+40", "--font-size", "12")
WINDOW_PROGRAM = Path(__file__).with_name("form_window.py")


def main() -> int:
    """Runs the demonstration and returns the exit code."""
    arguments = parse_arguments()
    try:
        with ExitStack() as stack:
            if arguments.virtual or not os.environ.get("DISPLAY"):
                print("virtual display", stack.enter_context(gui_agent.virtual_display(*DISPLAY_SIZE)))
            return click_and_ask(arguments)
    except gui_agent.DesktopError as error:
        print(f"not clicked: {error}", file=sys.stderr)
        return 1
    except MolmoActError as error:
        print(f"cannot run: {error}", file=sys.stderr)
        return 2


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="Click a named button of a real window.", allow_abbrev=False)
    parser.add_argument("name", nargs="?", default="Save", choices=BUTTONS, help="the button to click")
    parser.add_argument("--query", help="how to ask for it; 'the NAME button' by default")
    parser.add_argument("--out", type=Path, default=Path("click_button.png"), help="annotated image")
    parser.add_argument("--virtual", action="store_true", help="use a virtual display in any case")
    add_model_arguments(parser)
    add_asking_arguments(parser)
    return parser.parse_args()


def click_and_ask(arguments: argparse.Namespace) -> int:
    """Clicks the button on the current display and compares with what the window received."""
    desktop = gui_agent.Desktop(model_options(arguments))
    with open_window() as events:
        result = desktop.click(arguments.query or f"the {arguments.name} button")
        [match] = result.targets
        save_image(match.draw(), arguments.out)
        print(f"clicked {match.query!r} at {match.point}, score {match.score:.2f}; screen {result.effect}")
        print(f"image: {arguments.out}")
        pressed = next_event(events, seconds=2)
    if pressed == {"event": "press", "name": arguments.name}:
        print(f"the window received a press of {arguments.name!r}")
        return 0
    received = f"a press of {pressed['name']!r}" if pressed else "nothing"
    print(f"the window received {received}, not a press of {arguments.name!r}")
    return 1


@contextmanager
def open_window() -> Iterator[Queue[dict]]:
    """Opens the window in a process of its own; gives the events that it reports, once it is shown."""
    command = [sys.executable, str(WINDOW_PROGRAM), *WINDOW]
    for name in BUTTONS:
        command += ["--button", name]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as window:
        events: Queue[dict] = Queue()
        reader = threading.Thread(target=read_events, args=(window.stdout, events))
        reader.start()
        try:
            if next_event(events, seconds=20) is None:
                raise gui_agent.DesktopError("The window did not open; see the messages above.")
            yield events
        finally:
            window.terminate()
            reader.join()


def read_events(lines: IO[str], events: Queue[dict]) -> None:
    """Passes on what the window says until it ends."""
    for line in lines:
        events.put(json.loads(line))


def next_event(events: Queue[dict], seconds: float) -> dict | None:
    """The next event of the window, or None when there is none for that long."""
    try:
        return events.get(timeout=seconds)
    except Empty:
        return None


if __name__ == "__main__":
    sys.exit(main())
