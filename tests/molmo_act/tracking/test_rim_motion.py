"""Each point of a rim has a vote only on what it can see; contradiction means that the motion is unknown."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from molmo_act.tracking.rim_motion import Measured, common_motion, least_share

NORMALS = {"right": (1, 0), "bottom": (0, 1), "left": (-1, 0), "top": (0, -1)}
ALONG = np.linspace(-60, 60, 6)


def box(*sides: str) -> tuple[np.ndarray, np.ndarray]:
    """Six points on each of the given sides of a box of 200 × 150 around (300, 200)."""
    outwards = np.repeat([NORMALS[side] for side in sides], 6, axis=0).astype(float)
    along = np.tile(ALONG, len(sides))[:, None] * outwards[:, ::-1]
    return (300, 200) + outwards * (100, 75) + along, outwards


def measured(*per_side: float | None, doubtful: tuple[int, ...] = ()) -> Measured:
    """What is found on each side, in pixels outwards; None for nothing."""
    found = np.repeat([value is not None for value in per_side], 6)
    across = np.repeat([value or 0.0 for value in per_side], 6)
    doubts = np.repeat([index in doubtful for index in range(len(per_side))], 6)
    return Measured(across, found, np.zeros((len(found), 3), np.float32), doubts)


ALL = box("right", "bottom", "left", "top")


@pytest.mark.parametrize("seen", [(4.0, 1.0, -4.0, -1.0), (4.0, None, -4.0, -1.0), (4.0, 1.0, None, -1.0)])
def test_a_shift_is_what_the_sides_across_it_say(seen):
    motion, _ = common_motion(*ALL, measured(*seen))
    assert motion.of(np.array([320.0, 210.0])) == pytest.approx((4, 1))


def test_sides_along_a_motion_have_no_vote_on_it():
    motion, _ = common_motion(*ALL, measured(None, 0.0, None, 0.0))
    assert motion is None  # a motion to the left or right is unknown, not none


def test_of_sides_that_contradict_each_other_neither_is_believed():
    assert common_motion(*ALL, measured(0.0, 0.0, -4.0, 0.0))[0] is None
    assert common_motion(*box("right", "left"), measured(0.0, -4.0))[0] is None


def test_an_edge_beyond_which_the_colour_has_changed_is_that_of_another_thing():
    motion, agrees = common_motion(*ALL, measured(0.0, 0.0, -4.0, 0.0, doubtful=(0,)))
    assert motion.of(np.array([300.0, 200.0])) == pytest.approx((4, 0))
    assert not agrees[:6].any()


def test_a_side_that_may_be_the_edge_of_another_thing_tells_no_motion_alone():
    cut_off = box("right", "bottom", "top")
    assert common_motion(*cut_off, measured(0.0, 0.0, 0.0, doubtful=(0,)))[0] is None
    on_texture = replace(measured(0.0, 0.0, 0.0, doubtful=(0,)), plain_ground=False)
    assert common_motion(*cut_off, on_texture)[0] is not None


@pytest.mark.parametrize("grown", [1.0, 2.0, -1.5])
def test_sides_that_move_apart_are_a_change_of_size_about_the_centre(grown):
    motion, agrees = common_motion(*ALL, measured(2 * grown, 1.5 * grown, 2 * grown, 1.5 * grown))
    assert motion.of(np.array([300.0, 200.0])) == pytest.approx((0, 0), abs=1e-6)
    assert motion.of(np.array([350.0, 125.0])) == pytest.approx((grown, -1.5 * grown))
    assert agrees.all()


def test_a_shift_and_a_change_of_size_are_told_apart():
    motion, _ = common_motion(*ALL, measured(2.0 + 4, 1.5, 2.0 - 4, 1.5))
    assert motion.of(np.array([300.0, 200.0])) == pytest.approx((4, 0))


def test_a_turn_turns_the_directions_too():
    points, outwards = ALL
    turned = 0.01 * (outwards[:, 1] * (points[:, 0] - 300) - outwards[:, 0] * (points[:, 1] - 200))
    found = Measured(turned, np.ones(24, bool), np.zeros((24, 3), np.float32), np.zeros(24, bool))
    motion, _ = common_motion(points, outwards, found)
    assert motion.of(np.array([400.0, 200.0])) == pytest.approx((0, 1))
    assert motion.turned(np.array([[1.0, 0.0]]))[0] == pytest.approx((1, 0.01), abs=1e-3)


def test_what_no_side_can_see_counts_as_none():
    motion, _ = common_motion(*box("right", "left"), measured(3.0, -3.0))
    assert motion.of(np.array([300.0, 200.0])) == pytest.approx((3, 0))


def test_the_least_share_is_that_of_the_direction_that_is_seen_worst():
    _, outwards = ALL
    upright = np.abs(outwards[:, 0]) > 0.5
    assert least_share(outwards, np.ones(24)) == pytest.approx(1)
    assert least_share(outwards, ~upright) == pytest.approx(0)
    assert least_share(outwards, np.arange(24) >= 6) == pytest.approx(0.5)
    assert least_share(outwards[upright], np.ones(12)) == pytest.approx(1)
    assert least_share(np.zeros((0, 2)), np.zeros(0)) == 1
