"""A small library of drawings made on the spot, so that scenes can be tested without fetched images."""

from __future__ import annotations

import numpy as np

from model.data.scenes.sprite_library import SPRITE_SIDE, Drawing, SpriteLibrary, make_library

# Drawings of one flat colour each, so that a test can see in the pixels what a query should have found.
FLAT = {
    "apple": (220, 20, 20), "dog": (150, 90, 30), "key": (240, 220, 40), "bus": (250, 130, 10),
    "fish": (20, 60, 230), "tree": (20, 140, 40), "cup": (240, 240, 240), "ghost": (140, 20, 160),
}  # fmt: skip


def flat_library(split: str = "train", photos: int = 0) -> SpriteLibrary:
    """Eight nouns in three styles, each a filled disc or box of the noun's own colour."""
    rows, columns = np.mgrid[:SPRITE_SIDE, :SPRITE_SIDE] - (SPRITE_SIDE - 1) / 2
    disc = (np.hypot(rows, columns) < SPRITE_SIDE / 2).astype(np.uint8)
    pixels, drawings = [], []
    for noun, colour in FLAT.items():
        for style in ("noto", "fluent", "stamps", "twemoji"):
            alpha = disc * 255 if style != "fluent" else np.full_like(disc, 255)
            pixels.append(np.dstack([*(alpha // 255 * np.uint8(c) for c in colour), alpha]))
            drawings.append(Drawing(noun, None, style, noun, SPRITE_SIDE, SPRITE_SIDE))
    grounds = np.random.default_rng(0).integers(0, 255, (photos, 480, 640, 3), dtype=np.uint8)
    return make_library(np.stack(pixels), tuple(drawings), grounds, split=split)
