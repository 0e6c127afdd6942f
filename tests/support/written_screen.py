"""Screens with words at known places, in Pillow's own font."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from molmo_act.reading.text import Box, ReadText, TextLine, Word


def draw_screen(
    size: tuple[int, int], texts: dict[str, tuple[int, int]], *, height: int = 16, paper: str = "white"
) -> np.ndarray:
    """Draws texts with their top left corners at places, uint8 (H, W, 3)."""
    image = Image.new("RGB", size, paper)
    draw = ImageDraw.Draw(image)
    for text, place in texts.items():
        draw.text(place, text, fill="black", font=ImageFont.load_default(height))
    return np.array(image)


def read_line(text: str, x: float, y: float, *, high: float = 16.0, confidence: float = 0.99) -> TextLine:
    """A line with every character 8 pixels wide."""
    words, at = [], x
    for word in text.split(" "):
        words.append(Word(word, (at, y, at + 8 * len(word), y + high), confidence))
        at += 8 * (len(word) + 1)
    box: Box = (x, y, at - 8, y + high)
    return TextLine(tuple(words), box)


def read_text(*lines: TextLine, size: tuple[int, int] = (640, 480)) -> ReadText:
    """What a reader would return."""
    return ReadText(lines, size)
