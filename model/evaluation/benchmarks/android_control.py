"""AndroidControl: the next action on a phone's screen, low and high level, as Molmo 1 was measured."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from model.data.errors import SkippedRow
from model.evaluation import standins
from model.evaluation.benchmark import (
    Benchmark,
    Case,
    Prediction,
    Record,
    Row,
    Scores,
    cases_of,
    mean_of,
    means_by,
)
from model.evaluation.case_files import Files, find, how_to_get, read_rows
from molmo_act.errors import InputError

LEVELS = ("low", "high")
TOKENS = 16  # most of an answer
_DECIMAL = re.compile(r"-?\d+\.\d+")  # of boxes: whole numbers are not found, and the official program ends
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_POINTED = ("long press", "click")


def read_action(text: str) -> str:
    """Takes the action out of an answer: what follows the first "Action:", in lower case."""
    _, mark, action = text.partition("Action:")
    return (action if mark else text).strip().lower()


def box_of(text: str | None) -> tuple[float, ...] | None:
    """Reads a box, ``(x0, y0, x1, y1)`` as text; None where there is none.

    Raises:
        ValueError: It has not four decimal numbers; whole ones are not found.
    """
    if text is None:
        return None
    numbers = tuple(map(float, _DECIMAL.findall(text)))
    if len(numbers) != 4:
        raise ValueError(f"box {text!r} has {len(numbers)} decimal numbers")
    return numbers


def right(target: str, box: tuple[float, ...] | None, text: str) -> bool:
    """Judges an answer as Molmo 1's program does (allenai/molmo at 793fa38).

    Args:
        target: The right action: "click 39.0, 28.6", "type Berlin", "scroll up", "wait", "open app Clock", …
        box: What clicks must lie in, bounds included, in the unit of the answer; without one they are wrong.
        text: The answer.

    Returns:
        Whether action and argument are right. A click in the box also opens an app.
    """
    said, wanted = read_action(text), target.strip().lower()
    for kind in _POINTED:
        if wanted.startswith(kind):
            return said.startswith(kind) and _inside(said, box)
    if wanted.startswith("open app") and said.startswith("click"):
        return _inside(said, box)
    return said == wanted


def _inside(said: str, box: tuple[float, ...] | None) -> bool:
    numbers = [float(number) for number in _NUMBER.findall(said)]
    if box is None or len(numbers) < 2:
        return False
    x, y = numbers[:2]
    return box[0] <= x <= box[2] and box[1] <= y <= box[3]


class AndroidControl(Benchmark):
    """AndroidControl."""

    name = "android-control"
    title = "AndroidControl"
    folder = "android-control"
    download = ("gsutil -m cp -r gs://gresearch/android_control {home}/records",)
    headline = "accuracy"
    figures_shown = ("accuracy", *LEVELS)
    asks = "words"
    published = {  # noqa: RUF012
        "Molmo-72B": {"low": 88.7, "high": 69.0},
        "reference": {"low": 83.2, "high": 70.8},
    }
    protocol = (
        "Molmo 1's rule: action and argument must be right; a click must lie in the box of its target, "
        "bounds included, and is wrong where there is none; a click in the box also opens an app. The "
        "released records must be converted to `test.jsonl` (image, level, instruction, target_action, "
        "target_box) and `images/`; boxes are text with decimal numbers, without which a row is damaged."
    )

    def cases(self, home: Path) -> list[Case]:
        """Reads the converted rows."""
        rows, images = read_rows(find(self, home, "test.jsonl")[0]), Files(home, "images", "images*.zip")
        if not images.there:
            raise InputError(f"{self.title} lacks images in {home}. {how_to_get(self, home)}")
        return cases_of(rows, lambda index, row: self._case(index, row, images))

    def _case(self, index: int, row: Row, images: Files) -> Case:
        words, level = str(row["instruction"]), row["level"]
        if level not in LEVELS:
            raise SkippedRow("level is neither low nor high")
        str(row["target_action"])
        box_of(row.get("target_box"))
        return Case(index, row, words, words, images.reader(row["image"]), {"level": level})

    def ask(self, asker: Any, cases: Sequence[Case], shown: Sequence[Any]) -> list[Prediction]:
        """Asks for the action."""
        return list(asker.words(cases, shown, style="android_control", max_new_tokens=TOKENS))

    def score(self, case: Case, prediction: Prediction) -> Scores:
        """Right or wrong."""
        box = box_of(case.row.get("target_box"))
        return {"accuracy": float(right(case.row["target_action"], box, prediction.text))}

    def figures(self, records: Sequence[Record]) -> dict[str, float]:
        """Overall, and by level."""
        return {"accuracy": mean_of(records, "accuracy"), **means_by(records, "accuracy", "level")}

    def truth(self, case: Case) -> Mapping[str, Any]:
        """The action."""
        return {"text": str(case.row["target_action"])}

    def write_standins(self, home: Path, rng: np.random.Generator, count: int) -> None:
        """Windows with buttons, to click or to leave alone."""
        (home / "images").mkdir()
        rows = []
        for number, (sample, query) in enumerate(standins.asked(standins.forms(rng), rng, count)):
            (home / "images" / f"{number}.png").write_bytes(standins.png(sample.image))
            height, width = sample.image.shape[:2]
            x0, y0, x1, y1 = query.targets[0].box
            box = [100 * x0 / width, 100 * y0 / height, 100 * x1 / width, 100 * y1 / height]
            middle = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
            click = f"click {middle[0]:.1f}, {middle[1]:.1f}"
            text = "({:.1f}, {:.1f}, {:.1f}, {:.1f})".format(*box)
            waits = number % 4 == 3
            rows.append(
                {
                    "image": f"{number}.png",
                    "level": LEVELS[number % 2],
                    "instruction": "wait" if waits else query.text,
                    "target_action": "wait" if waits else click,
                    "target_box": None if waits else text,
                }
            )
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (home / "test.jsonl").write_text(lines, encoding="utf-8")


ANDROID_CONTROL = AndroidControl()
