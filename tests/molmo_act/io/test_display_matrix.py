"""A frame is turned in all eight ways in which a display matrix can ask for it."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from molmo_act.io.display_matrix import apply_display_matrix

ONE = 1 << 16
EIGHT = [
    (turn, across, down) for turn, across, down in itertools.product((False, True), (ONE, -ONE), (ONE, -ONE))
]


def matrix_of(turned: bool, across: int, down: int) -> list[int]:
    """(a b u, c d v, x y w): a stored pixel (x, y) is shown at (a·x + c·y, b·x + d·y)."""
    a, b, c, d = (0, down, across, 0) if turned else (across, 0, 0, down)
    return [a, b, 0, c, d, 0, 0, 0, 1 << 30]


def shown(pixels: np.ndarray, matrix: list[int]) -> np.ndarray:
    """Every pixel put where the matrix says, as the specification has it, one by one."""
    a, b, _, c, d = (value // ONE for value in matrix[:5])
    height, width = pixels.shape[:2]
    places = {(a * x + c * y, b * x + d * y): pixels[y, x] for y in range(height) for x in range(width)}
    left, top = (min(place[axis] for place in places) for axis in (0, 1))
    columns, rows = (len({place[axis] for place in places}) for axis in (0, 1))
    result = np.zeros((rows, columns, 3), np.uint8)
    for (x, y), pixel in places.items():
        result[y - top, x - left] = pixel
    return result


@pytest.mark.parametrize(("turned", "across", "down"), EIGHT)
def test_every_pixel_is_where_the_matrix_puts_it(turned: bool, across: int, down: int) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (3, 5, 3), dtype=np.uint8)
    matrix = matrix_of(turned, across, down)
    np.testing.assert_array_equal(apply_display_matrix(pixels, np.array(matrix)), shown(pixels, matrix))


def test_a_matrix_of_nothing_turns_nothing() -> None:
    pixels = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    np.testing.assert_array_equal(apply_display_matrix(pixels, np.zeros(9, int)), pixels)


def test_a_slanted_matrix_is_taken_for_the_nearest() -> None:
    pixels = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    nearly = np.array([100, -ONE + 9, 0, ONE - 9, -100, 0, 0, 0, 1 << 30])
    np.testing.assert_array_equal(apply_display_matrix(pixels, nearly), np.rot90(pixels, 1))
