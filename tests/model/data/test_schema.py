"""Targets: which points lie on them."""

from __future__ import annotations

import numpy as np
import pytest

from model.data.schema import Target


@pytest.mark.parametrize(
    ("x", "y", "inside"),
    [
        (2.0, 3.0, True),  # the left top corner is a part of the box
        (5.9, 4.9, True),
        (6.0, 4.0, False),  # the right edge is not
        (4.0, 5.0, False),  # nor is the bottom edge
        (1.9, 4.0, False),
    ],
)
def test_boxes_have_their_left_and_top_edges(x: float, y: float, inside: bool) -> None:
    assert Target((4.0, 4.0), (2.0, 3.0, 6.0, 5.0)).contains(x, y) is inside


def test_a_mask_leaves_out_what_is_not_visible() -> None:
    mask = np.array([[True, False], [False, True]])
    target = Target((2.5, 3.5), (2.0, 3.0, 4.0, 5.0), mask)
    assert target.contains(2.5, 3.5)
    assert not target.contains(3.5, 3.5)
    assert target.contains(3.99, 4.99)
    assert not target.contains(2.5, 4.5)
