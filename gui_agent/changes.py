"""What differs between two captures of the same part of the screen; knows no model and no act."""

from __future__ import annotations

from typing import Literal

import numpy as np

from gui_agent.screen import Screenshot

Effect = Literal["changed", "unchanged", "unverifiable"]

BLOCK = 16  # pixels; what moves by itself is told apart from what an act changes in squares of this size
NOISE = 8  # of 255; nobody sees so small a difference of a colour
CARET_WIDTH = 3  # pixels; a text cursor blinks by itself


def changed_blocks(before: Screenshot, after: Screenshot, noise: int = NOISE) -> np.ndarray:
    """Which blocks of 16 × 16 pixels look different.

    A blinking text cursor, a change at most three pixels wide, does not count.

    Args:
        before: A capture.
        after: A later one of the same size; of another size (a resized screen), every block has changed.
        noise: A difference of a colour, of 255, up to which nothing has changed.

    Returns:
        bool (rows, columns); the last row and column may be of smaller blocks.
    """
    height, width = before.bgrx.shape[:2]
    blocks = np.zeros((-(-height // BLOCK), -(-width // BLOCK)), bool)
    if before.view != after.view:
        return ~blocks
    different = _words(before) != _words(after)
    if not different.any():
        return blocks
    rows, columns = np.flatnonzero(different.any(axis=1)), np.flatnonzero(different.any(axis=0))
    box = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    pieces = before.bgrx[box], after.bgrx[box]
    by = np.maximum(*pieces) - np.minimum(*pieces) > noise
    seen = by[..., 0] | by[..., 1] | by[..., 2]
    ys, xs = np.nonzero(seen)
    if len(xs) == 0 or np.ptp(xs) < CARET_WIDTH:
        return blocks
    blocks[(ys + rows[0]) // BLOCK, (xs + columns[0]) // BLOCK] = True
    return blocks


def effect_of(changed: np.ndarray, restless: np.ndarray) -> Effect:
    """What an act did, as far as can be seen.

    Args:
        changed: Blocks that look different after it.
        restless: Blocks that changed before it, by themselves.

    Returns:
        "changed", "unchanged", or "unverifiable": only what had been moving before has changed.
    """
    if changed.shape != restless.shape or (changed & ~restless).any():
        return "changed"
    return "unverifiable" if restless.any() else "unchanged"


def _words(shot: Screenshot) -> np.ndarray:
    """A number for each pixel, (height, width); the fourth byte is the same everywhere."""
    return shot.bgrx.view(np.uint32)[..., 0]
