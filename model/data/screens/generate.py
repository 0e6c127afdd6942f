"""Draws random interface screens with queries, fast enough to feed a training run.

Icons and words come from `python -m model.data.assets.icons` and `python -m model.data.assets.words`.
"""

from __future__ import annotations

import numpy as np

from model.data.random_blocks import RandomBlocks
from model.data.schema import ImageSample
from model.data.screens.canvas import ScreenCanvas
from model.data.screens.elements import reading_order
from model.data.screens.fonts import families
from model.data.screens.icons import IconLibrary, load_icons
from model.data.screens.labels import LabelWriter, word_list
from model.data.screens.layouts import compose
from model.data.screens.queries import ask
from model.data.screens.theme import draw_theme
from molmo_act._optional import lazy_import
from molmo_act.errors import InputError

cv2 = lazy_import("cv2", extra="train", purpose="drawing and measuring images")

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
) -> ImageSample:
    """Draws one screen and asks about it.

    Args:
        rng: Source of every choice; an equal generator gives an equal image on the same machine.
        width: Pixels, at least 96.
        height: Pixels, at least 96.
        split: "train" or "eval", which shares no font family, no icon set and no word for composed labels
            with "train".
        icons: Icons to draw instead of the split's own.
        words: Words for composed labels instead of the split's own.

    Returns:
        The image with usually 10 to 16 queries. A target's box is what can be clicked, or the extent of a
        text; its point is the centre of the box. The caption holds the texts in reading order.

    Raises:
        InputError: A size or the split is not one of the above.
        PlatformError: Icons or words have not been fetched.
    """
    canvas = compose_screen(rng, width, height, split=split, icons=icons, words=words)
    shown = canvas.shown()
    caption = reading_order(shown.texts, row_height=canvas.theme.em * 0.6)
    return ImageSample(photograph(canvas.pixels(), canvas.rand), ask(shown, canvas.writer), caption)


def compose_screen(
    rng: np.random.Generator,
    width: int,
    height: int,
    *,
    split: str = "train",
    icons: IconLibrary | None = None,
    words: tuple[str, ...] | None = None,
) -> ScreenCanvas:
    """Draws one screen; see `draw_screen` for arguments and errors.

    Returns:
        What was drawn, with everything that it shows.
    """
    if split not in SPLITS:
        raise InputError(f"Unknown split {split!r}; expected one of {', '.join(SPLITS)}.")
    if min(width, height) < SMALLEST:
        raise InputError(
            f"A screen of {width}x{height} was asked for; both sides need at least {SMALLEST} pixels."
        )
    icons = icons or load_icons(split)
    rand = RandomBlocks(rng)
    theme = draw_theme(rand, families(split), icons.styles)
    canvas = ScreenCanvas(width, height, theme, rand, LabelWriter(rand, words or word_list(split)), icons)
    compose(canvas)
    return canvas


def photograph(pixels: np.ndarray, rand: RandomBlocks) -> np.ndarray:
    """Does what happens to some screenshots on their way: JPEG, the blur of a slight rescaling.

    Args:
        pixels: uint8 (H, W, 3), RGB.
        rand: Source of all choices.

    Returns:
        uint8 (H, W, 3), RGB.
    """
    if rand.chance() < 0.12:
        quality = [cv2.IMWRITE_JPEG_QUALITY, 55 + rand.below(40)]
        stored = cv2.imencode(".jpg", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), quality)[1]
        pixels = np.asarray(cv2.imdecode(stored, cv2.IMREAD_COLOR_RGB))
    if rand.chance() < 0.06:
        pixels = cv2.GaussianBlur(np.ascontiguousarray(pixels), (3, 3), rand.between(0.3, 0.6))
    return np.ascontiguousarray(pixels)
