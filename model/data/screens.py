"""Draws random interface screens with queries, fast enough to feed a training run; knows no tokens.

Icons and words come from `python -m model.data.fetch_icons` and `python -m model.data.fetch_words`.
"""

from __future__ import annotations

import cv2
import numpy as np

from model.data.dice import Dice
from model.data.fonts import families
from model.data.icon_library import IconLibrary, load_icons
from model.data.sample import Picture
from model.data.screen_canvas import Canvas
from model.data.screen_elements import reading_order
from model.data.screen_queries import ask
from model.data.screen_scenes import compose
from model.data.screen_theme import draw_theme
from model.data.ui_words import LabelWriter, word_list
from molmo_act.errors import InputError

SPLITS = ("train", "eval")
SMALLEST = 96  # pixels


def draw_screen(
    rng: np.random.Generator,
    width: int,
    height: int,
    *,
    split: str = "train",
    icons: IconLibrary | None = None,
    words: tuple[str, ...] | None = None,
) -> Picture:
    """Draw one screen and ask about it.

    Args:
        rng: Source of every choice; an equal generator gives an equal picture on the same machine.
        width: Pixels, at least 96.
        height: Pixels, at least 96.
        split: "train" or "eval", which shares no font family, no icon set and no word for composed labels
            with "train".
        icons: Icons to draw instead of the split's own.
        words: Words for composed labels instead of the split's own.

    Returns:
        The picture with usually 10 to 16 queries. A target's box is what can be clicked, or the extent of a
        text; its point is the centre of the box. The caption holds the texts in reading order.

    Raises:
        InputError: A size or the split is not one of the above.
        PlatformError: Icons or words have not been fetched.
    """
    if split not in SPLITS:
        raise InputError(f"Unknown split {split!r}; expected one of {', '.join(SPLITS)}.")
    if min(width, height) < SMALLEST:
        raise InputError(
            f"A screen of {width}x{height} was asked for; both sides need at least {SMALLEST} pixels."
        )
    icons = icons or load_icons(split)
    dice = Dice(rng)
    theme = draw_theme(dice, families(split), icons.styles)
    canvas = Canvas(width, height, theme, dice, LabelWriter(dice, words or word_list(split)), icons)
    compose(canvas)
    shown = canvas.shown()
    caption = reading_order(shown.texts, row_height=theme.em * 0.6)
    return Picture(_photograph(canvas.pixels(), dice), ask(shown, canvas.writer), caption)


def _photograph(pixels: np.ndarray, dice: Dice) -> np.ndarray:
    """Now and then what happens to screenshots on their way: JPEG, a slight rescaling's blur."""
    if dice.chance() < 0.12:
        quality = [cv2.IMWRITE_JPEG_QUALITY, 55 + dice.below(40)]
        stored = cv2.imencode(".jpg", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), quality)[1]
        pixels = np.asarray(cv2.imdecode(stored, cv2.IMREAD_COLOR_RGB))
    if dice.chance() < 0.06:
        pixels = cv2.GaussianBlur(np.ascontiguousarray(pixels), (3, 3), dice.between(0.3, 0.6))
    return np.ascontiguousarray(pixels)
