"""A blank canvas for tests of widgets, blocks and whole screens."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from model.data.random_blocks import RandomBlocks
from model.data.screens.canvas import ScreenCanvas
from model.data.screens.fonts import families
from model.data.screens.labels import LabelWriter
from model.data.screens.theme import draw_theme
from tests.model.data.drawn_icons import WORDS, drawn_icons


def blank_canvas(width: int = 200, height: int = 100, seed: int = 0, **theme: object) -> ScreenCanvas:
    """A canvas in the look that the seed gives, but for what of the theme is given."""
    rand, icons = RandomBlocks(np.random.default_rng(seed)), drawn_icons()
    look = replace(draw_theme(rand, families("train"), icons.styles), **theme)
    return ScreenCanvas(width, height, look, rand, LabelWriter(rand, WORDS), icons)
