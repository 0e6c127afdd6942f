"""The parameters of the deproject node: what is refused, and why."""

from __future__ import annotations

import pytest

pytest.importorskip("rclpy", reason="needs the extra ros")
from molmo_act_ros.deproject_parameters import DeprojectParameters

from molmo_act.errors import InputError


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"min_depth": 2.0, "max_depth": 2.0}, "min_depth is 2.0 and max_depth 2.0"),
        ({"slop": -0.5}, "slop is -0.5"),
    ],
)
def test_values_that_contradict_are_refused(given, told):
    with pytest.raises(InputError, match=told):
        DeprojectParameters(**given)


def test_limits_of_depth_are_the_parameters():
    limits = DeprojectParameters(radius=2, min_depth=0.3, max_depth=4.0, edge=0.1).limits
    assert (limits.radius, limits.nearest, limits.farthest, limits.edge) == (2, 0.3, 4.0, 0.1)
