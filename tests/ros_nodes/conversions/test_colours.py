"""Colours of queries."""

from __future__ import annotations

import itertools

import numpy as np
from molmo_act_ros.conversions.colours import colour_of


def test_neighbouring_queries_have_colours_that_differ():
    colours = [np.array(colour_of(number)) for number in range(1, 9)]
    assert all(((colour >= 0) & (colour <= 1)).all() for colour in colours)
    distances = [np.abs(one - other).max() for one, other in itertools.combinations(colours, 2)]
    assert min(distances) > 0.1
