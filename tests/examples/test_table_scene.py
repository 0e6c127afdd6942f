"""The rendered camera picture shows each thing where it says."""

from __future__ import annotations

import numpy as np
import pytest


def test_each_thing_has_its_colour_where_it_is_and_nowhere_else():
    import table_scene

    picture = np.asarray(table_scene.render()).astype(int)
    assert picture.shape == (240, 320, 3)
    for thing in table_scene.THINGS:
        near = np.abs(picture - thing.colour).max(axis=2) < 25
        rows, columns = np.nonzero(near)
        assert abs(columns.mean() - thing.centre[0]) < 2, thing.name
        assert all(thing.holds(x + 0.5, y + 0.5) for x, y in zip(columns[::29], rows[::29], strict=True))
        width = columns.max() - columns.min()
        assert thing.radius * 1.3 < width <= thing.radius * 2, thing.name


# Each row: a pixel, and whether it lies on the red circle of radius 28 around (82, 75).
PLACES = [
    ((82, 75), True),  # its centre
    ((108, 75), True),  # just inside
    ((112, 75), False),  # just outside
    ((235, 72), False),  # on another thing
    ((-1, 75), False),  # left of the picture
    ((82, 240), False),  # below it
]


@pytest.mark.parametrize(("place", "held"), PLACES)
def test_a_thing_knows_what_lies_on_it(place, held):
    from table_scene import THINGS

    assert THINGS[0].holds(*place) is held


def test_noise_follows_the_seed():
    from table_scene import render

    assert render(1).tobytes() == render(1).tobytes() != render(2).tobytes()
