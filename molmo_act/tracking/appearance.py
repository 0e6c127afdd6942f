"""How the surroundings of a point look, as a few colours that can be compared; knows no motion."""

from __future__ import annotations

import numpy as np

from molmo_act.tracking.packages import opencv

CELLS = 4  # the surroundings are described by CELLS × CELLS mean colours
_LIGHTNESS_WEIGHT = 0.5  # lightness changes with shadow and exposure more than hue does
_SPREAD = 25.0  # CIELAB units that make two looks as different as 1/e


def look(rgb: np.ndarray, xy: np.ndarray, radius: float, *, brightness: float) -> np.ndarray:
    """Mean colours of the square around a point, float32 (CELLS², 3) in CIELAB, lightness halved.

    Args:
        rgb: uint8 (H, W, 3) RGB.
        brightness: Mean level of the whole frame, in [0, 255]; colours are taken as if it were 128, so that
            automatic exposure and passing clouds change no look.
        xy: (2,), the point in pixels, pixel centres at +0.5; beyond the edge the edge's pixels repeat.
        radius: Half the side of the square in pixels.
    """
    return _colours(rgb, xy, 2 * round(radius) + 1, CELLS, brightness).reshape(-1, 3)


def likeness(first: np.ndarray, second: np.ndarray) -> float:
    """How alike two looks are: 1 for the same, 1/e where the median cell differs by 25 CIELAB units.

    The median, because up to half of the cells may show what moves behind or in front of the thing.
    """
    return float(np.exp(-np.median(np.linalg.norm(first - second, axis=1)) / _SPREAD))


def likeness_around(
    rgb: np.ndarray, like: np.ndarray, centre: np.ndarray, radius: float, reach: float, *, brightness: float
) -> tuple[np.ndarray, np.ndarray]:
    """How alike places around a point look: `likeness` of many `look`s at once.

    Args:
        rgb, radius, brightness: See `look`.
        like: The look that is searched for.
        centre: (2,), the middle of the places, in pixels.
        reach: How far the places go to every side, in pixels.

    Returns:
        float64 (P, P, 2), the places, rows first; and float64 (P, P), their likenesses.
    """
    cell = (2 * round(radius) + 1) / CELLS
    places = 2 * round(reach / cell) + 1
    cells = places + CELLS - 1
    lab = _colours(rgb, centre, round(cells * cell), cells, brightness)
    windows = np.lib.stride_tricks.sliding_window_view(lab, (CELLS, CELLS), axis=(0, 1))
    differences = windows - like.reshape(CELLS, CELLS, 3).transpose(2, 0, 1)
    away = np.sqrt(np.square(differences).sum(axis=2)).reshape(places, places, -1)
    offsets = (np.arange(places) - (places - 1) / 2) * cell
    grid = centre + np.stack(np.meshgrid(offsets, offsets), axis=-1)
    return grid, np.exp(-np.median(away, axis=-1) / _SPREAD)


def _colours(rgb: np.ndarray, xy: np.ndarray, side: int, cells: int, brightness: float) -> np.ndarray:
    """Of a square of `side` pixels, cells × cells mean colours, float32 (cells, cells, 3); see `look`."""
    cv2 = opencv()
    patch = cv2.getRectSubPix(rgb, (side, side), (float(xy[0]) - 0.5, float(xy[1]) - 0.5))
    small = cv2.resize(patch, (cells, cells), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    lab = cv2.cvtColor(small * (128 / max(brightness, 1.0)), cv2.COLOR_RGB2LAB)
    return lab * np.array([_LIGHTNESS_WEIGHT, 1, 1], np.float32)
