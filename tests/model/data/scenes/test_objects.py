"""The middle of the largest part of a mask."""

from __future__ import annotations

import numpy as np
import pytest

from model.data.scenes.objects import centre_of_largest, visible_target
from molmo_act.errors import InputError


def block(rows: slice, columns: slice) -> np.ndarray:
    mask = np.zeros((40, 60), bool)
    mask[rows, columns] = True
    return mask


def test_the_centre_is_that_of_the_largest_part_and_lies_on_it():
    two = block(slice(0, 4), slice(0, 4)) | block(slice(20, 30), slice(40, 50))
    assert centre_of_largest(two) == (45.0, 25.0)
    ring = block(slice(10, 30), slice(10, 30)) & ~block(slice(14, 26), slice(14, 26))
    x, y = centre_of_largest(ring)
    assert ring[int(y), int(x)]


def test_an_empty_mask_is_refused():
    with pytest.raises(InputError, match="mask is empty"):
        centre_of_largest(np.zeros((8, 8), bool))


def _disc(side: int) -> np.ndarray:
    rows, columns = np.mgrid[:side, :side] - (side - 1) / 2
    return np.hypot(rows, columns) < side / 2


def _ring(side: int) -> np.ndarray:
    rows, columns = np.mgrid[:side, :side] - (side - 1) / 2
    return _disc(side) & (np.hypot(rows, columns) > side / 4)


def _two_parts() -> np.ndarray:
    mask = np.zeros((30, 60), bool)
    mask[5:25, 5:15] = True
    mask[2:28, 30:58] = True
    return mask


@pytest.mark.parametrize(
    ("mask", "near", "within"),
    [
        pytest.param(_disc(41), (20.5, 20.5), 1.0, id="a disc: its centre"),
        pytest.param(_two_parts(), (44.0, 15.0), 1.0, id="cut in two: the centre of the larger part"),
        pytest.param(np.ones((1, 1), bool), (0.5, 0.5), 0.1, id="a single pixel"),
        pytest.param(np.ones((2, 50), bool), (25.0, 1.0), 2.0, id="a thin line"),
    ],
)
def test_point_is_the_centre_of_what_is_visible(
    mask: np.ndarray, near: tuple[float, float], within: float
) -> None:
    target = visible_target(mask, 100, 50)
    assert target.contains(*target.point)
    assert np.hypot(target.point[0] - 100 - near[0], target.point[1] - 50 - near[1]) <= within


def test_point_of_a_ring_lies_on_the_ring() -> None:
    target = visible_target(_ring(40), 0, 0)
    assert target.contains(*target.point)
    assert 10 < np.hypot(target.point[0] - 20, target.point[1] - 20) < 20
