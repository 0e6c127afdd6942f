"""A small icon library drawn on the spot, so that screens can be tested without fetched icon sets."""

from __future__ import annotations

import numpy as np

from model.data.screens.icons import IconLibrary

CONCEPTS = ("search", "trash", "settings", "home", "edit", "download", "star", "lock", "chevron-left", "menu")
WORDS = tuple(
    f"{first}{last}"
    for first in ("ba", "ko", "mi", "ru", "te", "su")
    for last in ("lan", "der", "mip", "tor")
)


def drawn_icons() -> IconLibrary:
    """Ten icons in one style; each is another pattern of squares."""
    patterns = np.random.default_rng(0).random((len(CONCEPTS), 6, 6)) < 0.5
    masks = np.kron(patterns, np.ones((12, 12))).astype(np.uint8) * 255
    return IconLibrary(masks, {"drawn": {concept: row for row, concept in enumerate(CONCEPTS)}})
