"""How the surroundings of a point look: descriptors that can be compared, and regions of one colour."""

from __future__ import annotations

import numpy as np

from molmo_act._optional import import_optional
from molmo_act.tracking.config import VIDEO_EXTRA

CELLS = 4  # the surroundings are described by CELLS × CELLS mean colours
FLOOD_TOLERANCE = 28  # levels of 255 by which a pixel may differ from the one at the point, in each channel
GRADUAL_STEP = 4  # the same from its neighbour, where the region's colour may change gradually
_LIGHTNESS_WEIGHT = 0.5  # lightness changes with shadow and exposure more than hue does
_SPREAD = 25.0  # CIELAB units that bring the similarity of two descriptors down to 1/e


def appearance_descriptor(rgb: np.ndarray, xy: np.ndarray, radius: float, *, brightness: float) -> np.ndarray:
    """Describes the square around a point by its mean colours.

    Args:
        rgb: uint8 RGB (H, W, 3).
        xy: (2,), the point in pixels, pixel centres at +0.5; beyond the edge the edge's pixels repeat.
        radius: Half the side of the square in pixels.
        brightness: Mean level of the whole frame, in [0, 255]. Colours are scaled as if it were 128, so that
            automatic exposure and passing clouds change no descriptor.

    Returns:
        float32 (CELLS², 3) in CIELAB, lightness halved.
    """
    return _mean_colours(rgb, xy, 2 * round(radius) + 1, CELLS, brightness).reshape(-1, 3)


def similarity(first: np.ndarray, second: np.ndarray) -> float:
    """Compares two descriptors by the median distance of their cells.

    The median, because up to half of the cells may show what moves behind or in front of the object.

    Args:
        first: Of `appearance_descriptor`.
        second: Likewise.

    Returns:
        In [0, 1]: 1 for equal descriptors, 1/e where the median cell differs by 25 CIELAB units.
    """
    return float(np.exp(-np.median(np.linalg.norm(first - second, axis=1)) / _SPREAD))


def similarity_map(
    rgb: np.ndarray,
    descriptor: np.ndarray,
    centre: np.ndarray,
    radius: float,
    reach: float,
    *,
    brightness: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Compares a descriptor with many positions on a grid at once.

    Args:
        rgb: uint8 RGB (H, W, 3).
        descriptor: What is searched for, of `appearance_descriptor`.
        centre: (2,), the middle of the grid, in pixels, pixel centres at +0.5.
        radius: See `appearance_descriptor`.
        reach: How far the grid extends to every side, in pixels.
        brightness: See `appearance_descriptor`.

    Returns:
        float64 (P, P, 2), the positions in pixels, rows first; and float64 (P, P), their similarities.
    """
    cell = (2 * round(radius) + 1) / CELLS
    positions = 2 * round(reach / cell) + 1
    cells = positions + CELLS - 1
    lab = _mean_colours(rgb, centre, round(cells * cell), cells, brightness)
    windows = np.lib.stride_tricks.sliding_window_view(lab, (CELLS, CELLS), axis=(0, 1))
    differences = windows - descriptor.reshape(CELLS, CELLS, 3).transpose(2, 0, 1)
    distances = np.sqrt(np.square(differences).sum(axis=2)).reshape(positions, positions, -1)
    offsets = (np.arange(positions) - (positions - 1) / 2) * cell
    grid = centre + np.stack(np.meshgrid(offsets, offsets), axis=-1)
    return grid, np.exp(-np.median(distances, axis=-1) / _SPREAD)


def flood_fill(
    image: np.ndarray, xy: np.ndarray, *, reach: int | None = None, gradual: bool = False
) -> tuple[np.ndarray, int, int]:
    """Finds the connected region that has about the colour of the pixel at a point.

    Args:
        image: uint8 RGB (H, W, 3).
        xy: (2,), the point in pixels, pixel centres at +0.5, inside the image.
        reach: Pixels to every side of the point that are searched; None for the whole image.
        gradual: Let colours change as far as they like, but only by `GRADUAL_STEP` from pixel to pixel. So
            the region ends where it differs little from its ground, and shade does not end it.

    Returns:
        bool (h, w), the region within the part that was searched; and the column and row of the part's top
        left pixel.
    """
    cv2 = import_optional("cv2", **VIDEO_EXTRA)
    height, width = image.shape[:2]
    column, row = min(int(xy[0]), width - 1), min(int(xy[1]), height - 1)
    reach = max(width, height) if reach is None else reach
    left, top = max(column - reach, 0), max(row - reach, 0)
    part = np.ascontiguousarray(image[top : row + reach + 1, left : column + reach + 1])
    part = cv2.medianBlur(part, 3)
    mask = np.zeros((part.shape[0] + 2, part.shape[1] + 2), np.uint8)  # OpenCV wants a rim of one pixel
    near = (GRADUAL_STEP if gradual else FLOOD_TOLERANCE,) * 3
    flags = 4 | cv2.FLOODFILL_MASK_ONLY | (1 << 8) | (0 if gradual else cv2.FLOODFILL_FIXED_RANGE)
    cv2.floodFill(part, mask, (column - left, row - top), 0, near, near, flags)
    return mask[1:-1, 1:-1].astype(bool), left, top


def _mean_colours(rgb: np.ndarray, xy: np.ndarray, side: int, cells: int, brightness: float) -> np.ndarray:
    """float32 (cells, cells, 3), mean CIELAB colours of a square of `side` pixels, lightness halved."""
    cv2 = import_optional("cv2", **VIDEO_EXTRA)
    patch = cv2.getRectSubPix(rgb, (side, side), (float(xy[0]) - 0.5, float(xy[1]) - 0.5))
    small = cv2.resize(patch, (cells, cells), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    lab = cv2.cvtColor(small * (128 / max(brightness, 1.0)), cv2.COLOR_RGB2LAB)
    return np.asarray(lab * np.array([_LIGHTNESS_WEIGHT, 1, 1], np.float32))
