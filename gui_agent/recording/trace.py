"""The trace of a run in a folder: a line of JSON and an image for each step, and a page to look through.

    steps.jsonl   one object a line: step, time, action, targets, arguments; of each target the chosen point
                  and all candidates, with scores; effect, or error; seconds, and how much of them
                  the model, the action and seeing its effect took; image
    0001.png      the screen that step 1 acted on, its places marked; secrets black
    0001_after.png  the screen when its effect had been seen
    index.html    all of it, to be opened in a browser

Points are input points of the desktop.
"""

from __future__ import annotations

import json
import logging
import os
import reprlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal

from gui_agent.actions.result import WAITS, ActionResult
from gui_agent.context import Outcome
from gui_agent.errors import DesktopError
from gui_agent.recording.step import ActionStep, current_action, plain_selector
from gui_agent.recording.trace_viewer import render_page
from gui_agent.vision.capture import Screen
from gui_agent.vision.grounder import Match
from gui_agent.vision.selector import Selector
from molmo_act.errors import InputError, MolmoActError
from molmo_act.io.atomic import atomic_file
from molmo_act.io.image_writer import save_image

if TYPE_CHECKING:
    from PIL import Image

logger = logging.getLogger(__name__)

PRIVATE = 0o600  # screens show more than their owner would tell others
PartlyDone = Literal["repeat", "skip"]
TIMES = ("seconds", "model_seconds", "act_seconds", "verify_seconds")
STEPS, PAGE = "steps.jsonl", "index.html"


class Trace:
    """Writes the trace of a run while a desktop works.

    An action that was done is never reported as failed because its record could not be written: that is a
    warning, and the next action is refused before it is done.

    Args:
        folder: Made if it is not there.

    Raises:
        InputError: The folder holds a trace or other files of the same names, or cannot be written.
        MissingExtraError: Jinja2 is not installed.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        if (folder / STEPS).exists():
            raise InputError(f"{str(folder)!r} holds the record of another run; give another folder.")
        for taken in (folder / PAGE, *sorted(folder.glob("[0-9][0-9][0-9][0-9]*.png"))):
            if taken.exists():
                raise InputError(f"{str(taken)!r} would be overwritten by the record; give a new folder.")
        render_page([])  # a missing package shows before anything is done
        self._lines: list[dict[str, Any]] = []
        self._is_in_step = False
        self._require_writable()

    @contextmanager
    def step(
        self, action: str, selectors: Sequence[Selector], arguments: Mapping[str, Any], screen: Screen
    ) -> Iterator[Callable[[Outcome], None]]:
        """Records the block as one step; see `gui_agent.context.Recorder.step`.

        Yields:
            A function that the block calls with its outcome, an `ActionResult` or a `Match`.
        """
        if self._is_in_step:
            yield lambda outcome: None
            return
        began = time.time()
        line: dict[str, Any] = {"step": len(self._lines) + 1, "time": round(began, 3), "action": action}
        line |= {"targets": [plain_selector(one) for one in selectors], "arguments": dict(arguments)}
        outcomes: list[Outcome] = []
        self._require_writable()
        self._is_in_step = True
        try:
            yield outcomes.append
        except BaseException as error:  # of Ctrl+C, too, it must be known what was done before
            found = error.candidates if isinstance(error, DesktopError) else ()
            candidates = [candidate for candidate in found if isinstance(candidate, Match)]
            line |= {"error": type(error).__name__, "message": str(error)}
            if done := getattr(error, "done", ()):
                line["done"] = list(done)
            is_known = isinstance(error, MolmoActError)  # else there is no time to look again
            images = {"image": _image_of_failure(screen, candidates) if is_known else None}
            self._write(line | _match_facts(candidates), began, images)
            raise
        finally:
            self._is_in_step = False
        [outcome] = outcomes
        images = {"image": outcome.draw()}
        if isinstance(outcome, ActionResult) and outcome.action not in WAITS and not outcome.dry_run:
            images["image_after"] = outcome.after.to_image()
        self._write(line | _outcome_facts(outcome), began, images)

    def _require_writable(self) -> None:
        """Checks, before anything is done, that it can be recorded; makes a folder anew that has gone."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with _open_private(self.folder / STEPS) as steps:
                if steps.tell() == 0:
                    steps.writelines(_as_row(line) for line in self._lines)
        except OSError as error:
            raise InputError(
                f"Cannot write a record to {str(self.folder)!r}: {error.strerror}. Nothing was done."
            ) from error

    def _write(self, line: dict[str, Any], began: float, images: Mapping[str, Image.Image | None]) -> None:
        line.setdefault("seconds", round(time.time() - began, 3))
        self._lines.append(line)
        try:
            for name, image in images.items():
                if image is not None:
                    line[name] = f"{line['step']:04}{name.removeprefix('image')}.png"
                    _save_private(image, self.folder / line[name])
            with _open_private(self.folder / STEPS) as steps:
                steps.write(_as_row(line))
            with atomic_file(self.folder / PAGE, private=True) as page:
                page.write_bytes(render_page(self._lines).encode("utf-8", "xmlcharrefreplace"))
        except (OSError, InputError) as error:
            logger.warning(
                "Step %d, %r, is over, but its record in %s could not be written: %s",
                *(line["step"], line["action"], self.folder, error),
            )


def _open_private(path: Path) -> IO[str]:
    """Opens a file to write on, which only its owner can read from the moment that it is there."""
    return open(path, "a", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, PRIVATE))


def _save_private(image: Image.Image, path: Path) -> None:
    with atomic_file(path, private=True) as unfinished:  # in a folder that only its owner can enter
        save_image(image, unfinished)


def read_steps(
    folder: Path, *, of_dry_run: bool = False, partly_done: PartlyDone | None = None
) -> list[ActionStep]:
    """Reads the steps of a trace that were done; those that failed with nothing done are left out.

    Args:
        folder: Holds the trace. Names of actions that have been renamed since are understood.
        of_dry_run: Whether steps count as done that a dry run only found and checked.
        partly_done: What to do about steps that failed when something was done already, such as half of a
            text: "repeat" gives them whole, "skip" leaves them out. None refuses a trace with such a step,
            since what came after may rest on it.

    Returns:
        The steps, in order.

    Raises:
        InputError: There is no trace, a line of it is damaged, a step of it was done only partly, or it is of
            a dry run, in which nothing was done.
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
            step = _step_of(line)
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            reason = reprlib.repr(error)
            raise InputError(f"Line {number} of {str(folder / STEPS)!r} is no step: {reason}.") from error
        if line.get("dry_run") and not of_dry_run:
            raise InputError(
                f"{str(folder)!r} is the record of a dry run, in which nothing was done. Replay it with "
                "--dry-run, or run its script."
            )
        done = line.get("done")
        if done and partly_done is None:
            raise InputError(
                f"Step {line.get('step')} of {str(folder)!r}, {step.action}, was done only partly "
                f"({reprlib.repr(done)}) when it failed. Say whether to repeat it whole or to skip it."
            )
        if line.get("error") is None or (done and partly_done == "repeat"):
            steps.append(step)
    return steps


def _step_of(line: Any) -> ActionStep:
    action, targets, arguments = current_action(line["action"]), line["targets"], line["arguments"]
    if not (isinstance(action, str) and isinstance(targets, list) and isinstance(arguments, dict)):
        raise TypeError("action is no text, targets is no list, or arguments no mapping")
    return ActionStep(action, targets, arguments)


def _as_row(line: Mapping[str, Any]) -> str:
    """One line of JSON; half a surrogate pair, which UTF-8 cannot hold, becomes its escape."""
    row = json.dumps(line, ensure_ascii=False) + "\n"
    return row.encode("utf-8", "backslashreplace").decode()


def _outcome_facts(outcome: Outcome) -> dict[str, Any]:
    if isinstance(outcome, ActionResult):
        facts = _match_facts(outcome.targets) | {"effect": outcome.effect, "dry_run": outcome.dry_run}
        return facts | {name: round(getattr(outcome, name), 3) for name in TIMES}
    return _match_facts([outcome] if isinstance(outcome, Match) else [])


def _match_facts(matches: Sequence[Match]) -> dict[str, Any]:
    """The chosen places, and all candidates of each."""
    return {
        "chosen": [{"point": list(match.point), "score": round(match.score, 4)} for match in matches],
        "candidates": [
            [
                {"point": list(match.screenshot.view.mouse_point(p.x, p.y)), "score": round(p.score, 4)}
                for p in match.points
            ]
            for match in matches
        ],
    }


def _image_of_failure(screen: Screen, candidates: Sequence[Match]) -> Image.Image | None:
    try:
        return candidates[0].draw() if candidates else screen.screenshot().to_image()
    except MolmoActError:  # the display itself may be what failed
        return None
