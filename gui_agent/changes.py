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
    rows = np.flatnonzero(different.any(axis=1))
    if len(rows) == 0:
        return blocks
    columns = np.flatnonzero(different[rows[0] : rows[-1] + 1].any(axis=0))
    row, column = rows[0] // BLOCK, columns[0] // BLOCK
    box = slice(row * BLOCK, rows[-1] + 1), slice(column * BLOCK, columns[-1] + 1)
    seen = _seen_in_bands(before.bgrx[box], after.bgrx[box], noise)
    changed = np.flatnonzero(seen.any(axis=0))
    if len(changed) == 0 or np.ptp(changed) < CARET_WIDTH:
        return blocks
    seen = np.logical_or.reduceat(seen, np.arange(0, seen.shape[1], BLOCK), axis=1)
    blocks[row : row + seen.shape[0], column : column + seen.shape[1]] = seen
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


def _seen_in_bands(before: np.ndarray, after: np.ndarray, noise: int) -> np.ndarray:
    """For bands of a block's height, whether each column of pixels differs by more than noise in a colour."""
    differs = np.maximum(before, after) - np.minimum(before, after) > noise
    colours = differs.view("<u4")[..., 0] & 0xFFFFFF
    return np.bitwise_or.reduceat(colours, np.arange(0, len(colours), BLOCK), axis=0) != 0


def _words(shot: Screenshot) -> np.ndarray:
    """A number for each pixel, (height, width); the fourth byte is the same everywhere."""
    return shot.bgrx.view(np.uint32)[..., 0]
