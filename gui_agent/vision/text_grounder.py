"""TextGrounder: finds what a query names by what is written on a screenshot."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
from PIL import Image

from gui_agent.geometry import Area
from gui_agent.vision.grounder import Evidence, GroundingModel, Matches, points_of
from gui_agent.vision.screenshot import Screenshot
from molmo_act.outputs.points import Points
from molmo_act.reading.fusion import Ask
from molmo_act.reading.guarded import GuardedReader
from molmo_act.reading.seen import SeenImage
from molmo_act.reading.text import Box, Word
from molmo_act.request import Bounds

CLEAR = 0.85
"""A reader that is this sure of words counts where they contradict others."""
SHORTEST = 3
"""Characters; a reader takes signs for letters, so that fewer contradict nothing."""


class TextGrounder:
    """Reads screenshots, each once.

    Args:
        reader: What reads.
    """

    calibrated = True
    needs_windows = False

    def __init__(self, reader: GuardedReader) -> None:
        self._reader = reader
        self._newest: SeenImage | None = None

    def read(self, shot: Screenshot) -> SeenImage:
        """Reads what is written on a screenshot; the same pixels are read once.

        Args:
            shot: The screenshot.

        Returns:
            Its text, or none where the reader fails.
        """
        pixels = np.asarray(shot.to_uncensored_image())
        newest = self._newest
        if newest is None or not np.array_equal(newest.pixels, pixels):
            newest = self._newest = SeenImage.read(pixels, self._reader)
        return newest

    def ground(self, shot: Screenshot, query: str, windows: Sequence[Area] = ()) -> Matches:
        """Finds where the label of a query is written; see `gui_agent.vision.grounder.Grounder.ground`."""
        began = time.monotonic()
        nothing = points_of([], [], shot, query)
        return self.fused(shot, nothing, None, began)

    def fused(self, shot: Screenshot, points: Points, model: GroundingModel | None, began: float) -> Matches:
        """Fuses a model's answer with what is written.

        Args:
            shot: What the model looked at.
            points: Its answer.
            model: What answered, which is asked for fields and check boxes beside their label, too; None for
                no model. One with a reader of its own has fused its answer already.
            began: When the work on the query began, by ``time.monotonic``.

        Returns:
            The matches.
        """
        seen = self.read(shot)
        fused = points
        if getattr(model, "reader", None) is None:
            ask = None if model is None else _asker(model)
            fused = seen.fuse(points, Bounds(), ask, str(getattr(model, "name", "")))
        known = tuple(_evidence(fused, number, seen) for number in range(len(fused)))
        return Matches(fused, shot, time.monotonic() - began, known)


def label_at(
    seen: SeenImage, x: float, y: float, within: tuple[float, float, float, float] | None = None
) -> tuple[str, float]:
    """Finds what is written at a place: the words that stand together there.

    Args:
        seen: What was read.
        x: In pixels of the image.
        y: In pixels of the image.
        within: The thing that the place is on, (left, top, right, bottom): words whose middle lies outside
            belong to others. Labels of a menu bar stand as near to one another as the words of one.

    Returns:
        The text and how sure the reader is of it; "" where nothing is written.
    """
    for line in seen.text or ():
        left, top, right, bottom = line.box
        if not (left <= x < right and top <= y < bottom):
            continue
        own = [word for word in line.words if within is None or _lies_in(word.box, within)]
        words = _together(own, x, 1.1 * (bottom - top))
        if words:
            return " ".join(word.text for word in words), min(word.confidence for word in words)
    return "", 0.0


def _lies_in(box: Box, area: tuple[float, float, float, float]) -> bool:
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    return area[0] <= x < area[2] and area[1] <= y < area[3]


def _together(words: Sequence[Word], x: float, gap: float) -> list[Word]:
    """The words of a line around a place, as far as no wide gap parts them."""
    part: list[Word] = []
    for word in words:
        if part and word.box[0] - part[-1].box[2] > gap:
            if part[0].box[0] <= x < part[-1].box[2]:
                return part
            part = []
        part.append(word)
    return part if part and part[0].box[0] <= x < part[-1].box[2] else []


def _evidence(points: Points, number: int, seen: SeenImage) -> tuple[Evidence, ...]:
    point = points[number]
    score, source = float(point.score), point.source or "model"
    label, _ = label_at(seen, point.x, point.y)
    told = []
    if source in ("model", "both"):
        told.append(Evidence("model", score))
    if source in ("text", "both"):
        told.append(Evidence("text", score, label))
    elif source == "icon":
        told.append(Evidence("icon", score))
    elif label:
        told.append(Evidence("text", 0.0, label))
    return tuple(told)


def _asker(model: GroundingModel) -> Ask:
    return lambda part, words: model.point(Image.fromarray(part), words)
