"""How often the label under a point refuses it: at wrong places, and at right ones.

    python -m tests.gui_agent.program_screens
    python -m tests.gui_agent.evidence_rates [--tuning]

For each named widget on the kept screens of programs nobody here wrote, in several wordings: the point
lies on the widget itself, and on another one of the same screen. Prints how many are refused, by what is
asked: text, programs, both.
"""

from __future__ import annotations

import argparse
import json
import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gui_agent.vision.accessibility_grounder import AccessibilityGrounder
from gui_agent.vision.combined_grounder import CombinedGrounder
from gui_agent.vision.contradiction import contradiction_of
from gui_agent.vision.grounder import Match, points_of
from gui_agent.vision.screenshot import Screenshot
from gui_agent.vision.text_grounder import TextGrounder
from molmo_act.reading.guarded import GuardedReader
from molmo_act.reading.rapidocr_reader import RapidOcrReader
from tests.gui_agent.program_screens import FOLDER, ProgramScreen, StoredScreen, load_screens
from tests.gui_agent.widget_queries import SIGNS, Asked, queries

WORDINGS = ("the {name} {kind}", "'{name}'", "click {name}", "the {kind} called {name}", "the {lower} {kind}")


def match_at(shot: Screenshot, query: str, box: Sequence[int]) -> Match:
    x, y = box[0] + box[2] / 2, box[1] + box[3] / 2
    place = shot.view.to_pixels(x, y)
    return Match(query, (int(x), int(y)), place, 0.9, points_of([place], [0.9], shot, query), shot)


Counts = Counter[tuple[str, str]]


def count(screen: ProgramScreen, text: TextGrounder, refused: Counts, asked: Counts) -> None:
    """Adds what is asked and refused on one screen."""
    told = AccessibilityGrounder(StoredScreen(screen))  # type: ignore[arg-type]
    grounders = {
        "text": CombinedGrounder(None, text, None),
        "accessibility": CombinedGrounder(told, None, None),
        "both": CombinedGrounder(told, text, None),
    }
    widgets = list(queries(screen))
    for one in widgets:
        others = [other.box for other in widgets if other.box != one.box]
        for words in wordings(one):
            for place, target in (("right", one.box), ("wrong", random.choice(others))):
                match = match_at(screen.shot, words, target)
                for source, grounder in grounders.items():
                    asked[source, place] += 1
                    refused[source, place] += contradiction_of(match, grounder) is not None


def wordings(asked: Asked) -> list[str]:
    """Ways to ask for a widget."""
    kind = "button" if asked.kind == SIGNS else asked.kind
    return [one.format(name=asked.name, lower=asked.name.lower(), kind=kind) for one in WORDINGS]


def main() -> None:
    parser = argparse.ArgumentParser(description="How often evidence refuses right and wrong places.")
    parser.add_argument("--screens", type=Path, default=FOLDER, help="what program_screens has kept")
    parser.add_argument("--tuning", action="store_true", help="the programs that are tuned on")
    arguments = parser.parse_args()
    random.seed(1)
    refused: Counts = Counter()
    asked: Counts = Counter()
    text = TextGrounder(GuardedReader(RapidOcrReader()))
    for screen in load_screens(arguments.screens, tuning=arguments.tuning):
        count(screen, text, refused, asked)
        print(json.dumps({"after": screen.name, **shares(refused, asked)}), flush=True)


def shares(refused: Counter[Any], asked: Counter[Any]) -> dict[str, str]:
    return {f"{source}, {place}": f"{refused[source, place]} of {n}" for (source, place), n in asked.items()}


if __name__ == "__main__":
    main()
