"""Screens of programs that nobody here wrote, kept in a folder: pixels, widgets, and what programs tell.

    python -m tests.gui_agent.program_screens --out .cache/program_screens

Half of the programs tune what is measured on them (`TUNING`), the other half is for reports only. Of each
screen the folder has a PNG and a JSON file: the widgets as libatspi's own binding gives them, which are
the truth, and what the desktop agent itself was told, so that grounders can be asked about the screen
later.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from gui_agent.accessibility.screen import AccessibleScreen, Told, open_accessible_screen
from gui_agent.accessibility.widget import Widget, WidgetTree
from gui_agent.geometry import Area, ScreenView
from gui_agent.input.backend import InputBackend
from gui_agent.input.pyautogui_backend import PyAutoGuiBackend
from gui_agent.input.x11.virtual_display import virtual_display
from gui_agent.input.x11.windows import WindowInfo
from gui_agent.vision.capture import Screen
from gui_agent.vision.screenshot import Screenshot
from molmo_act.errors import InputError
from tests.gui_agent.programs import GtkPrograms, gtk_session
from tests.support.windows import click_at

FOLDER = Path(".cache/program_screens")
TUNING = ("galculator", "pcmanfm", "gtk3-demo")
"""Programs whose screens may be looked at while something is mended or fitted."""
SCREENS: dict[str, tuple[tuple[str, ...], ...]] = {
    "galculator": ((), ("Edit",), ("View",), ("Edit", "Preferences"), ("Help", "About")),
    "pcmanfm": ((), ("Edit",)),
    "gtk3-demo": ((),),
    "mousepad": ((), ("File",), ("Search", "Find and Replace"), ("Edit", "Preferences"), ("View",)),
    "gtk3-widget-factory": ((), ("Page 2",), ("Page 3",)),
    "gtk3-icon-browser": ((),),
}
"""Program: the names of what is clicked from its first window on, for each of its screens."""
WAIT_SECONDS = 20.0
CORNER = 1270, 790
KIND_OF = {
    "push button": "button",
    "toggle button": "button",
    "radio button": "button",
    "check box": "checkbox",
    "menu": "menu",
    "menu item": "menu item",
    "check menu item": "menu item",
    "radio menu item": "menu item",
    "page tab": "tab",
    "text": "field",
    "entry": "field",
    "spin button": "field",
    "combo box": "list",
}
"""Role: what people call it."""


@dataclass(frozen=True, eq=False)
class ProgramScreen:
    """A screen of a program.

    Attributes:
        program: Its name.
        name: Of the screen, such as "galculator, Edit".
        image: uint8 (H, W, 3), RGB.
        widgets: What is there: ``{"app", "role", "name", "text", "label", "states", "box"}`` each.
        told: What the desktop agent was told.
        topmost: Whether the middle of each widget of ``told``, in the order of its trees, was not covered.
    """

    program: str
    name: str
    image: np.ndarray
    widgets: list[dict[str, Any]]
    told: Told
    topmost: tuple[bool, ...]

    @property
    def tunes(self) -> bool:
        """Whether it may be looked at while something is mended or fitted."""
        return self.program in TUNING

    @cached_property
    def shot(self) -> Screenshot:
        """The same as the agent captures it."""
        height, width = self.image.shape[:2]
        bgrx = np.zeros((height, width, 4), np.uint8)
        bgrx[..., :3] = self.image[..., ::-1]
        return Screenshot(bgrx, ScreenView((width, height), Area(0, 0, width, height)), 0.0)

    @property
    def windows(self) -> list[Area]:
        """Where the windows are that tell of themselves."""
        return [window.area for _, window in self.told.trees]

    def in_reach(self) -> list[dict[str, Any]]:
        """The widgets that can be seen and clicked: not covered, nor in a window that waits for another."""
        shown = {
            _rounded(one.shown)
            for one, is_top in zip(self.told.widgets, self.topmost, strict=True)
            if is_top and one.shown is not None and self.told.dialog_before(*one.shown.middle) is None
        }
        return [one for one in self.widgets if tuple(one["box"]) in shown]


class StoredScreen:
    """Answers as `AccessibleScreen` did when a screen was kept.

    Args:
        screen: The screen.
    """

    def __init__(self, screen: ProgramScreen) -> None:
        self._told = screen.told
        pairs = zip(screen.told.widgets, screen.topmost, strict=True)
        self._topmost = {id(widget) for widget, is_top in pairs if is_top}

    def read(self) -> Told:
        return self._told

    def is_topmost(self, widget: Widget, tree: WidgetTree, window: WindowInfo) -> bool:
        return id(widget) in self._topmost

    def is_where_it_was(self, widget: Widget) -> bool:
        return True


def _rounded(area: Area) -> tuple[int, ...]:
    return tuple(round(side) for side in (area.left, area.top, area.width, area.height))


def load_screens(folder: Path = FOLDER, *, tuning: bool | None = None) -> Iterator[ProgramScreen]:
    """Reads the screens of a folder.

    Args:
        folder: What `keep` filled.
        tuning: Whether those that are tuned on are wanted, or the others; None for all.

    Raises:
        InputError: There are none.
    """
    files = sorted(folder.glob("*.json"))
    if not files:
        raise InputError(f"No screens in {folder}; run python -m tests.gui_agent.program_screens.")
    for file in files:
        stored = json.loads(file.read_text(encoding="utf-8"))
        if tuning is not None and (stored["program"] in TUNING) is not tuning:
            continue
        image = np.asarray(Image.open(file.with_suffix(".png")).convert("RGB"))
        trees = tuple((_tree(one), _window(one["info"])) for one in stored["trees"])
        windows = tuple(map(_window, stored["windows"]))
        topmost = tuple(flag for one in stored["trees"] for flag in one["topmost"])
        yield ProgramScreen(
            stored["program"], stored["name"], image, stored["widgets"], Told(trees, windows=windows), topmost
        )


def _area(stored: dict[str, float] | None) -> Area | None:
    return None if stored is None else Area(**stored)


def _widget(stored: dict[str, Any]) -> Widget:
    places = {name: _area(stored[name]) for name in ("area", "shown")}
    return Widget(**(stored | places | {"states": frozenset(stored["states"])}))


def _tree(stored: dict[str, Any]) -> WidgetTree:
    return WidgetTree(_widget(stored["window"]), tuple(map(_widget, stored["widgets"])), stored["pid"])


def _window(stored: dict[str, Any]) -> WindowInfo:
    areas = {name: _area(stored[name]) for name in ("area", "outline")}
    return WindowInfo(**(stored | areas | {"wm_class": tuple(stored["wm_class"])}))


def _stored(widget: Widget) -> dict[str, Any]:
    return {
        "role": widget.role,
        "name": widget.name,
        "description": widget.description,
        "states": sorted(widget.states),
        "in_menu": widget.in_menu,
        "area": None if widget.area is None else asdict(widget.area),
        "shown": None if widget.shown is None else asdict(widget.shown),
    }


def keep(folder: Path, programs: Sequence[str]) -> None:
    """Opens each program on the display of this process, screen after screen, and keeps what is there."""
    folder.mkdir(parents=True, exist_ok=True)
    for program in programs:
        for way in SCREENS[program]:
            file = folder / "-".join((program, *way)).replace(" ", "_")
            if file.with_name(f"{file.name}.json").exists():
                continue
            with (
                tempfile.TemporaryDirectory() as home,
                gtk_session(Path(home)) as session,
                session.running(program, *([home] if program == "pcmanfm" else [])),
            ):
                backend = PyAutoGuiBackend()
                screen = open_accessible_screen(backend)
                for name in way:
                    press(session, backend, program, name)
                backend.move(*CORNER)  # no tooltip
                time.sleep(1)
                wait_until_still(session)
                name = ", ".join((program, *way))
                _keep(file, program, name, session, screen, backend)
                screen.close()
                print(name, flush=True)


def press(session: GtkPrograms, backend: InputBackend, program: str, name: str) -> None:
    """Clicks the first widget whose name begins so, once it is there and nothing moves."""

    def found() -> list[dict[str, Any]]:
        return [
            one
            for one in session.select(app=program)
            if one["name"].startswith(name) and KIND_OF.get(one["role"])
        ]

    deadline = time.monotonic() + WAIT_SECONDS
    while not found():
        assert time.monotonic() < deadline, f"{program} has no {name!r}"
        time.sleep(0.1)
    wait_until_still(session)
    left, top, width, height = found()[0]["box"]
    click_at(backend, left + width // 2, top + height // 2)


def wait_until_still(session: GtkPrograms) -> None:
    """Waits until nothing is added or moves for a while."""
    deadline, seen = time.monotonic() + WAIT_SECONDS, [session.widgets()]
    while len(seen) < 6 or seen[-1] != seen[-5]:
        assert time.monotonic() < deadline, "the screen does not hold still"
        time.sleep(0.15)
        seen.append(session.widgets())


def _keep(
    file: Path,
    program: str,
    name: str,
    session: GtkPrograms,
    screen: AccessibleScreen,
    backend: InputBackend,
) -> None:
    shot = Screen(backend).capture().take()
    shot.to_image().save(file.with_name(f"{file.name}.png"))
    told = screen.read()
    trees = [
        {
            "window": _stored(tree.window),
            "pid": tree.pid,
            "info": asdict(window),
            "widgets": [_stored(one) for one in tree.widgets],
            "topmost": [screen.is_topmost(one, tree, window) for one in tree.widgets],
        }
        for tree, window in told.trees
    ]
    stored = {"program": program, "name": name, "widgets": session.widgets(), "trees": trees}
    stored["windows"] = [asdict(window) for window in told.windows]
    file.with_name(f"{file.name}.json").write_text(json.dumps(stored), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description="Keeps screens of programs.")
    parser.add_argument("--out", type=Path, default=FOLDER)
    parser.add_argument("--programs", nargs="+", choices=sorted(SCREENS), default=sorted(SCREENS))
    arguments = parser.parse_args()
    with virtual_display(1280, 800):
        keep(arguments.out, arguments.programs)


if __name__ == "__main__":
    main()
