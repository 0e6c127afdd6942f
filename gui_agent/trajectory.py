"""The record of a run in a folder: a line of JSON and a picture for each step, and a page to look through.

    steps.jsonl   one object a line: step, time, action, targets, arguments; of each target the chosen point
                  and all candidates, with scores; effect, or error; seconds, and how much of them
                  the model, the act and seeing its effect took; picture
    0001.png      the screen that step 1 acted on, its places marked; secrets black
    index.html    all of it, to be opened in a browser

Points are input points of the desktop. Knows no model and moves no mouse.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from gui_agent.errors import DesktopError
from gui_agent.eye import Found
from gui_agent.results import ActionResult
from gui_agent.steps import Step, plain_locator
from gui_agent.trajectory_page import page_of
from molmo_act.errors import InputError, MolmoActError
from molmo_act.picture_files import save_picture

if TYPE_CHECKING:
    from PIL import Image

    from gui_agent.desktop import Desktop
    from gui_agent.locator import Locator

Outcome = TypeVar("Outcome", ActionResult, Found)
TIMES = ("seconds", "model_seconds", "act_seconds", "verify_seconds")
STEPS, PAGE = "steps.jsonl", "index.html"


class Trajectory:
    """Writes a record while a desktop works.

    Args:
        folder: Made if it is not there.

    Raises:
        InputError: It holds a record already, or cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        if (folder / STEPS).exists():
            raise InputError(f"{str(folder)!r} holds the record of another run; give another folder.")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / STEPS).touch()
        except OSError as error:
            raise InputError(f"Cannot write a record to {str(folder)!r}: {error.strerror}.") from error
        self._lines: list[dict[str, Any]] = []
        self._is_in_step = False

    def follow(
        self,
        desk: Desktop,
        action: str,
        locators: Sequence[Locator],
        arguments: Mapping[str, Any],
        call: Callable[[], Outcome],
    ) -> Outcome:
        """Calls something and records it as one step, also when it fails; steps within a step are not."""
        if self._is_in_step:
            return call()
        began = time.time()
        line: dict[str, Any] = {"step": len(self._lines) + 1, "time": round(began, 3), "action": action}
        line |= {"targets": [plain_locator(locator) for locator in locators], "arguments": dict(arguments)}
        self._is_in_step = True
        try:
            outcome = call()
        except MolmoActError as error:
            candidates = error.candidates if isinstance(error, DesktopError) else ()
            line |= {"error": type(error).__name__, "message": str(error)}
            self._write(line | _seen(candidates), began, _picture_of_failure(desk, candidates))
            raise
        finally:
            self._is_in_step = False
        self._write(line | _told(outcome), began, outcome.draw())
        return outcome

    def _write(self, line: dict[str, Any], began: float, picture: Image.Image | None) -> None:
        line.setdefault("seconds", round(time.time() - began, 3))
        if picture is not None:
            line["picture"] = f"{line['step']:04}.png"
            save_picture(picture, self.folder / line["picture"])
        self._lines.append(line)
        with (self.folder / STEPS).open("a", encoding="utf-8") as steps:
            steps.write(json.dumps(line, ensure_ascii=False) + "\n")
        beside = self.folder / f".{PAGE}.tmp"
        beside.write_text(page_of(self._lines), encoding="utf-8")
        os.replace(beside, self.folder / PAGE)


def read_steps(folder: Path) -> list[Step]:
    """The steps of a record that were done; those that failed are left out.

    Args:
        folder: Of the record.

    Raises:
        InputError: There is no record, or a line of it is damaged.
    """
    try:
        text = (folder / STEPS).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"{str(folder)!r} holds no readable {STEPS} ({error}); expected the record of a run."
        ) from error
    steps = []
    # Not splitlines(): a text that was typed may hold other line separators, which JSON leaves as they are.
    for number, row in enumerate(text.split("\n"), start=1):
        if not row:
            continue
        try:
            line = json.loads(row)
            step = Step(line["action"], line["targets"], line["arguments"])
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(f"Line {number} of {str(folder / STEPS)!r} is no step: {error!r}.") from error
        if "error" not in line:
            steps.append(step)
    return steps


def _told(outcome: ActionResult | Found) -> dict[str, Any]:
    if isinstance(outcome, Found):
        return _seen([outcome])
    told = _seen(outcome.targets) | {"effect": outcome.effect, "dry_run": outcome.dry_run}
    return told | {name: round(getattr(outcome, name), 3) for name in TIMES}


def _seen(places: Sequence[Found]) -> dict[str, Any]:
    """The chosen places, and all candidates of each."""
    return {
        "chosen": [{"point": list(place.point), "score": round(place.score, 4)} for place in places],
        "candidates": [
            [
                {"point": list(place.screenshot.view.mouse_point(p.x, p.y)), "score": round(p.score, 4)}
                for p in place.points
            ]
            for place in places
        ],
    }


def _picture_of_failure(desk: Desktop, candidates: Sequence[Found]) -> Image.Image | None:
    try:
        return candidates[0].draw() if candidates else desk.screenshot().to_image()
    except MolmoActError:  # the display itself may be what failed
        return None
