"""J and F of DAVIS on masks small enough to count pixels by hand."""

from __future__ import annotations

import numpy as np
import pytest

from model.evaluation.metrics.segmentation import contour_accuracy, outline, region_similarity


def square(top, left, side, shape=(40, 40)):
    mask = np.zeros(shape, bool)
    mask[top : top + side, left : left + side] = True
    return mask


NONE = np.zeros((40, 40), bool)


def test_region_similarity():
    assert region_similarity(square(5, 5, 10), square(5, 5, 10)) == 1
    assert region_similarity(square(5, 5, 10), square(5, 10, 10)) == pytest.approx(50 / 150)
    assert region_similarity(NONE, NONE) == 1
    assert region_similarity(NONE, square(5, 5, 10)) == 0


def test_an_outline_lies_on_both_sides_of_the_upper_left_edges_and_inside_the_others():
    mask = np.array([[0, 0, 0, 0], [0, 1, 1, 0], [0, 1, 1, 0], [0, 0, 0, 0]], bool)
    expected = np.array([[1, 1, 1, 0], [1, 0, 1, 0], [1, 1, 1, 0], [0, 0, 0, 0]], bool)
    assert (outline(mask) == expected).all()


def test_contour_accuracy():
    # 40 × 40 pixels: the diagonal is 56.6, outlines may lie one pixel apart
    here = square(10, 10, 15)
    assert contour_accuracy(here, here) == 1
    assert contour_accuracy(here, square(11, 10, 15)) == 1  # one pixel down
    assert contour_accuracy(NONE, NONE) == 1
    assert contour_accuracy(here, NONE) == contour_accuracy(NONE, here) == 0
    assert contour_accuracy(square(0, 0, 5), square(30, 30, 5)) == 0


def test_half_an_outline_by_hand():
    """A bar twice as long as the truth; nearness counted pixel by pixel."""
    truth, longer = np.zeros((40, 40), bool), np.zeros((40, 40), bool)
    truth[10:20, 5:15] = True
    longer[10:20, 5:25] = True
    ours, theirs = outline(longer), outline(truth)
    near = sum(
        theirs[max(r - 1, 0) : r + 2, c].any() or theirs[r, max(c - 1, 0) : c + 2].any()
        for r, c in zip(*np.nonzero(ours), strict=True)
    )
    back = sum(
        ours[max(r - 1, 0) : r + 2, c].any() or ours[r, max(c - 1, 0) : c + 2].any()
        for r, c in zip(*np.nonzero(theirs), strict=True)
    )
    precision, recall = near / ours.sum(), back / theirs.sum()
    assert contour_accuracy(longer, truth) == pytest.approx(2 * precision * recall / (precision + recall))
    assert 0.5 < precision < recall < 1
