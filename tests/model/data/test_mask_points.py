"""The middle of the largest part of a mask."""

from __future__ import annotations

import numpy as np
import pytest

from model.data.mask_points import centre_of_largest
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
