"""Reads what is compared: questions about an image or a video, each with the answers of several models.

One JSON object a line, paths relative to the file's folder::

    {"id": "q1", "question": "Point at the cups.", "image": "images/1.jpg",
     "answers": {"nano": {"text": "Two cups.", "points": [[40.5, 31], [90, 28]]}, "8B": {"points": []}}}
    {"id": "q2", "question": "Point at the dog.", "video": "2.mp4",
     "answers": {"nano": {"points": [[0.5, 40.5, 31]]}, "8B": {"text": "There are none."}}}

Points are [x, y] in pixels of the image, or [seconds, x, y] in pixels of the frames.
"""

from __future__ import annotations

import json
import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

from molmo_act.errors import InputError

TIE = ("both_good", "both_bad")
"""Choices without a winner."""
CHOICES = ("left", "right", *TIE)


@dataclass(frozen=True)
class ShownAnswer:
    """What a model answered.

    Attributes:
        text: Its words, without tags of points.
        points: (seconds, x, y) of each point, in pixels; seconds are 0 for an image.
    """

    text: str
    points: tuple[tuple[float, float, float], ...]


@dataclass(frozen=True)
class Item:
    """One question with its answers.

    Attributes:
        name: Its id.
        question: What was asked.
        media: The image or video.
        is_video: Which of both it is.
        answers: Model → answer.
    """

    name: str
    question: str
    media: Path
    is_video: bool
    answers: Mapping[str, ShownAnswer]


@dataclass(frozen=True)
class Pair:
    """Two answers to one question, as one rater sees them.

    Attributes:
        item: The question.
        left: Model whose answer is on the left.
        right: Model whose answer is on the right.
    """

    item: Item
    left: str
    right: str

    @property
    def key(self) -> tuple[str, frozenset[str]]:
        """What is compared, whatever the sides."""
        return self.item.name, frozenset((self.left, self.right))


def read_items(path: Path) -> list[Item]:
    """Reads a file of questions.

    Args:
        path: JSON Lines, see the module.

    Returns:
        The questions in the order of the file.

    Raises:
        InputError: A line cannot be used, a file that it names is missing or lies outside of the folder, an
            id is there twice, or there is no question.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as exc:
        raise InputError(f"{path} cannot be read ({exc}); expected a file of JSON objects.") from exc
    items = [_item(path, number, line) for number, line in enumerate(lines, 1) if line.strip()]
    if not items:
        raise InputError(f"{path} holds no question; expected a JSON object in each line.")
    seen: set[str] = set()
    for item in items:
        if item.name in seen:
            raise InputError(
                f"{path} has the id {item.name!r} twice; expected an id of its own in each line."
            )
        seen.add(item.name)
    return items


def pairs_for(items: Sequence[Item], rater: str) -> list[Pair]:
    """All pairs of answers in random order, on random sides, which are the same whenever a rater returns."""
    pairs = []
    for item in items:
        for both in combinations(sorted(item.answers), 2):
            # Seeded by text, since the hash of a tuple is another one in each process.
            sides = random.Random(json.dumps([rater, item.name, *both])).sample(both, 2)
            pairs.append(Pair(item, *sides))
    random.Random(json.dumps([rater, "order"])).shuffle(pairs)
    return pairs


def _item(path: Path, number: int, line: str) -> Item:
    try:
        row = json.loads(line)
        [kind] = [kind for kind in ("image", "video") if row.get(kind)]
        media = path.parent / str(row[kind])
        answers = {str(name): _answer(value, kind == "video") for name, value in row["answers"].items()}
        item = Item(str(row["id"]), str(row["question"]), media, kind == "video", answers)
    except (KeyError, TypeError, ValueError, AttributeError) as exc:
        raise InputError(
            f"Line {number} of {path} cannot be used ({type(exc).__name__}: {exc}); expected id, question, "
            "image or video, and answers by model with text and points."
        ) from exc
    if len(answers) < 2:
        raise InputError(f"Line {number} of {path} has {len(answers)} answers; expected those of two models.")
    if not media.resolve().is_relative_to(path.parent.resolve()):
        raise InputError(f"Line {number} of {path} names {row[kind]!r}, which lies outside of its folder.")
    if not media.is_file():
        raise InputError(f"Line {number} of {path} names {row[kind]!r}, which is not there.")
    return item


def _answer(value: Mapping[str, Any], is_video: bool) -> ShownAnswer:
    points = [tuple(float(number) for number in point) for point in value.get("points") or ()]
    if any(len(point) != 2 + is_video or not all(map(math.isfinite, point)) for point in points):
        raise ValueError(f"points are {points!r:.60}")
    placed = tuple((point if is_video else (0.0, *point)) for point in points)
    return ShownAnswer(str(value.get("text") or ""), placed)  # type: ignore[arg-type]  # lengths are checked
