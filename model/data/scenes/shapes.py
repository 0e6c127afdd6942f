"""Coloured geometric shapes as RGBA sprites."""

from __future__ import annotations

import colorsys
import functools

import numpy as np

from molmo_act._optional import lazy_import

cv2 = lazy_import("cv2", extra="train", purpose="drawing and measuring images")

# Hue, saturation and value ranges (all in [0, 1]) that nearly everybody gives this name.
_COLOUR_RANGES = {
    "red": ((-0.015, 0.012), (0.8, 1.0), (0.7, 0.95)),
    "orange": ((0.065, 0.09), (0.85, 1.0), (0.92, 1.0)),
    "yellow": ((0.14, 0.165), (0.75, 1.0), (0.92, 1.0)),
    "green": ((0.29, 0.4), (0.6, 1.0), (0.4, 0.8)),
    "blue": ((0.57, 0.655), (0.7, 1.0), (0.55, 1.0)),
    "purple": ((0.75, 0.79), (0.6, 0.9), (0.45, 0.8)),
    "pink": ((0.9, 0.95), (0.3, 0.5), (0.95, 1.0)),
    "brown": ((0.05, 0.075), (0.6, 0.8), (0.35, 0.5)),
    "black": ((0.0, 1.0), (0.0, 0.2), (0.02, 0.13)),
    "white": ((0.0, 1.0), (0.0, 0.02), (0.96, 1.0)),
    "grey": ((0.0, 1.0), (0.0, 0.04), (0.42, 0.62)),
}
COLOURS = tuple(_COLOUR_RANGES)
_COLOUR_CUMULATIVE = np.cumsum((0.16, 0.09, 0.13, 0.15, 0.16, 0.08, 0.07, 0.04, 0.05, 0.04, 0.03))


def draw_colour(rng: np.random.Generator) -> str:
    """Returns the name of a random colour, plain ones more often."""
    return COLOURS[min(int(np.searchsorted(_COLOUR_CUMULATIVE, rng.random())), len(COLOURS) - 1)]


def shade(rng: np.random.Generator, colour: str) -> np.ndarray:
    """Draws a random shade that goes by a colour's name.

    Args:
        rng: Source of all randomness.
        colour: One of `COLOURS`.

    Returns:
        float (3,), RGB in [0, 255].
    """
    hue, saturation, value = (rng.uniform(*bounds) for bounds in _COLOUR_RANGES[colour])
    return np.array(colorsys.hsv_to_rgb(hue % 1.0, saturation, value)) * 255


def _regular(corners: int, turn: float = -90.0) -> np.ndarray:
    angle = np.deg2rad(turn + np.arange(corners) * 360 / corners)
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)


def _star() -> np.ndarray:
    points = _regular(10)
    points[1::2] *= 0.42
    return points


def _heart() -> np.ndarray:
    t = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    x = 16 * np.sin(t) ** 3
    y = 13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)
    return np.stack([x, -y - 2.5], axis=1) / 17


def _crescent() -> np.ndarray:
    outer = np.linspace(np.deg2rad(40), np.deg2rad(320), 40)
    inner = outer[::-1]
    points = [np.stack([np.cos(outer), np.sin(outer)], axis=1)]
    tip = np.cos(np.deg2rad(40))
    points.append(np.stack([tip + (np.cos(inner) - tip) * 0.42, np.sin(inner) * 1.0], axis=1))
    return np.concatenate(points)


_OUTLINES = {
    "circle": _regular(64),
    "square": _regular(4, 45) * 1.15,
    "triangle": _regular(3) * 1.1,
    "star": _star(),
    "heart": _heart(),
    "diamond": _regular(4, 0) * np.array([0.68, 1.0]),
    "rectangle": np.array([[-1, -0.52], [1, -0.52], [1, 0.52], [-1, 0.52]]),
    "oval": _regular(64) * np.array([1.0, 0.58]),
    "pentagon": _regular(5),
    "hexagon": _regular(6, 0),
    "octagon": _regular(8, 22.5),
    "cross": np.array(
        [[-0.32, -1], [0.32, -1], [0.32, -0.32], [1, -0.32], [1, 0.32], [0.32, 0.32],
         [0.32, 1], [-0.32, 1], [-0.32, 0.32], [-1, 0.32], [-1, -0.32], [-0.32, -0.32]]
    ),
    "crescent": _crescent(),
    "ring": _regular(64),
    "arrow": np.array(
        [[-1, -0.28], [0.15, -0.28], [0.15, -0.75], [1, 0], [0.15, 0.75], [0.15, 0.28], [-1, 0.28]]
    ),
    "semicircle": np.concatenate([_regular(64, 180)[:33] + np.array([0, 0.45])]),
    "trapezoid": np.array([[-0.5, -0.6], [0.5, -0.6], [1, 0.6], [-1, 0.6]]),
}  # fmt: skip
SHAPES = tuple(_OUTLINES)
_SHAPE_CUMULATIVE = np.cumsum(np.array([20, 18, 16, 16, 12, 8, 8, 6, 4, 5, 2, 5, 4, 5, 6, 2, 2]) / 139.0)
# How far a shape may be turned, in degrees, before people call it something else.
_MAX_TURN = {
    "square": 14.0,
    "diamond": 10.0,
    "cross": 14.0,
    "rectangle": 180.0,
    "heart": 40.0,
    "trapezoid": 25.0,
}


def outline(shape: str) -> np.ndarray:
    """Returns the corners of a shape around the origin.

    Args:
        shape: One of `SHAPES`.

    Returns:
        float (N, 2), y downwards; of a ring its outer rim.
    """
    return _OUTLINES[shape].copy()


def draw_shape(rng: np.random.Generator) -> str:
    """Returns the name of a random shape, plain ones more often."""
    return SHAPES[min(int(np.searchsorted(_SHAPE_CUMULATIVE, rng.random())), len(SHAPES) - 1)]


@functools.cache
def _light_ramp(side: int) -> np.ndarray:
    """int16 (side, side, 1): lighter at the top left, darker at the bottom right, from -40 to 40."""
    ramp = np.linspace(1, -1, side)[:, None] + np.linspace(1, -1, side)[None]
    return (ramp * 20).astype(np.int16)[..., None]


def _mask(rng: np.random.Generator, shape: str, side: int) -> tuple[np.ndarray, np.ndarray]:
    turn = np.deg2rad(rng.uniform(-1, 1) * _MAX_TURN.get(shape, 180.0 if rng.random() < 0.4 else 15.0))
    turned = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    points = (_OUTLINES[shape] * (1, rng.uniform(0.88, 1.0))) @ turned.T
    centre = (points.max(axis=0) + points.min(axis=0)) / 2
    points = (points - centre) / np.abs(points - centre).max()
    corners = np.round((points * 0.47 * side + side / 2) * 16).astype(np.int32)[None]
    mask = np.zeros((side, side), np.uint8)
    cv2.fillPoly(mask, corners, 255, cv2.LINE_AA, shift=4)
    if shape == "ring":
        hole = np.round((points * 0.47 * rng.uniform(0.5, 0.68) * side + side / 2) * 16).astype(np.int32)[
            None
        ]
        cv2.fillPoly(mask, hole, 0, cv2.LINE_AA, shift=4)
    return mask, corners


def shape_sprite(
    rng: np.random.Generator, shape: str, colour: str, side: int, ground: np.ndarray
) -> np.ndarray:
    """Draws one shape as a sprite.

    Args:
        rng: Source of all randomness.
        shape: One of `SHAPES`.
        colour: One of `COLOURS`.
        side: Longer side in pixels.
        ground: float (3,) RGB mean of what will lie around it; a shape of nearly that colour gets an outline.

    Returns:
        uint8 (side, side, 4) RGBA, colour premultiplied by alpha.
    """
    mask, corners = _mask(rng, shape, side)
    fill = shade(rng, colour)
    rgb = np.empty((side, side, 3), np.uint8)
    rgb[:] = np.round(fill).astype(np.uint8)
    near = float(np.abs(fill - ground).max()) < 48
    if near or rng.random() < 0.3:
        dark = fill.mean() > 105
        line = fill * 0.45 if dark and not near else np.full(3, 25.0 if dark else 235.0)
        thickness = max(1, round(side * float(rng.uniform(0.03, 0.07))))
        if shape == "ring":
            edge = mask - cv2.erode(mask, np.ones((3, 3), np.uint8), iterations=thickness)
            rgb[edge > 127] = np.round(line).astype(np.uint8)
        else:
            cv2.polylines(rgb, [corners[0]], True, line.tolist(), thickness * 2, cv2.LINE_AA, shift=4)
    if rng.random() < 0.45 and colour not in ("black", "white"):
        rgb = np.clip(rgb.astype(np.int16) + _light_ramp(side), 0, 255).astype(np.uint8)
    premultiplied = cv2.multiply(rgb, cv2.merge((mask, mask, mask)), scale=1 / 255)
    return np.dstack((premultiplied, mask))


def recolour(rng: np.random.Generator, sprite: np.ndarray, colour: str) -> np.ndarray:
    """Paints a drawing over in one colour; its light and dark parts stay.

    Args:
        rng: Source of the shade.
        sprite: uint8 (h, w, 4) RGBA, colour premultiplied by alpha.
        colour: One of `COLOURS` but black and white, which leave no detail.

    Returns:
        uint8 (h, w, 4) RGBA, colour premultiplied by alpha.
    """
    alpha = sprite[..., 3]
    grey = cv2.cvtColor(np.ascontiguousarray(sprite[..., :3]), cv2.COLOR_RGB2GRAY)
    light = grey.astype(np.float32)
    mean = max(float(light.sum()) / max(float(alpha.sum(dtype=np.float64)), 1.0), 0.08)
    strength = np.clip(light * np.float32(1 / mean), 0, 1.25 * alpha.astype(np.float32)) / 255
    painted = strength[..., None] * shade(rng, colour).astype(np.float32)
    rgb = np.minimum(painted, alpha[..., None]).astype(np.uint8)
    return np.dstack((rgb, alpha))
