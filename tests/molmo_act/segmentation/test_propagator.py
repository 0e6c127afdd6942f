"""What a propagator gives is checked; one without a point is not asked."""

from __future__ import annotations

import numpy as np
import pytest

from molmo_act.errors import InputError
from molmo_act.segmentation.propagator import propagated

FRAMES = [np.zeros((4, 6, 3), np.uint8)] * 3


def test_without_a_point_there_is_nothing_to_ask():
    def never(*_):
        raise AssertionError

    assert propagated(never, FRAMES, np.zeros((0, 2))).shape == (0, 3, 4, 6)


@pytest.mark.parametrize("shape", [(3, 4, 6), (1, 3, 6, 4), (1, 2, 4, 6), (2, 3, 4, 6)])
def test_masks_of_another_size_are_refused(shape):
    with pytest.raises(InputError, match="expected bool"):
        propagated(lambda frames, xy: np.zeros(shape, bool), FRAMES, np.array([[1.0, 1.0]]))
