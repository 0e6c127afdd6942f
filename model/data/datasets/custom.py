"""Your own images as a source: a folder with images and `points.jsonl`.

Every line asks one question about one image, which it names by its path inside the folder; points are in
pixels:

    {"image": "a.jpg", "text": "the red mug", "label": "mug", "points": [[120.5, 80.0], [310.0, 95.5]]}
    {"image": "a.jpg", "text": "a fork", "points": []}
    {"image": "a.jpg", "question": "How full is it?", "answer": "Half full."}

`boxes` may hold the extent of each object, ``[x0, y0, x1, y1]`` in pixels, in the order of the points;
`model.evaluation.calibration` needs them. `before` may name frames of a video that come directly before the
image, in order, for models with a temporal module. `label`, which is written behind the points, is the text
unless given. Lines of one image become one message tree.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from model.data.datasets.parquet import decoded
from model.data.errors import SkippedRow, refuse_control_tokens
from model.data.schema import ImageSample, Query, QuestionAnswer, Target
from molmo_act.errors import InputError

FILE = "points.jsonl"
EXAMPLE = '{"image": "a.jpg", "text": "the red mug", "points": [[120.5, 80.0]]}'


class CustomImages:
    """Images of a folder with what its `points.jsonl` asks.

    Attributes:
        blocks: One, of all images.

    Args:
        folder: Holds the file, and the images it names.

    Raises:
        InputError: The file is missing or empty, or a line of it cannot be used.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._before: dict[str, tuple[str, ...]] = {}
        asked: dict[str, list[Query | QuestionAnswer]] = {}
        for number, line in read_lines(folder / FILE):
            try:
                row = json.loads(line)
                asked.setdefault(row["image"], []).append(_question(row))
                self._before.setdefault(row["image"], tuple(map(str, row.get("before", ()))))
            except (ValueError, KeyError, TypeError) as exc:
                raise InputError(
                    f"Line {number} of {folder / FILE} cannot be used ({type(exc).__name__}: {exc}); "
                    f"expected something like {EXAMPLE}."
                ) from exc
        self._pictures = list(asked.items())
        self.blocks: Sequence[int] = (len(self._pictures),)

    @property
    def queries(self) -> list[Query]:
        """All pointing questions."""
        return [one for _, asked in self._pictures for one in asked if isinstance(one, Query)]

    def read(self, index: int, rng: np.random.Generator) -> ImageSample:
        """Reads an image with all that is asked about it; see `Source.read`.

        Raises:
            SkippedRow: The image cannot be read, a point lies outside it, or a text holds control tokens.
        """
        name, asked = self._pictures[index]
        image = self._image(name)
        height, width = image.shape[:2]
        queries = tuple(each for each in asked if isinstance(each, Query))
        places = [target.point for query in queries for target in query.targets]
        if not all(0 <= x <= width and 0 <= y <= height for x, y in places):
            raise SkippedRow("point lies outside the image")
        sample = ImageSample(
            image,
            queries,
            (),
            tuple(each for each in asked if isinstance(each, QuestionAnswer)),
            tuple(self._image(each) for each in self._before[name]),
        )
        refuse_control_tokens(sample)
        return sample

    def _image(self, name: str) -> np.ndarray:
        try:
            return decoded((self._folder / name).read_bytes())
        except OSError:
            raise SkippedRow("image is missing") from None


def read_lines(path: Path, example: str = EXAMPLE) -> list[tuple[int, str]]:
    """Reads the lines of a JSON Lines file that are not empty.

    Args:
        path: The file.
        example: What a line looks like, for the error message.

    Returns:
        Number in the file, from 1, and text of each; at least one.

    Raises:
        InputError: The file cannot be read, or has no such line.
    """
    try:
        # Not splitlines, which also splits at characters that JSON leaves as they are, such as U+2028.
        content = path.read_text(encoding="utf-8-sig").split("\n")
        lines = [(number, line) for number, line in enumerate(content, 1) if line.strip()]
    except (OSError, UnicodeDecodeError) as exc:
        raise InputError(f"{path} cannot be read ({exc}); expected lines like {example}.") from exc
    if not lines:
        raise InputError(f"{path} is empty; expected lines like {example}.")
    return lines


def _question(row: Mapping[str, Any]) -> Query | QuestionAnswer:
    if "question" in row:
        return QuestionAnswer(str(row["question"]), str(row["answer"]), "qa")
    text = str(row["text"])
    points = [(float(x), float(y)) for x, y in row["points"]]
    extents = [tuple(map(float, box)) for box in row.get("boxes", ())] or [
        (*point, *point) for point in points
    ]
    if len(extents) != len(points) or not all(_is_box(extent) for extent in extents):
        raise ValueError(f"boxes of {text!r} are not x0, y0, x1, y1 of each of its points")
    targets = tuple(Target(point, extent) for point, extent in zip(points, extents, strict=True))  # type: ignore[arg-type]
    return Query(text, str(row.get("label", text)), targets, "noun" if targets else "absent")


def _is_box(extent: Sequence[float]) -> bool:
    return len(extent) == 4 and extent[0] <= extent[2] and extent[1] <= extent[3]
