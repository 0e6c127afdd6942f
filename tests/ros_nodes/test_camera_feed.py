"""Which of two topics brings a camera's images, and how old the newest one is."""

from __future__ import annotations

import pytest
from molmo_act_ros import camera_feed
from molmo_act_ros.camera_feed import CameraFeed


@pytest.fixture
def wall(monkeypatch) -> list[float]:
    """The monotonic clock: its first item."""
    now = [100.0]
    monkeypatch.setattr(camera_feed.time, "monotonic", lambda: now[0])
    return now


def test_the_first_topic_is_used_until_it_is_silent(wall):
    feed = CameraFeed(lambda: 0.0)
    assert feed.take("raw", "1").message == "1"
    assert feed.take("compressed", "1") is None
    wall[0] += 1.9
    assert feed.take("raw", "2").received == 101.9
    wall[0] += 1.9
    assert feed.take("compressed", "3") is None
    assert feed.newest.message == "2"
    wall[0] += 0.2
    assert feed.take("compressed", "4").message == "4"
    assert feed.take("raw", "5") is None


def test_age_is_by_the_clock_of_the_node_which_may_stand_still(wall):
    simulated = [7.0]
    feed = CameraFeed(lambda: simulated[0])
    assert feed.age() is None
    feed.take("raw", "1")
    wall[0] += 60
    assert feed.age() == 0.0, "the simulation is paused"
    simulated[0] += 2.5
    assert feed.age() == 2.5
    feed.clear()
    assert (feed.newest, feed.age()) == (None, None)


def test_a_topic_that_is_left_out_brings_nothing_that_counts(wall):
    """Its stamps, which may be behind by seconds, reset time with every image."""
    feed = CameraFeed(lambda: 0.0)
    assert feed.brings("raw")
    assert feed.brings("compressed")
    feed.take("raw", "1")
    assert not feed.brings("compressed")
    assert feed.brings("raw")
    wall[0] += 2.0
    assert feed.brings("compressed")


def test_age_is_by_the_wall_while_a_simulated_clock_has_not_begun(wall):
    feed = CameraFeed(lambda: 0.0)
    feed.take("raw", "1")
    wall[0] += 60
    assert feed.age() == 60.0, "use_sim_time without /clock"
