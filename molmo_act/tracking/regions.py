"""The region of like colour around a point; knows no objects and no motion."""

from __future__ import annotations

import numpy as np

from molmo_act.tracking.packages import opencv

TOLERANCE = 28  # levels of 255 by which a pixel may differ from the one pointed at, in each channel


def flood(image: np.ndarray, xy: np.ndarray, *, reach: int | None = None) -> tuple[np.ndarray, int, int]:
    """What hangs together with the pixel at a point and has about its colour.

    Args:
        image: uint8 (H, W, 3).
        xy: (2,), the point in pixels, pixel centres at +0.5, inside the image.
        reach: Look no further than so many pixels to every side; None for the whole image.

    Returns:
        bool (h, w) of the part that was looked at, and the column and row of its top left pixel.
    """
    cv2 = opencv()
    height, width = image.shape[:2]
    column, row = min(int(xy[0]), width - 1), min(int(xy[1]), height - 1)
    reach = max(width, height) if reach is None else reach
    left, top = max(column - reach, 0), max(row - reach, 0)
    part = cv2.medianBlur(np.ascontiguousarray(image[top : row + reach + 1, left : column + reach + 1]), 3)
    mask = np.zeros((part.shape[0] + 2, part.shape[1] + 2), np.uint8)  # the rim is OpenCV's own
    near = (TOLERANCE,) * 3
    flags = 4 | cv2.FLOODFILL_FIXED_RANGE | cv2.FLOODFILL_MASK_ONLY | (1 << 8)
    cv2.floodFill(part, mask, (column - left, row - top), 0, near, near, flags)
    return mask[1:-1, 1:-1].astype(bool), left, top
