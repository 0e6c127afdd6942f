"""Screens with icons at known places, drawn with lines: no icon set is needed."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from molmo_act.reading.icons.network import icon_network
from molmo_act.reading.icons.seen_icons import SeenIcons
from molmo_act.reading.text import Box

PAPER, INK = (244, 245, 247), (33, 37, 41)


def draw_icons(
    size: tuple[int, int],
    icons: dict[tuple[int, int], str],
    *,
    side: int = 20,
    paper: tuple[int, int, int] = PAPER,
    ink: tuple[int, int, int] = INK,
) -> np.ndarray:
    """Draws icons in squares of a side whose top left corners are given, uint8 (H, W, 3)."""
    scale = 8  # drawn large and made small, so that edges are smooth as on a screen
    image = Image.new("RGB", size, paper)
    for place, name in icons.items():
        mask = Image.new("L", (side * scale, side * scale))
        _DRAW[name](ImageDraw.Draw(mask), side * scale)
        image.paste(ink, place, mask.resize((side, side), Image.Resampling.BOX))
    return np.array(image)


def seen_icons(*places: tuple[int, int], name: str = "star", odds: float = 0.9) -> SeenIcons:
    """Shapes of 20 pixels whose top left corners are given, each of which shows one concept."""
    vocabulary = icon_network().vocabulary
    number = [concept.name for concept in vocabulary.concepts].index(name)
    shares = np.zeros((len(places), len(vocabulary.concepts) + 1), np.float32)
    shares[:, number], shares[:, -1] = odds, 1 - odds
    boxes = np.array([box_at(place) for place in places], np.float64).reshape(-1, 4)
    return SeenIcons(boxes, shares, vocabulary)


def box_at(place: tuple[int, int], side: int = 20) -> Box:
    """The square of an icon."""
    return place[0], place[1], place[0] + side, place[1] + side


def _search(draw: ImageDraw.ImageDraw, side: int) -> None:
    draw.ellipse((0.05 * side, 0.05 * side, 0.7 * side, 0.7 * side), outline=255, width=side // 10)
    draw.line((0.6 * side, 0.6 * side, 0.93 * side, 0.93 * side), fill=255, width=side // 9)


def _close(draw: ImageDraw.ImageDraw, side: int) -> None:
    draw.line((0.12 * side, 0.12 * side, 0.88 * side, 0.88 * side), fill=255, width=side // 9)
    draw.line((0.12 * side, 0.88 * side, 0.88 * side, 0.12 * side), fill=255, width=side // 9)


def _menu(draw: ImageDraw.ImageDraw, side: int) -> None:
    for row in (0.2, 0.5, 0.8):
        draw.line((0.08 * side, row * side, 0.92 * side, row * side), fill=255, width=side // 10)


def _arrow(draw: ImageDraw.ImageDraw, side: int, turn: int) -> None:
    def at(x: float, y: float) -> tuple[float, float]:
        return (x if turn > 0 else 1 - x) * side, y * side

    draw.line([at(0.1, 0.5), at(0.88, 0.5)], fill=255, width=side // 10)
    draw.line([at(0.55, 0.17), at(0.88, 0.5), at(0.55, 0.83)], fill=255, width=side // 10, joint="curve")


def _plus(draw: ImageDraw.ImageDraw, side: int) -> None:
    draw.line((0.5 * side, 0.08 * side, 0.5 * side, 0.92 * side), fill=255, width=side // 10)
    draw.line((0.08 * side, 0.5 * side, 0.92 * side, 0.5 * side), fill=255, width=side // 10)


_DRAW = {
    "search": _search,
    "close": _close,
    "menu": _menu,
    "plus": _plus,
    "arrow-right": lambda draw, side: _arrow(draw, side, 1),
    "arrow-left": lambda draw, side: _arrow(draw, side, -1),
}
