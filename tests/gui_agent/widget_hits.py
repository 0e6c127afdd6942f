"""How often a model points at the widget it is asked for, in one pass and in two.

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

import molmo_act
from gui_agent import Desktop, virtual_display
from gui_agent.eye import Eye
from tests.gui_agent.programs import gtk_session

PROGRAMS = ("galculator", "mousepad", "gtk3-widget-factory")
ROLES = {
    "push button": "button",
    "toggle button": "button",
    "radio button": "button",
    "check box": "checkbox",
    "menu": "menu",
}


def main() -> None:
    parser = argparse.ArgumentParser(description="Hit rate in one pass and in two.")
    parser.add_argument("--model", help="checkpoint folder or name; the bundled one by default")
    parser.add_argument("--most", type=int, default=100, help="most queries of one program")
    arguments = parser.parse_args()
    model = molmo_act.load(arguments.model)
    hits: Counter[str] = Counter()
    with virtual_display(1280, 800):
        for program in PROGRAMS:
            with tempfile.TemporaryDirectory() as folder, gtk_session(Path(folder)) as session:
                with session.running(program):
                    shot = Desktop(model).screenshot()
                    widgets = list(named(session.select(app=program), shot.view.size))[: arguments.most]
                    for query, box in widgets:
                        hits["queries"] += 1
                        for passes, refine in (("one pass", False), ("two passes", True)):
                            hits[passes] += is_hit(Eye(model, refine).look(shot, query).points.best, box)
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


def is_hit(point: Any, box: list[int]) -> bool:
    left, top, width, height = box
    return point is not None and left <= point.x < left + width and top <= point.y < top + height


if __name__ == "__main__":
    main()
