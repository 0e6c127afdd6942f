"""Draws simple windows with a few named buttons on a plain desktop.

They are the first stage of reading: common labels, large enough, and little else to look at.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from model.data.schema import ImageSample, Query, Target
from model.data.screens.fonts import families, open_face
from model.data.screens.labels import ACTIONS

Colour = tuple[int, int, int]
PHRASES = ("the {} button", "the {} button", "{}", "{} button", "click '{}'", "the button labelled {}")
ABSENT_SHARE = 0.2
_COMMON = 60  # labels; buttons of simple windows rarely say anything else


@dataclass(frozen=True)
class _Button:
    label: str
    box: tuple[int, int, int, int]

    def target(self) -> Target:
        x0, y0, x1, y1 = self.box
        return Target(((x0 + x1) / 2, (y0 + y1) / 2), (float(x0), float(y0), float(x1), float(y1)))


def draw_form(rng: np.random.Generator, width: int, height: int, *, split: str = "train") -> ImageSample:
    """Draws one window and asks for its buttons, and for some that it does not have.

    Args:
        rng: Source of every choice.
        width: Pixels, at least 96.
        height: Pixels, at least 96.
        split: "train" or "eval", which share no font family.

    Returns:
        The image with its queries.
    """
    image = Image.new("RGB", (width, height), _colour(rng, 0, 256))
    draw = ImageDraw.Draw(image)
    dark = rng.random() < 0.25
    paper, ink = (
        (_grey(rng, 20, 70), _grey(rng, 200, 256)) if dark else (_grey(rng, 205, 256), _grey(rng, 0, 60))
    )
    window = _draw_window(rng, draw, width, height, paper)
    family = families(split)[rng.integers(len(families(split)))]
    face = open_face(family.regular if rng.random() < 0.8 else family.bold, float(rng.integers(11, 25))).font
    labels = _labels(rng, int(rng.integers(2, 8)))
    style = int(rng.integers(3))
    buttons = _place_buttons(rng, window, labels, face)
    accent = _colour(rng, 30, 180) if rng.random() < 0.4 else paper
    for button in buttons:
        _draw_button(draw, button, style, accent, paper, (255, 255, 255) if accent != paper else ink, face)
    return ImageSample(np.asarray(image), _ask(rng, buttons), tuple(button.label for button in buttons))


def _colour(rng: np.random.Generator, low: int, high: int) -> Colour:
    red, green, blue = (int(value) for value in rng.integers(low, high, 3))
    return red, green, blue


def _grey(rng: np.random.Generator, low: int, high: int) -> Colour:
    value = int(rng.integers(low, high))
    return value, value, value


def _labels(rng: np.random.Generator, count: int) -> list[str]:
    """Different labels, common ones more often, by Zipf's law."""
    pool = ACTIONS[:_COMMON]
    chances = 1 / np.arange(3, len(pool) + 3)
    chosen = rng.choice(len(pool), size=count, replace=False, p=chances / chances.sum())
    return [pool[index] for index in chosen]


def _draw_window(
    rng: np.random.Generator, draw: ImageDraw.ImageDraw, width: int, height: int, paper: Colour
) -> tuple[int, int, int, int]:
    """Draws a window with a title bar; returns the box for its contents."""
    left, top = int(rng.integers(0, width // 8 + 1)), int(rng.integers(0, height // 8 + 1))
    right = width - int(rng.integers(0, width // 8 + 1))
    bottom = height - int(rng.integers(0, height // 8 + 1))
    draw.rectangle((left, top, right - 1, bottom - 1), fill=paper, outline=_colour(rng, 0, 200))
    bar = int(rng.integers(0, 25))
    if bar > 8:
        draw.rectangle((left + 1, top + 1, right - 2, top + bar), fill=_colour(rng, 60, 240))
    else:
        bar = 0
    return left + 4, top + bar + 4, right - 4, bottom - 4


def _place_buttons(
    rng: np.random.Generator,
    window: tuple[int, int, int, int],
    labels: list[str],
    face: ImageFont.FreeTypeFont,
) -> list[_Button]:
    """Buttons under one another, or side by side and on in the next row; what has no room is left out."""
    x0, y0, x1, y1 = window
    pad_x, pad_y, gap = int(rng.integers(6, 22)), int(rng.integers(3, 12)), int(rng.integers(4, 26))
    stacked, centred = rng.random() < 0.5, rng.random() < 0.6
    x, y = x0 + int(rng.integers(2, 14)), y0 + int(rng.integers(2, 14))
    placed = []
    for label in labels:
        box = face.getbbox(label)
        wide, high = int(box[2]) + 2 * pad_x, int(box[3]) + 2 * pad_y
        if not stacked and x + wide > x1:
            x, y = x0 + 4, y + high + gap
        left = x0 + (x1 - x0 - wide) // 2 if stacked and centred else x
        if left < x0 or left + wide > x1 or y + high > y1:
            break
        placed.append(_Button(label, (left, y, left + wide, y + high)))
        x, y = (x, y + high + gap) if stacked else (x + wide + gap, y)
    return placed


def _draw_button(
    draw: ImageDraw.ImageDraw,
    button: _Button,
    style: int,
    fill: Colour,
    paper: Colour,
    ink: Colour,
    face: ImageFont.FreeTypeFont,
) -> None:
    """Outlined, rounded, or raised as old tool kits do."""
    x0, y0, x1, y1 = button.box
    edge = tuple(max(0, value - 90) for value in paper)
    if style == 0:
        draw.rectangle((x0, y0, x1 - 1, y1 - 1), fill=fill, outline=edge)
    elif style == 1:
        draw.rounded_rectangle((x0, y0, x1 - 1, y1 - 1), radius=6, fill=fill, outline=edge)
    else:
        draw.rectangle((x0, y0, x1 - 1, y1 - 1), fill=fill)
        light = tuple(min(255, value + 40) for value in paper)
        draw.line((x0, y1 - 1, x0, y0, x1 - 1, y0), fill=light)
        draw.line((x0, y1 - 1, x1 - 1, y1 - 1, x1 - 1, y0), fill=edge)
    draw.text(((x0 + x1) / 2, (y0 + y1) / 2), button.label, fill=ink, font=face, anchor="mm")


def _ask(rng: np.random.Generator, buttons: list[_Button]) -> tuple[Query, ...]:
    """Every button once or twice, and a fifth of all queries for labels that are not there."""
    shown = {button.label for button in buttons}
    queries = [
        Query(_phrase(rng, button.label), button.label, (button.target(),), "button")
        for button in buttons
        for _ in range(1 + int(rng.random() < 0.5))
    ]
    missing = [label for label in _labels(rng, 8) if label not in shown]
    count = max(1, round(len(queries) * ABSENT_SHARE / (1 - ABSENT_SHARE)))
    queries += [Query(_phrase(rng, label), label, (), "absent") for label in missing[:count]]
    return tuple(queries)


def _phrase(rng: np.random.Generator, label: str) -> str:
    return PHRASES[int(rng.integers(len(PHRASES)))].format(label)
