"""State of one object: flow, detections, extrapolation, and what is expected of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from molmo_act.outputs.tracks import GROUNDED, PROPAGATED
from molmo_act.tracking.keyframe import Detection
from molmo_act.tracking.optical_flow import TrackedPoint
from molmo_act.tracking.track import HALF_LIFE, TrackState

POINT = TrackedPoint(
    np.array([100.0, 50.0]), np.zeros((0, 2), np.float32), 8.0, np.zeros((16, 3), np.float32)
)


def at(x: float, y: float) -> TrackedPoint:
    return replace(POINT, xy=np.array([x, y]))


def track() -> TrackState:
    return TrackState(1, "mug", POINT, score=0.8, seen_at=0.0)


def moving(steps: int = 6) -> TrackState:
    """An object that moved by 3 pixels right in every tenth of a second, and then was lost at 1 s."""
    moved = track()
    for step in range(1, steps + 1):
        moved.apply_flow(at(100 + 3 * step, 50), (step - 1) / 10, step / 10)
    moved.apply_flow(None, 0.9, 1.0)
    return moved


def detection(point: TrackedPoint | None) -> Detection:
    return Detection("mug", 0.6, np.ones(3), POINT, point)


def test_flow_moves_it_and_loses_it():
    moved = track()
    moved.apply_flow(at(103, 50), 0.0, 0.1)
    assert (moved.point.xy.tolist(), moved.source, moved.visible) == ([103, 50], PROPAGATED, True)
    moved.apply_flow(None, 0.1, 0.2)
    assert (moved.point.xy.tolist(), moved.visible, moved.lost_at) == ([103, 50], False, 0.2)
    assert moved.lost_for(0.7) == pytest.approx(0.5)
    assert track().lost_for(5.0) == 0


def test_velocity_is_the_median_so_that_one_wrong_step_does_not_count():
    moved = moving()
    assert moved.velocity == pytest.approx([30, 0])
    wrong = track()
    for step, x in enumerate((103, 106, 150, 153, 156)):
        wrong.apply_flow(at(x, 50), step / 10, (step + 1) / 10)
    assert wrong.velocity == pytest.approx([30, 0])
    assert track().velocity.tolist() == [0, 0]


def test_a_lost_object_is_extrapolated_for_a_second():
    lost = moving()
    assert lost.predicted_xy(1.5) == pytest.approx([118 + 15, 50])
    assert lost.predicted_xy(2.0) == pytest.approx([118 + 30, 50])
    assert lost.predicted_xy(9.0) == pytest.approx([118 + 30, 50])


def test_it_is_reacquired_near_where_it_was_and_further_off_the_more_it_moved():
    lost = moving()
    middle, reach = lost.search_area(1.0)
    assert (middle.tolist(), reach) == ([118, 50], pytest.approx(3 * 8))
    middle, reach = lost.search_area(2.0)
    assert (middle.tolist(), reach) == ([148, 50], pytest.approx(3 * 8 + 15))
    large = replace(POINT, radius=16.0)
    lost.point = replace(large, xy=lost.point.xy)
    assert lost.search_area(2.0)[1] == 48  # the most


def test_the_search_radius_of_a_lost_object_grows():
    assert track().prediction(0.0).search_radius == 40  # five radii
    small = track()
    small.point = replace(POINT, radius=4.0)
    assert small.prediction(0.0).search_radius == 32  # at least
    lost = moving()
    near, far = lost.prediction(1.5), lost.prediction(3.0)
    assert (near.search_radius, far.search_radius) == (pytest.approx(40 + 100), pytest.approx(40 + 400))
    assert (near.lost, near.long_lost, far.long_lost) == (True, False, True)
    assert near.xy == pytest.approx([133, 50])


def test_a_detection_makes_it_visible_and_confirmed():
    lost = moving()
    lost.misses = 2
    lost.apply_detection(detection(at(130, 50)), seen_at=1.2)
    assert (lost.visible, lost.source, lost.misses, lost.confirmed) == (True, GROUNDED, 0, True)
    assert (lost.score, lost.seen_at, lost.point.xy.tolist()) == (0.6, 1.2, [130, 50])
    assert lost.velocity.tolist() == [0, 0]  # what it did before it was lost says nothing


def test_a_detection_that_flow_could_not_propagate_says_nothing_of_the_position():
    lost = moving()
    lost.apply_detection(detection(None), seen_at=1.2)
    assert (lost.visible, lost.score, lost.seen_at) == (False, 0.6, 1.2)
    assert lost.point.xy.tolist() == [118, 50]


def test_it_is_reacquired_with_the_point_that_was_found():
    lost = moving()
    lost.apply_reacquired(None)
    assert not lost.visible
    lost.apply_reacquired(at(125, 50))
    assert (lost.visible, lost.source, lost.point.xy.tolist()) == (True, PROPAGATED, [125, 50])


def test_the_score_is_halved_with_time():
    assert track().score_at(0.0) == pytest.approx(0.8)
    assert track().score_at(2 * HALF_LIFE) == pytest.approx(0.2)
