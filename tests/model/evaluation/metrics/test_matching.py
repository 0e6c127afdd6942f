"""Pairing points with objects, and whether a pixel lies on a mask."""

from __future__ import annotations

import numpy as np

from model.evaluation.metrics.matching import PointScore, assign, inside


def test_pairs_have_the_least_total_distance():
    predicted, truth = np.array([[0.0, 0], [3, 0]]), np.array([[2.0, 0], [4, 0]])
    assert assign(predicted, truth) == [(0, 0), (1, 1)]
    assert assign(predicted, truth[:1]) == [(1, 0)]  # the far one is left without an object


def test_pixels_are_rounded_half_to_even_and_the_border_is_outside():
    mask = np.zeros((4, 4), bool)
    mask[2, 2] = True
    assert inside(mask, 2.5, 1.5)  # both round to 2
    assert not inside(mask, 3.5, 2)
    full = np.ones((4, 4), bool)
    assert inside(full, -0.5, 3.4)
    assert not inside(full, 4.0, 0)
    assert not inside(full, 0, -0.6)
    assert not inside(None, 0, 0)


def test_a_perfect_answer_scores_a_little_less_than_1():
    assert PointScore.of(3, 3, 3) == PointScore(1.0, 1.0, 0.99999999995)
    assert PointScore.of(0, 3, 2) == PointScore.all(0.0)
