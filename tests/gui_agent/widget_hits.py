"""How often the widget that is asked for is found: by a model, by text, by programs, and by all of them.

    python -m tests.gui_agent.widget_hits [--model M] [--most N] [--programs NAME …] [--refine]

Asks for every button, box and menu of programs nobody here wrote, on a display of its own, in words of
people: in turn "the NAME ROLE", "click NAME" and the quoted name; signs are named in words. A hit lies in the
box that the program itself gives. What is found by programs is not independent of that: it says how well
words are understood, and `desktop_tasks` whether the places are right. Also asks for what no program here
has. Times are CPU time of all threads. Prints a line of JSON a program.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import molmo_act
from gui_agent import Desktop
from gui_agent.geometry import Area
from gui_agent.input.x11.virtual_display import virtual_display
from gui_agent.vision.combined_grounder import CombinedGrounder
from gui_agent.vision.grounder import Match, Matches
from gui_agent.vision.screenshot import Screenshot
from tests.gui_agent.programs import gtk_session

PROGRAMS = (
    "galculator",
    "mousepad",
    "pcmanfm",
    "gtk3-widget-factory",
    "gtk3-demo",
    "gtk3-icon-browser",
)
ROLES = {
    "push button": "button",
    "toggle button": "button",
    "radio button": "button",
    "check box": "checkbox",
    "menu": "menu",
}
SPOKEN = {
    "+": "the plus key",
    "-": "the minus key",
    "*": "the multiply key",
    "/": "the divide key",
    "=": "the equals key",
    "sqrt": "the square root key",
    "<-": "the backspace key",
    "+/-": "the key that changes the sign",
    "C": "the clear key",
    "AC": "the key that clears everything",
}
"""What people call signs on keys; their names are no words."""
PHRASES = ("the {name} {role}", "click {name}", "'{name}'")
ACTED_ON = 0.6
"""The least score of a calibrated match that a desktop acts on."""


def main() -> None:
    parser = argparse.ArgumentParser(description="Hit rate by what is asked.")
    parser.add_argument("--model", help="checkpoint folder or name; the bundled one by default")
    parser.add_argument("--most", type=int, default=100, help="most queries of one program")
    parser.add_argument("--programs", nargs="+", default=PROGRAMS)
    parser.add_argument("--refine", action="store_true", help="let the model look twice")
    arguments = parser.parse_args()
    model = molmo_act.load(arguments.model)
    total: Counter[str] = Counter()
    with virtual_display(1280, 800):
        for program in arguments.programs:
            with (
                tempfile.TemporaryDirectory() as folder,
                gtk_session(Path(folder)) as session,
                session.running(program),
            ):
                desktop = Desktop(model, sources=["accessibility", "text", "model"], refine=arguments.refine)
                shot, windows = desktop.screenshot(), [one.area for one in desktop.backend.windows()]
                widgets = list(named(session.select(app=program), shot.view.size))[: arguments.most]
                counted = Counter(queries=len(widgets))
                for name, grounder in by_source(desktop.context.grounder).items():
                    counted += asked(name, grounder, shot, spoken(widgets), windows)
            total += counted
            print(json.dumps({"program": program, **counted}), flush=True)
    print(json.dumps({"program": "all", **total}))


def by_source(made: CombinedGrounder) -> dict[str, CombinedGrounder]:
    """What a desktop asks, each source by itself and together; screens that were read are shared."""
    return {
        "model": CombinedGrounder(None, None, made.pixels),
        "text": CombinedGrounder(None, made.text, None),
        "pixels": CombinedGrounder(None, made.text, made.pixels),
        "accessibility": CombinedGrounder(made.accessibility, None, None),
        "all": made,
    }


def asked(
    name: str,
    grounder: CombinedGrounder,
    shot: Screenshot,
    widgets: list[tuple[str, list[int]]],
    windows: list[Area],
) -> Counter[str]:
    """Hits, places that would be acted on, wrong ones of these, CPU time of the first query and of others."""
    counted: Counter[str] = Counter()
    for number, (query, box) in enumerate(widgets):
        began = time.process_time()
        found = best_of(grounder.ground(shot, query, windows))
        counted[f"{name}: CPU ms {'first' if number == 0 else 'more'}"] += round(
            1000 * (time.process_time() - began)
        )
        hit = any(is_hit(one, box) for one in found)
        sure = any(one.score >= ACTED_ON for one in found)
        counted[f"{name}: hits"] += hit
        counted[f"{name}: sure"] += sure
        counted[f"{name}: sure and wrong"] += sure and not hit
    for query in ABSENT:
        counted[f"{name}: sure of absent"] += any(
            one.score >= ACTED_ON for one in best_of(grounder.ground(shot, query, windows))
        )
    return counted


ABSENT = (
    "the Subscribe button",
    "click Checkout",
    "'Boarding pass'",
    "the Mute microphone checkbox",
    "the Passenger menu",
)
"""No program here has these."""


def spoken(widgets: list[tuple[str, list[int]]]) -> list[tuple[str, list[int]]]:
    """The queries of `named` in words of people."""
    queries = []
    for number, (query, box) in enumerate(widgets):
        role = next(one for one in {*ROLES.values()} if query.endswith(f" {one}"))
        name = query.removeprefix("the ").removesuffix(f" {role}")
        words = PHRASES[number % len(PHRASES)].format(name=name, role=role)
        queries.append((SPOKEN.get(name, words), box))
    return queries


def named(widgets: list[dict[str, Any]], size: tuple[int, int]) -> Iterator[tuple[str, list[int]]]:
    """The query and the box of each widget whose name and role no other has, wholly on the screen."""
    names = Counter((one["name"], ROLES.get(one["role"])) for one in widgets)
    for one in widgets:
        left, top, width, height = one["box"]
        on_screen = left >= 0 and top >= 0 and left + width <= size[0] and top + height <= size[1]
        role = ROLES.get(one["role"])
        if role and one["name"] and names[one["name"], role] == 1 and on_screen:
            yield f"the {one['name']} {role}", one["box"]


def best_of(matches: Matches) -> list[Match]:
    """The best place; none where nothing was seen."""
    return sorted(matches.all, key=lambda found: -found.score)[:1]


def is_hit(found: Match, box: list[int]) -> bool:
    return Area(*box).covers(found.point[0] + 0.5, found.point[1] + 0.5)


if __name__ == "__main__":
    main()
