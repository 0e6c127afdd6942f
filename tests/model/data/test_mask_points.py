"""Points of masks: deep inside, told apart by a segmenter, and in the middle of the largest part."""

from __future__ import annotations

import numpy as np
import pytest

from model.data.mask_points import best_point, candidates, centre_of_largest, depth, overlap
from molmo_act.errors import InputError

EMPTY = np.zeros((8, 8), bool)


def block(rows: slice, columns: slice, shape=(40, 60)) -> np.ndarray:
    mask = np.zeros(shape, bool)
    mask[rows, columns] = True
    return mask


def test_depth_counts_the_edge_of_the_picture_as_a_boundary():
    mask = block(slice(0, 5), slice(0, 60), (5, 60))
    assert depth(mask)[2, 30] == pytest.approx(3)
    assert depth(mask)[0, 30] == pytest.approx(1)


def test_candidates_are_drawn_in_proportion_to_their_depth():
    mask = block(slice(10, 31), slice(10, 31))
    places = candidates(mask, 20_000, np.random.default_rng(0))
    assert mask[places[:, 1].astype(int), places[:, 0].astype(int)].all()
    assert ((places % 1) == 0.5).all()
    weights = depth(mask)
    drawn = weights[places[:, 1].astype(int), places[:, 0].astype(int)]
    assert drawn.mean() == pytest.approx((weights**2).sum() / weights.sum(), rel=0.01)


def test_the_point_from_which_the_mask_is_found_again_is_kept():
    """A thing of two halves: from its left the segmenter finds all of it, from its right only that half."""
    left, right = block(slice(5, 35), slice(5, 30)), block(slice(5, 35), slice(30, 55))
    image = np.zeros((40, 60, 3), np.uint8)

    def segment(picture, place):
        assert picture is image
        return left | right if place[0] < 30 else right

    for seed in range(5):
        x, _ = best_point(image, left | right, segment, np.random.default_rng(seed))
        assert x < 30


def test_the_centre_is_that_of_the_largest_part_and_lies_on_it():
    two = block(slice(0, 4), slice(0, 4)) | block(slice(20, 30), slice(40, 50))
    assert centre_of_largest(two) == (45.0, 25.0)
    ring = block(slice(10, 30), slice(10, 30)) & ~block(slice(14, 26), slice(14, 26))
    x, y = centre_of_largest(ring)
    assert ring[int(y), int(x)]


def test_overlap():
    assert overlap(block(slice(0, 2), slice(0, 2)), block(slice(0, 2), slice(1, 3))) == pytest.approx(1 / 3)
    assert overlap(EMPTY, EMPTY) == 0


@pytest.mark.parametrize("call", [depth, centre_of_largest, lambda mask: candidates(mask, 1, None)])
def test_an_empty_mask_is_refused(call):
    with pytest.raises(InputError, match="mask is empty"):
        call(EMPTY)
