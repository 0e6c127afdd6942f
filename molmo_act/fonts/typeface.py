"""Typeface: writes text on images, with as many fonts as its characters need."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import cast

from PIL import ImageDraw, ImageFont

from molmo_act.fonts.system import JOINERS, font_with, has_glyph

BUNDLED = Path(__file__).parent / "DejaVuSans-subset.ttf"
"""Latin, Greek and Cyrillic letters, and signs."""
Run = tuple[ImageFont.FreeTypeFont, str]
"""A part of a text that one font has."""


class Typeface:
    """Text in one size, in Pillow's own font where that has all of it, else in the bundled and other ones.

    A character that no font has is drawn as a box, and its script is logged once.

    Args:
        size: Height of the letters in pixels, as fonts count it.
    """

    def __init__(self, size: float) -> None:
        self._size = size
        self._plain = cast(ImageFont.FreeTypeFont, ImageFont.load_default(size))  # as with any size
        self._opened: dict[Path, ImageFont.FreeTypeFont] = {}

    def length(self, text: str) -> float:
        """Measures how wide a text is.

        Args:
            text: One line.

        Returns:
            Pixels.
        """
        return sum(font.getlength(part) for font, part in self.runs(text))

    def box(self, text: str) -> tuple[float, float]:
        """Measures what a text covers.

        Args:
            text: One line.

        Returns:
            Width and height in pixels.
        """
        runs = self.runs(text)
        boxes = [font.getbbox(part, anchor="ls") for font, part in runs] or [(0.0, 0.0, 0.0, 0.0)]
        width = boxes[0][2] - boxes[0][0] if len(boxes) == 1 else self.length(text)
        return width, max(box[3] for box in boxes) - min(box[1] for box in boxes)

    def draw(
        self, pen: ImageDraw.ImageDraw, center: tuple[float, float], text: str, fill: tuple[int, int, int]
    ) -> None:
        """Writes a text.

        Args:
            pen: Draws on the image.
            center: Middle of the text in pixels.
            text: One line.
            fill: RGB.
        """
        runs = self.runs(text)
        if len(runs) == 1:
            pen.text(center, runs[0][1], fill, runs[0][0], anchor="mm")
            return
        ascent, descent = (runs[0][0] if runs else self._plain).getmetrics()
        left, baseline = center[0] - self.length(text) / 2, center[1] + (ascent - descent) / 2
        for font, part in runs:
            pen.text((left, baseline), part, fill, font, anchor="ls")
            left += font.getlength(part)

    def runs(self, text: str) -> list[Run]:
        """Splits a text by the fonts that have its characters.

        Args:
            text: One line.

        Returns:
            Parts in order; accents and vowel signs stay with their letter, in a font that has all of them.
        """
        text = unicodedata.normalize("NFC", text)
        if all(has_glyph(self._plain, character) for character in set(text)):
            return [(self._plain, text)] if text else []
        runs: list[Run] = []
        for letter in _letters(text):
            font = runs[-1][0] if runs and letter.isspace() else self._font_for(letter)
            if runs and font is runs[-1][0]:
                runs[-1] = (font, runs[-1][1] + letter)
            else:
                runs.append((font, letter))
        return runs

    def _font_for(self, letter: str) -> ImageFont.FreeTypeFont:
        bundled = self._open(BUNDLED)
        if all(has_glyph(bundled, character) for character in letter):
            return bundled
        path = font_with(letter)
        return bundled if path is None else self._open(path)

    def _open(self, path: Path) -> ImageFont.FreeTypeFont:
        if path not in self._opened:
            self._opened[path] = ImageFont.truetype(path, self._size)
        return self._opened[path]


def _letters(text: str) -> list[str]:
    """Splits a text into letters, each with its accents, vowel signs and joiners."""
    letters: list[str] = []
    for character in text:
        if letters and (unicodedata.category(character)[0] == "M" or character in JOINERS):
            letters[-1] += character
        else:
            letters.append(character)
    return letters
