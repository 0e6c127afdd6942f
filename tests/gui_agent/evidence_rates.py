"""How often the label under a point refuses it: at wrong places, and at right ones.

    python -m tests.gui_agent.evidence_rates [--most N] [--programs NAME …]

For each named widget of programs nobody here wrote, in several wordings: the point lies on the widget itself,
and on another one of the same program. Prints how many are refused, by what is asked: text, programs, both.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from gui_agent import Desktop
from gui_agent.input.x11.virtual_display import virtual_display
from gui_agent.vision.combined_grounder import CombinedGrounder
from gui_agent.vision.contradiction import contradiction_of
from gui_agent.vision.grounder import Match, points_of
from gui_agent.vision.screenshot import Screenshot
from tests.gui_agent.programs import gtk_session
from tests.gui_agent.widget_hits import PROGRAMS, ROLES, named

WORDINGS = ("the {name} {role}", "'{name}'", "click {name}", "the {role} called {name}", "the {lower} {role}")


def match_at(shot: Screenshot, query: str, box: list[int]) -> Match:
    x, y = box[0] + box[2] / 2, box[1] + box[3] / 2
    place = shot.view.to_pixels(x, y)
    return Match(query, (int(x), int(y)), place, 0.9, points_of([place], [0.9], shot, query), shot)


Counts = Counter[tuple[str, str]]


def count(program: str, most: int, refused: Counts, asked: Counts) -> None:
    """Adds what is asked and refused for one program."""
    with (
        tempfile.TemporaryDirectory() as folder,
        gtk_session(Path(folder)) as session,
        session.running(program),
    ):
        desktop = Desktop(sources=["accessibility", "text"])
        shot = desktop.screenshot()
        made = desktop.context.grounder
        grounders = {
            "text": CombinedGrounder(None, made.text, None),
            "accessibility": CombinedGrounder(made.accessibility, None, None),
            "both": made,
        }
        widgets = list(named(session.select(app=program), shot.view.size))[:most]
        for query, box in widgets:
            others = [other for _, other in widgets if other != box]
            for words in wordings(query):
                for place, target in (("right", box), ("wrong", random.choice(others))):
                    match = match_at(shot, words, target)
                    for source, grounder in grounders.items():
                        asked[source, place] += 1
                        refused[source, place] += contradiction_of(match, grounder) is not None


def wordings(query: str) -> list[str]:
    """Ways to ask for what `named` asks for as "the NAME ROLE"."""
    role = next(one for one in {*ROLES.values()} if query.endswith(f" {one}"))
    name = query.removeprefix("the ").removesuffix(f" {role}")
    return [one.format(name=name, lower=name.lower(), role=role) for one in WORDINGS]


def main() -> None:
    parser = argparse.ArgumentParser(description="How often evidence refuses right and wrong places.")
    parser.add_argument("--most", type=int, default=40, help="most widgets of one program")
    parser.add_argument("--programs", nargs="+", default=PROGRAMS)
    arguments = parser.parse_args()
    random.seed(1)
    refused: Counts = Counter()
    asked: Counts = Counter()
    with virtual_display(1280, 800):
        for program in arguments.programs:
            count(program, arguments.most, refused, asked)
            print(json.dumps({"after": program, **shares(refused, asked)}), flush=True)


def shares(refused: Counter[Any], asked: Counter[Any]) -> dict[str, str]:
    return {f"{source}, {place}": f"{refused[source, place]} of {n}" for (source, place), n in asked.items()}


if __name__ == "__main__":
    main()
