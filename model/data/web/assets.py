"""What composed pages are made of: icons as SVG, words, photographs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from model.data.assets.icons import ICON_SETS, choose_drawings, read_set
from model.data.assets.npm import fetch_package
from model.data.random_blocks import RandomBlocks
from model.data.scenes.sprite_library import load_library
from model.data.screens.labels import word_list
from molmo_act.errors import InputError

_LINE = '<svg viewBox="0 0 16 16" fill="none" stroke="currentColor" stroke-width="1.3">{}</svg>'
_WINDOW_BUTTONS = {
    "minimise": _LINE.format('<path d="M3 8.5h10"/>'),
    "maximise": _LINE.format('<rect x="3.5" y="3.5" width="9" height="9"/>'),
}

Drawings = dict[str, dict[str, str]]
"""Style → concept key → SVG."""


@lru_cache(maxsize=2)
def svg_icons(split: str) -> Drawings:
    """Reads all icon styles of a split.

    A style borrows what it lacks from its own set first, then from others.

    Args:
        split: "train" or "eval", which share no icon set.

    Returns:
        Style → concept → SVG.

    Raises:
        PlatformError: The sets are not there and cannot be fetched.
    """
    styles: Drawings = {}
    for package, (_, of_split) in ICON_SETS.items():
        if of_split != split:
            continue
        bodies, width, height = read_set(fetch_package(package))
        for (variant, concept), body in choose_drawings(bodies).items():
            svg = f'<svg viewBox="0 0 {width} {height}">{body}</svg>'
            styles.setdefault(f"{package}-{variant}", {})[concept] = svg
    every = _WINDOW_BUTTONS | {
        concept: svg for style in sorted(styles) for concept, svg in styles[style].items()
    }
    of_set: Drawings = {}
    for style, icons in sorted(styles.items()):
        of_set.setdefault(style.rsplit("-", 1)[0], {}).update(icons)
    return {style: {**every, **of_set[style.rsplit("-", 1)[0]], **icons} for style, icons in styles.items()}


@dataclass(frozen=True, eq=False)
class PageAssets:
    """What the pages of one split are made of.

    Attributes:
        icons: Drawings by style.
        words: For composed labels.
        photos: uint8 (N, H, W, 3) RGB grounds; none where no image archive has been made.
    """

    icons: Drawings
    words: tuple[str, ...]
    photos: np.ndarray

    def style(self, rand: RandomBlocks) -> dict[str, str]:
        """Chooses one style.

        Args:
            rand: Source of the choice.

        Returns:
            Concept → SVG.
        """
        return self.icons[rand.one_of(sorted(self.icons))]


@lru_cache(maxsize=2)
def load_page_assets(split: str) -> PageAssets:
    """Loads the assets of a split, as they were fetched on this machine.

    Args:
        split: "train" or "eval". They share neither icon sets nor words, but the photographs.

    Returns:
        The assets.

    Raises:
        PlatformError: Icons or words have not been fetched, and cannot be.
    """
    try:
        photos = load_library("train").photos
    except InputError:
        photos = np.zeros((0, 1, 1, 3), np.uint8)
    return PageAssets(svg_icons(split), word_list(split), photos)
