"""What programs and a reader tell, made up, for grounders that ask them."""

from __future__ import annotations

import numpy as np

from gui_agent.accessibility.screen import Told
from gui_agent.accessibility.widget import Widget, WidgetTree
from gui_agent.geometry import Area, ScreenView
from gui_agent.input.x11.windows import WindowInfo
from gui_agent.vision.screenshot import Screenshot
from molmo_act.outputs.points import Points
from molmo_act.reading.text import ReadText, TextLine, Word

WINDOW = WindowInfo(1, "Notes", Area(0, 0, 400, 300), 42)


def shot(width: int = 400, height: int = 300, seed: int = 0) -> Screenshot:
    bgrx = np.full((height, width, 4), seed, np.uint8)
    return Screenshot(bgrx, ScreenView((width, height), Area(0, 0, width, height)), 0.0)


def widget(role: str, name: str, *box: int, description: str = "", **more) -> Widget:
    area = Area(*box) if box else None
    return Widget(role, name, area, description, shown=area, **more)


class ToldScreen:
    """Answers as `AccessibleScreen` does.

    Args:
        *widgets: Of one window.
    """

    def __init__(self, *widgets: Widget) -> None:
        self.widgets, self.covered, self.reads = list(widgets), set(), 0
        self.more: list[tuple[WidgetTree, WindowInfo]] = []
        self.moved: set[str] = set()

    def read(self) -> Told:
        self.reads += 1
        tree = WidgetTree(widget("frame", "Notes", 0, 0, 400, 300), tuple(self.widgets), 42)
        return Told(((tree, WINDOW), *self.more))

    def is_topmost(self, one: Widget, tree: WidgetTree, window: WindowInfo) -> bool:
        return one.name not in self.covered

    def is_where_it_was(self, one: Widget) -> bool:
        return one.name not in self.moved


class ToldReader:
    """A reader that finds given words at given boxes.

    Args:
        **lines: Text: its box (left, top, width, height).
    """

    name = "told"

    def __init__(self, lines: dict[str, tuple[int, int, int, int]], confidence: float = 0.99) -> None:
        self.lines, self.confidence, self.reads = lines, confidence, 0

    def read(self, image: np.ndarray, *, timeout: float | None = None) -> ReadText:
        self.reads += 1
        lines = []
        for text, (left, top, width, height) in self.lines.items():
            box = (float(left), float(top), float(left + width), float(top + height))
            parts = text.split()
            step = width / len(parts)
            words = [
                Word(part, (left + n * step, box[1], left + (n + 1) * step, box[3]), self.confidence)
                for n, part in enumerate(parts)
            ]
            lines.append(TextLine(tuple(words), box))
        return ReadText(tuple(lines), (image.shape[1], image.shape[0]))


class ToldModel:
    """A model that points at given places."""

    calibrated = True

    def __init__(self, *places: tuple[float, float, float]) -> None:
        self.places, self.asked = places, 0

    def point(self, image, query: str) -> Points:
        self.asked += 1
        xy, score = [place[:2] for place in self.places], [place[2] for place in self.places]
        absent = 1 - max(score, default=0.0)
        return Points(xy=xy, score=score, image_size=[image.size], query=query, absent=absent)
