"""How often a model points at the widget it is asked for: in one pass, in two, and shown its window alone.

    python -m tests.gui_agent.widget_hits [--model M] [--most N]

Asks for every button, box and menu of programs nobody here wrote, on a display of its own: "the NAME ROLE". A
hit lies in the box that the program itself gives.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PIL import Image

import molmo_act
from gui_agent import Desktop
from gui_agent.geometry import Area
from gui_agent.input.x11.virtual_display import virtual_display
from gui_agent.vision.grounder import Match, Matches
from gui_agent.vision.model_grounder import ModelGrounder
from molmo_act.outputs.points import Points
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


class Reader:
    """A model that reads each image once, whatever is asked about it.

    Args:
        model: Has ``encode`` and ``point``.
    """

    def __init__(self, model: molmo_act.PointingModel) -> None:
        self._model = model
        self._read: dict[tuple[tuple[int, int], bytes], Any] = {}

    def point(self, image: Image.Image, query: str) -> Points:
        key = image.size, image.tobytes()
        if key not in self._read:
            self._read[key] = self._model.encode(image)
        return self._model.point(self._read[key], query)


def main() -> None:
    parser = argparse.ArgumentParser(description="Hit rate in one pass, in two, and in the window alone.")
    parser.add_argument("--model", help="checkpoint folder or name; the bundled one by default")
    parser.add_argument("--most", type=int, default=100, help="most queries of one program")
    arguments = parser.parse_args()
    model = molmo_act.load(arguments.model)
    hits: Counter[str] = Counter()
    with virtual_display(1280, 800):
        for program in PROGRAMS:
            with tempfile.TemporaryDirectory() as folder, gtk_session(Path(folder)) as session:
                with session.running(program):
                    desktop = Desktop(model)
                    shot, windows = desktop.screenshot(), [one.area for one in desktop.backend.windows()]
                    widgets = list(named(session.select(app=program), shot.view.size))[: arguments.most]
                reader = Reader(model)
                for query, box in widgets:
                    hits["queries"] += 1
                    looks = {
                        "one pass": ModelGrounder(reader).ground(shot, query),
                        "two passes": ModelGrounder(reader, refine=True).ground(shot, query, windows),
                        "its window alone": ModelGrounder(reader).ground(shot.crop(windows[-1]), query),
                    }
                    for name, matches in looks.items():
                        hits[name] += any(is_hit(found, box) for found in best_of(matches))
                print(f"after {program}: {dict(hits)}", flush=True)


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
