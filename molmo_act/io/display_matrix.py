"""Turns frames as the display matrix of a video asks: phones record sideways, front cameras mirrored."""

from __future__ import annotations

import numpy as np


def apply_display_matrix(pixels: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Turns or mirrors a frame, in all eight ways.

    Args:
        pixels: (H, W, C), as they are stored.
        matrix: Nine numbers (a b u, c d v, x y w), as MP4 has them: a stored pixel (x, y) is shown at
            (a·x + c·y, b·x + d·y), apart from where the image begins. A slanted one is taken for the nearest
            of the eight.

    Returns:
        (H, W, C) or (W, H, C), as they are to be shown; may be a view.

    Example:
        >>> row = np.array([[[1], [2], [3]]])
        >>> apply_display_matrix(row, np.array([-1, 0, 0, 0, 1, 0, 0, 0, 1])).ravel().tolist()
        [3, 2, 1]
    """
    a, b, c, d = (int(matrix[index]) for index in (0, 1, 3, 4))
    if abs(b) + abs(c) > abs(a) + abs(d):
        pixels = pixels.swapaxes(0, 1)
        across, down = c, b
    else:
        across, down = a, d
    return pixels[:: -1 if down < 0 else 1, :: -1 if across < 0 else 1]
