"""Random clicks, by words, on real programs among look-alikes, pop-ups and windows that move.

    OMP_NUM_THREADS=1 python -m tests.gui_agent.random_clicks --clicks 1000 --seed 1

Asks for what is on the screen, in words of people, and for what is not, with all sources together. Beside
each program lies a window that tells accessibility tools nothing, whose buttons have the same labels and
nearly the same ones, while another program moves windows and pops up. Where a press went is known from
the server, at the moment of the press: the window below the pointer and its place; which widget lies
there, from what the program told when all was quiet before, counted from the corner of its window. Wrong
is a press on a widget that was not asked for. Prints one line of JSON: how many clicks were done and
refused, and what was wrong; exit code 0: nothing was.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import molmo_act
from gui_agent import Desktop, DesktopError, Safety, virtual_display
from gui_agent.accessibility.screen import AccessibleScreen, Told, innermost_at, open_accessible_screen
from gui_agent.accessibility.widget import Widget
from gui_agent.input.backend import InputBackend
from gui_agent.input.pyautogui_backend import PyAutoGuiBackend
from gui_agent.input.x11.windows import WindowInfo
from gui_agent.vision.grounder import GroundingModel
from gui_agent.vision.text_grounder import TextGrounder
from molmo_act.reading.matching import folded
from tests.gui_agent.program_screens import KIND_OF
from tests.gui_agent.programs import GtkPrograms, gtk_session
from tests.gui_agent.widget_queries import ABSENT, OTHER_PHRASES, PHRASES, SPOKEN
from tests.support.windows import FORM_PROGRAM, Window

HERE = Path(__file__).parent
PROGRAMS = ("galculator", "mousepad", "pcmanfm", "gtk3-widget-factory")
CLICKS_A_START = 20
LOOK_ALIKES = 4
DISTRACTOR = "Tools"
SHAPES = str.maketrans("lIo0", "1l0o")
"""Letters for which others can be taken."""


@dataclass(frozen=True)
class Press:
    """A press as the server saw it.

    Attributes:
        point: Where.
        window: What was topmost there.
    """

    point: tuple[int, int]
    window: WindowInfo | None


class Watched:
    """A backend that notes each press at the moment when it happens, while the server serves nobody else.

    Args:
        backend: What presses.
    """

    def __init__(self, backend: InputBackend) -> None:
        self._backend = backend
        self.presses: list[Press] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._backend, name)

    def button_down(self, button: str = "left", point: tuple[int, int] | None = None) -> None:
        at = self._backend.position() if point is None else point
        self.presses.append(Press(at, self._backend.window_at(*at)))
        self._backend.button_down(button, point)


@dataclass(frozen=True)
class Wanted:
    """What a click is to hit.

    Attributes:
        query: The words.
        label: What it is called.
        kind: What people call its kind; None where the words do not say.
        window: Title of the window that it must be in; None for any.
        is_there: Whether it is on the screen.
    """

    query: str
    label: str
    kind: str | None
    window: str | None
    is_there: bool


def quiet(judge: AccessibleScreen) -> Told:
    """What programs tell while nothing moves, asked until two answers in a row are the same."""
    last = judge.read()
    for _ in range(40):
        time.sleep(0.1)
        told = judge.read()
        if told.trees and told.trees == last.trees:
            return told
        last = told
    return Told()


def choose(told: Told, labels: Sequence[str], dice: random.Random) -> Wanted:
    """Chooses what to click: mostly what is there, sometimes what nearly is, or is not at all."""
    shown = [
        (widget, window)
        for tree, window in told.trees
        for widget in tree.widgets
        if widget.name and widget.shown is not None and KIND_OF.get(widget.role)
    ]
    roll = dice.random()
    if roll < 0.1 or not shown:
        return Wanted(dice.choice(ABSENT), "", None, None, is_there=False)
    if roll < 0.25:
        label = dice.choice(labels)
        return Wanted(f"the {label} button", label, "button", None, is_there=True)
    widget, window = dice.choice(shown)
    kind = KIND_OF[widget.role]
    name = widget.name.strip(" :.…") or widget.name
    if roll < 0.35:  # one like it that is not there
        label = f"{name} {dice.randint(11, 99)}"
        return Wanted(f"'{label}'", label, None, None, is_there=False)
    words = dice.choice(PHRASES.get(kind, OTHER_PHRASES))
    query = SPOKEN.get(name, words.format(name=name, kind=kind))
    said = kind if "{kind}" in words or kind in PHRASES or name in SPOKEN else None
    inside = window.title if dice.random() < 0.5 and not window.is_popup else None
    return Wanted(query, name, said, inside, is_there=True)


def look_alikes(told: Told, dice: random.Random) -> list[str]:
    """Labels for the window that tells nothing: those of the program, and nearly those."""
    names = sorted({one.name for one in told.widgets if 1 < len(one.name) < 20 and one.is_pressed})
    chosen = dice.sample(names, min(LOOK_ALIKES, len(names))) or ["Edit"]
    ways = (
        lambda name: name,
        lambda name: name.translate(SHAPES),
        lambda name: f"{name}s",
        lambda name: name[:-1],
    )
    return list(dict.fromkeys(way(name) for name, way in zip(chosen, ways, strict=False)))


def fault(
    wanted: Wanted, press: Press, before: Told, received: Sequence[dict[str, Any]], distractor: str
) -> str | None:
    """Says what is wrong with a press; None where it is on what was asked for.

    Args:
        wanted: What was asked for.
        press: What was done.
        before: What programs told before.
        received: What the window that tells nothing has received.
        distractor: Its title.
    """
    window = press.window
    if window is None:
        return "the bare screen was pressed"
    if window.title == distractor:
        names = [str(one.get("name")) for one in received if one["event"] == "press"]
        is_right = wanted.window is None and wanted.is_there and folded(wanted.label) in map(folded, names)
        return None if is_right or not names else f"the look-alike {names} was pressed"
    own = [one for tree, other in before.trees if other.id == window.id for one in tree.widgets]
    then = next((other for other in before.windows if other.id == window.id), None)
    if then is None:
        return f"{window.title!r} was pressed, which was not there"
    if not own and window.is_popup:
        own = [
            one for tree, _ in before.trees if tree.pid == window.pid for one in tree.widgets if one.in_menu
        ]
    x = press.point[0] + 0.5 - window.area.left + then.area.left
    y = press.point[1] + 0.5 - window.area.top + then.area.top
    hit = [one for one in own if _is_meant(one, wanted) and one.shown is not None and one.shown.covers(x, y)]
    if hit and wanted.is_there and (then.is_popup or wanted.window in (None, window.title)):
        return None
    there = innermost_at(own, x, y)
    return f"{None if there is None else (there.role, there.name)} of {window.title!r} was pressed"


def _is_meant(widget: Widget, wanted: Wanted) -> bool:
    """Whether a widget has the name, and is of the kind, that were asked for; a label counts as its own."""
    name = widget.name.strip(" :.…") or widget.name
    is_kind = wanted.kind is None or KIND_OF.get(widget.role) == wanted.kind
    return folded(name) == folded(wanted.label) and is_kind


class Run:
    """Clicks on a display of this process, and what became of them.

    Args:
        model: What looks beside programs and text.
        seed: Of everything that is random.
        pause: The longest pause of what disturbs, in seconds.
    """

    def __init__(self, model: GroundingModel, seed: int, pause: float) -> None:
        self._model, self._dice, self._pause = model, random.Random(seed), pause
        self._text: TextGrounder | None = None
        self.outcomes: Counter[str] = Counter()
        self.wrong: list[str] = []

    def start(self, program: str, clicks: int) -> None:
        """Opens a program with its look-alike, and clicks."""
        with ExitStack() as stack:
            home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            session: GtkPrograms = stack.enter_context(gtk_session(home))
            (home / "letter.txt").write_text("")
            stack.enter_context(session.running(program))
            backend = Watched(PyAutoGuiBackend())
            judge = open_accessible_screen(backend)  # type: ignore[arg-type]
            stack.callback(judge.close)
            labels = look_alikes(judge.read(), self._dice)
            buttons = [word for label in labels for word in ("--button", label)]
            place = f"260x300+{self._dice.randrange(500, 950)}+{self._dice.randrange(300, 450)}"
            title = f"{DISTRACTOR} {self._dice.randint(1, 99)}"
            window = Window(FORM_PROGRAM, "--title", title, "--geometry", place, *buttons)
            stack.callback(window.close)
            seed = str(self._dice.randrange(10**6))
            disturber = Window(HERE / "disturber.py", seed, title, "--pause", str(self._pause), "--move")
            stack.callback(disturber.close)
            desktop = Desktop(
                self._model, backend=backend, safety=Safety(max_actions_per_minute=10**9), timeout=1.0,
                verify_seconds=0.1, sources=["accessibility", "text", "model"],
            )  # fmt: skip
            self._text = self._text or desktop.context.grounder.text  # its networks are loaded once
            desktop.context.grounder.text = self._text
            for number in range(clicks):
                before = quiet(judge)
                if not before.trees:
                    self.outcomes["the program has ended"] += 1
                    return
                wanted = choose(before, labels, self._dice)
                self._click(desktop, backend, wanted, before, window, disturber, f"{program} {number}", title)

    def _click(
        self, desktop: Desktop, backend: Watched, wanted: Wanted, before: Told, window: Window,
        disturber: Window, where: str, title: str,
    ) -> None:  # fmt: skip
        backend.presses.clear()
        region = None if wanted.window is None else desktop.window(wanted.window)
        try:
            desktop.locator(wanted.query, region=region).click()
            outcome, error = "done", None
        except DesktopError as raised:
            outcome, error = type(raised).__name__, raised
        received = window.received()
        intruded = [one for one in disturber.received() if one["event"] == "intruder"]
        is_told = error is not None and "may have got the press" in str(error)
        kind = "there" if wanted.is_there else "absent"
        self.outcomes[f"{kind}: {outcome}"] += 1
        if intruded and not is_told:
            self.wrong.append(f"{where}: {wanted.query!r}: the popup received a press")
        for press in backend.presses:
            what = fault(wanted, press, before, received, title)
            if what is not None and not is_told:
                self.wrong.append(f"{where}: {wanted.query!r} in {wanted.window!r}: {what} ({outcome})")
                print(self.wrong[-1], file=sys.stderr, flush=True)


def main() -> int:
    """Runs the program and returns the exit code."""
    parser = argparse.ArgumentParser(description="Random clicks by words on real programs.")
    parser.add_argument("--clicks", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--pause", type=float, default=5.0, help="the longest of what disturbs, in seconds")
    parser.add_argument("--programs", nargs="+", default=PROGRAMS)
    parser.add_argument("--seconds", type=float, help="begin no further start after so many")
    arguments = parser.parse_args()
    began = time.monotonic()
    run = Run(molmo_act.load(), arguments.seed, arguments.pause)
    starts = -(-arguments.clicks // CLICKS_A_START)
    with virtual_display(1280, 800):
        for number in range(starts):
            if arguments.seconds is not None and time.monotonic() - began > arguments.seconds:
                break
            left = arguments.clicks - number * CLICKS_A_START
            program = arguments.programs[number % len(arguments.programs)]
            run.start(program, min(left, CLICKS_A_START))
            print(
                number, dict(run.outcomes), f"{time.monotonic() - began:.0f} s", file=sys.stderr, flush=True
            )
    clicks = sum(count for name, count in run.outcomes.items() if ": " in name)
    done = sum(count for name, count in run.outcomes.items() if name.endswith(": done"))
    answer = {
        "clicks": clicks,
        "seed": arguments.seed,
        "refused": round(1 - done / max(clicks, 1), 3),
        "outcomes": dict(sorted(run.outcomes.items())),
        "wrong": run.wrong,
        "seconds": round(time.monotonic() - began, 1),
    }
    print(json.dumps(answer))
    return 1 if run.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
