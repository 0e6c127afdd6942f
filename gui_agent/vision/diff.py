"""Differences between two captures of the same part of the screen, and what they say of an action."""

from __future__ import annotations

from typing import Literal

import numpy as np

from gui_agent.vision.screenshot import Screenshot

Effect = Literal["changed", "unchanged", "unverifiable"]

BLOCK = 16  # pixels; what moves by itself is told apart from what an action changes in squares of this size
NOISE = 8  # of 255; nobody sees so small a difference of a colour
CARET_WIDTH, CARET_HEIGHT = 3, 64  # pixels; a text cursor blinks by itself
FAINT_SHARE = 0.02  # of the screen: so much of it does not differ by noise


def changed_blocks(before: Screenshot, after: Screenshot, noise: int = NOISE) -> np.ndarray:
    """Finds the blocks of 16 × 16 pixels that look different.

    A blinking text cursor, a change at most three pixels wide and not very high, does not count; nor does
    what nobody sees, unless much of the screen differs.

    Args:
        before: The earlier capture.
        after: The later one; where it shows another part of the desktop (a resized screen), every block has
            changed.
        noise: Differences of a colour channel, of 255, up to this one do not count.

    Returns:
        bool (rows, columns) of blocks; those of the last row and column may be smaller.
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
    if _is_caret(seen, before, after, box) and noise and _is_wide(different[box], before, after, box):
        seen = _seen_in_bands(before.bgrx[box], after.bgrx[box], noise=0)
    if _is_caret(seen, before, after, box):
        return blocks
    seen = np.logical_or.reduceat(seen, np.arange(0, seen.shape[1], BLOCK), axis=1)
    blocks[row : row + seen.shape[0], column : column + seen.shape[1]] = seen
    return blocks


def effect_of(changed: np.ndarray, restless: np.ndarray, counted: np.ndarray | None = None) -> Effect:
    """Classifies what an action did, as far as can be seen.

    Args:
        changed: bool (rows, columns), blocks that look different after it.
        restless: bool (rows, columns), blocks that changed by themselves before it.
        counted: bool (rows, columns), blocks in which a change can come from the action; all unless given.

    Returns:
        "changed", "unchanged", or "unverifiable": only what had been moving before has changed, or what can
        have changed by itself.
    """
    if changed.shape != restless.shape:
        return "changed"
    new = changed & ~restless
    if (new if counted is None else new & counted).any():
        return "changed"
    return "unverifiable" if restless.any() or new.any() else "unchanged"


Box = tuple[slice, slice]


def _is_caret(seen: np.ndarray, before: Screenshot, after: Screenshot, box: Box) -> bool:
    """Whether what was seen in bands is nothing, or no more than a text cursor."""
    changed = np.flatnonzero(seen.any(axis=0))
    if len(changed) == 0:
        return True
    if np.ptp(changed) >= CARET_WIDTH:
        return False
    strip = slice(changed[0], changed[-1] + 1)
    rows = np.flatnonzero(_differing_colours(before, after, box)[:, strip].any(axis=1))
    return bool(np.ptp(rows) < CARET_HEIGHT)


def _is_wide(different: np.ndarray, before: Screenshot, after: Screenshot, box: Box) -> bool:
    """Whether a difference that nobody sees at one place covers much of the screen."""
    enough = FAINT_SHARE * before.bgrx.shape[0] * before.bgrx.shape[1]
    if np.count_nonzero(different) < enough:
        return False
    return bool(np.count_nonzero(_differing_colours(before, after, box)) >= enough)


def _differing_colours(before: Screenshot, after: Screenshot, box: Box) -> np.ndarray:
    """Which pixels differ, but for the byte without meaning."""
    differing: np.ndarray = (_words(before)[box] ^ _words(after)[box]) & 0xFFFFFF != 0
    return differing


def _seen_in_bands(before: np.ndarray, after: np.ndarray, noise: int) -> np.ndarray:
    """For bands of a block's height, whether each column of pixels differs by more than noise in a colour."""
    differs = np.maximum(before, after) - np.minimum(before, after) > noise
    colours = differs.view("<u4")[..., 0] & 0xFFFFFF
    seen: np.ndarray = np.bitwise_or.reduceat(colours, np.arange(0, len(colours), BLOCK), axis=0) != 0
    return seen


def _words(shot: Screenshot) -> np.ndarray:
    """A number for each pixel, (height, width); the fourth byte is the same everywhere."""
    return shot.bgrx.view(np.uint32)[..., 0]
