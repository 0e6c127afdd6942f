"""Pairs of detections and objects, at the least cost."""

from __future__ import annotations

import numpy as np
import pytest

from molmo_act.tracking.appearance import appearance_descriptor
from molmo_act.tracking.association import AssociationItem, associate, cosine_similarity

RED, BLUE = (
    appearance_descriptor(np.full((20, 20, 3), colour, np.uint8), np.array([10.0, 10.0]), 4, brightness=128)
    for colour in ((200, 30, 30), (30, 30, 200))
)


ROUND, LONG = np.array([1.0, 0.2]), np.array([0.2, 1.0])  # what a model saw


def seen(x, y, look=RED, query="mug", features=None):
    return AssociationItem(query, np.array([x, y], float), look, features)


def known(x, y, look=RED, query="mug", radius=30.0, lost=False, features=None, long_lost=False, unique=False):
    return AssociationItem(
        query, np.array([x, y], float), look, features, radius, lost or long_lost, long_lost, unique
    )


# Each row: what was seen, what was expected, the pairs.
CASES = [
    ([], [known(0, 0)], []),
    ([seen(0, 0)], [], []),
    ([seen(5, 5)], [known(0, 0)], [(0, 0)]),  # near
    ([seen(150, 50)], [known(0, 0)], []),  # too far for what was not lost
    ([seen(150, 50)], [known(0, 0, lost=True)], [(0, 0)]),  # but not for what was
    ([seen(150, 50)], [known(0, 0, BLUE, lost=True)], []),  # unless it looks different
    ([seen(50, 50)], [known(0, 0)], [(0, 0)]),  # flow went astray
    ([seen(50, 50), seen(5, 0)], [known(0, 0)], [(1, 0)]),  # but what is near comes first
    ([seen(5, 5)], [known(0, 0, BLUE)], []),  # something else lies there
    ([seen(5, 5)], [known(0, 0, BLUE, lost=True)], [(0, 0)]),  # half hidden, where it was lost
    ([seen(5, 5)], [known(0, 0, BLUE, long_lost=True)], []),  # but not after a long time
    ([seen(5, 5)], [known(0, 0, long_lost=True)], [(0, 0)]),
    ([seen(5, 5, query="cup")], [known(0, 0)], []),  # another query
    # the nearest neighbour of both is the first object; together they fit better the other way round
    ([seen(10, 0), seen(2, 0)], [known(0, 0), known(20, 0)], [(0, 1), (1, 0)]),
    # of two objects at one place the one that looks alike
    ([seen(5, 0)], [known(0, 0, BLUE), known(12, 0)], [(0, 1)]),
    # of two of one colour the one that the model saw alike, where it says so
    ([seen(5, 0, features=ROUND)], [known(0, 0, features=LONG), known(12, 0, features=ROUND)], [(0, 1)]),
    ([seen(5, 0, features=ROUND)], [known(0, 0), known(12, 0, features=ROUND)], [(0, 0)]),
    # what the model saw differently may still be it
    ([seen(5, 0, features=ROUND)], [known(0, 0, features=-ROUND)], [(0, 0)]),
    # a visible object nearby wins against a lost one
    ([seen(5, 0)], [known(0, 0, lost=True, radius=2.0), known(10, 0)], [(0, 1)]),
    (
        [seen(5, 0)],
        [known(5, 0, lost=True), known(20, 0)],
        [(0, 1)],
    ),  # also when the lost one would be nearer
    # what there is but once is wherever it is seen, unless something is seen where it is
    ([seen(150, 50)], [known(0, 0, unique=True)], [(0, 0)]),
    ([seen(150, 50), seen(5, 0)], [known(0, 0, unique=True)], [(1, 0)]),
    ([seen(150, 50)], [known(0, 0, BLUE, unique=True)], [(0, 0)]),  # however it looks
    ([seen(5, 5)], [known(0, 0, BLUE, unique=True)], [(0, 0)]),
    ([seen(150, 50)], [known(0, 0, BLUE, unique=True, long_lost=True)], []),  # unless it is long gone
    (
        [seen(150, 50), seen(140, 60, BLUE)],
        [known(0, 0, unique=True)],
        [(0, 0)],
    ),  # what looks alike comes first
]


@pytest.mark.parametrize(("detections", "objects", "pairs"), CASES)
def test_pairs(detections, objects, pairs):
    assert sorted(associate(detections, objects)) == pairs


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (ROUND, ROUND, 1.0),
        (ROUND, 3 * ROUND, 1.0),  # length makes no difference
        (ROUND, -ROUND, 0.0),  # never below 0
        (ROUND, LONG, 0.4 / 1.04),
        (ROUND, None, 1.0),  # not known
        (None, None, 1.0),
        (ROUND, np.ones(3), 1.0),  # of two models
        (np.zeros(2), ROUND, 1.0),  # no direction
    ],
)
def test_cosine_similarity(first, second, expected):
    assert cosine_similarity(first, second) == pytest.approx(expected)
