"""Cuts shapes out of an image as the icon network sees them: without colour, on an empty ground."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from molmo_act._optional import lazy_import

cv2 = lazy_import("cv2", extra="ocr", purpose="finding icons")

SIDE = 32
"""Pixels of a crop's side."""
_MARGIN = 1.25  # of the longer side of the shape
_LEAST_CONTRAST = 20.0  # of 255; a fainter shape stays faint


def crop_shapes(image: np.ndarray, boxes: Iterable[Iterable[float]]) -> np.ndarray:
    """Cuts out squares around shapes, and says of each pixel how much it differs from the ground.

    Args:
        image: uint8 (H, W, 3), RGB.
        boxes: (N, 4) boxes in pixels, right and bottom edges excluded.

    Returns:
        float32 (N, `SIDE`, `SIDE`) in [0, 1], 0 for the colour around the shape, 1 for what differs most.
    """
    crops = [_crop(image, *box) for box in boxes]
    return np.stack(crops) if crops else np.zeros((0, SIDE, SIDE), np.float32)


def _crop(image: np.ndarray, x0: float, y0: float, x1: float, y1: float) -> np.ndarray:
    side = max(_MARGIN * max(x1 - x0, y1 - y0), 4.0)
    left, top = (x0 + x1 - side) / 2, (y0 + y1 - side) / 2
    height, width = image.shape[:2]
    a, b = max(int(np.floor(left)) - 1, 0), max(int(np.floor(top)) - 1, 0)
    part = image[b : min(int(np.ceil(top + side)) + 1, height), a : min(int(np.ceil(left + side)) + 1, width)]
    scale = SIDE / side
    if scale < 1:  # a warp would leave out pixels
        shrunk = max(round(part.shape[1] * scale), 1), max(round(part.shape[0] * scale), 1)
        factor = shrunk[0] / part.shape[1], shrunk[1] / part.shape[0]
        part = cv2.resize(part, shrunk, interpolation=cv2.INTER_AREA)
    else:
        factor = 1.0, 1.0
    across, down = scale / factor[0], scale / factor[1]
    # pixel centres: u = (x + 0.5 - left) * scale - 0.5
    warp = np.array(
        [
            [across, 0, (0.5 * across) - 0.5 + (a - left) * scale],
            [0, down, (0.5 * down) - 0.5 + (b - top) * scale],
        ],
        np.float32,
    )
    square = cv2.warpAffine(part, warp, (SIDE, SIDE), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return _ink(square.astype(np.float32))


def _ink(square: np.ndarray) -> np.ndarray:
    """How much pixels (S, S, 3) differ from the median of the outermost ones, in [0, 1]."""
    ring = np.concatenate([square[0], square[-1], square[1:-1, 0], square[1:-1, -1]])
    difference = np.abs(square - np.median(ring, axis=0)).max(axis=2)
    most = np.partition(difference.ravel(), -12)[-12]
    ink: np.ndarray = np.minimum(difference / max(float(most), _LEAST_CONTRAST), 1.0)
    return ink
