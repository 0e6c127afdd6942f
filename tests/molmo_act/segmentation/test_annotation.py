"""Points that stand for masks: equations 7 and 8 of VideoMolmo's paper, one by one."""

from __future__ import annotations

import numpy as np
import pytest

from molmo_act.errors import InputError
from molmo_act.segmentation.annotation import distance_to_boundary, point_of_mask

NONE = np.zeros((2, 5), bool)
FOUR = NONE.copy()
FOUR[0, :4] = True


def test_the_point_from_which_the_mask_is_found_again_is_chosen():
    two_parts = np.zeros((40, 60), bool)
    two_parts[5:35, 5:25] = two_parts[10:20, 40:50] = True  # a large part, and a small one

    def segment(points):
        """Finds the part around a point, and all of it only from the right half of the large one."""
        return np.stack([found_at(x) for x, _ in points])

    def found_at(x):
        found = np.zeros_like(two_parts)
        if 15 < x < 25:
            return two_parts
        found[5:35, 5:25] = True
        return found if x < 25 else ~found

    for seed in range(5):
        x, y = point_of_mask(two_parts, segment, np.random.default_rng(seed), candidates=12)
        assert two_parts[int(y), int(x)]
        assert 15 < x < 25


def test_distances_are_those_to_the_boundary():
    square = np.zeros((9, 9), bool)
    square[1:8, 2:9] = True  # its right side is the edge of the image
    depth = distance_to_boundary(square)
    assert depth[4].tolist() == [0, 0, 0, 1, 2, 3, 2, 1, 0]
    assert depth[:, 5].tolist() == [0, 0, 1, 2, 3, 2, 1, 0, 0]
    square[4, 5] = False  # a hole has a boundary too
    assert distance_to_boundary(square)[4].tolist() == [0, 0, 0, 1, 0, 0, 0, 1, 0]


def test_candidates_are_drawn_in_proportion_to_that_distance_and_never_on_the_boundary():
    square = np.zeros((7, 7), bool)
    square[1:6, 1:6] = True  # one pixel at distance 2, eight at 1, sixteen at 0
    drawn: list[tuple[float, float]] = []

    def segment(points):
        drawn.extend(map(tuple, points))
        return np.broadcast_to(square, (len(points), 7, 7))

    point_of_mask(square, segment, np.random.default_rng(0), candidates=20_000)
    assert {xy for xy in drawn if min(xy) < 2 or max(xy) > 5} == set()
    assert drawn.count((3.5, 3.5)) / len(drawn) == pytest.approx(2 / 10, abs=0.01)
    assert drawn.count((2.5, 4.5)) / len(drawn) == pytest.approx(1 / 10, abs=0.01)


def test_there_are_as_many_candidates_as_asked_for_and_the_first_of_equals_is_kept():
    square = np.zeros((30, 30), bool)
    square[2:28, 2:28] = True
    drawn = []

    def segment(points):
        drawn.extend(map(tuple, points))
        return np.broadcast_to(square, (len(points), 30, 30))

    point = point_of_mask(square, segment, np.random.default_rng(3), candidates=7)
    assert len(drawn) == 7
    assert tuple(point) == drawn[0]


def test_a_mask_that_is_all_boundary_has_points_too():
    point = point_of_mask(
        FOUR, lambda points: np.broadcast_to(FOUR, (len(points), 2, 5)), np.random.default_rng(0)
    )
    assert FOUR[int(point[1]), int(point[0])]


def test_an_empty_mask_has_no_point():
    with pytest.raises(InputError, match="empty"):
        point_of_mask(NONE, lambda points: [NONE] * len(points), np.random.default_rng(0))


@pytest.mark.parametrize("options", [{"candidates": 0}, {"candidates": 2.0}, {"rng": 0}])
def test_what_draws_candidates_is_checked(options):
    arguments = {"rng": np.random.default_rng(0), **options}
    with pytest.raises(InputError, match=next(iter(options))):
        point_of_mask(FOUR, lambda points: np.broadcast_to(FOUR, (len(points), 2, 5)), **arguments)
