"""What is said of an input by how long it has been silent."""

from __future__ import annotations

import pytest

pytest.importorskip("rclpy", reason="needs the extra ros")
from molmo_act_ros.diagnostics import ERROR, OK, WARN
from molmo_act_ros.inputs import ClockWatch, InputWatch


@pytest.fixture
def watch() -> InputWatch:
    """Of a camera on either of two topics, and of answers that may take five times as long, since 100 s."""
    watch = InputWatch()
    watch.expect(("image", "image/compressed"), ("/cam/image", "/cam/image/compressed"), 1.0, 100.0)
    watch.expect(("pointed_pixels",), ("/pointed_pixels",), 5.0, 100.0)
    return watch


def levels(watch: InputWatch, now: float, timeout: float = 2.0, published: bool = True) -> list[int]:
    return [state.level for state in watch.states(now, timeout, lambda name: published)]


def test_silence_is_a_warning_and_then_an_error(watch):
    assert [levels(watch, now) for now in (101.9, 102.0, 106.0, 110.0, 130.0)] == [
        [OK, OK],
        [WARN, OK],
        [ERROR, OK],
        [ERROR, WARN],
        [ERROR, ERROR],
    ]
    assert levels(watch, 106.0, published=False) == [ERROR, ERROR], "nobody publishes: no reason to wait"
    assert levels(watch, 1e6, timeout=0.0) == [OK, OK]


def test_one_of_two_topics_suffices_and_a_death_is_noticed_after_messages_too(watch):
    for number in range(21):
        watch.arrived("image/compressed", 110.0 + number / 10)
    watch.arrived("elsewhere", 110.0)
    image, _ = watch.states(112.0, 2.0, lambda name: True)
    assert (image.topic, image.level, image.text) == ("image", OK, "10.0 messages per second")
    assert image.values["messages"] == "21"
    image, _ = watch.states(114.5, 2.0, lambda name: name == "/cam/image")
    assert image.level == WARN
    assert "'/cam/image' or '/cam/image/compressed' for 2 s, though somebody publishes" in image.text
    watch.clear()
    assert watch.states(200.0, 2.0, lambda name: True) == []


def test_a_simulated_clock_that_stands_still_is_a_warning_and_then_an_error():
    watch = ClockWatch()
    assert watch.state(None, 100.0, 2.0) is None, "by the wall's clock"
    levels = [watch.state(0, now, 2.0).level for now in (101.0, 102.9, 103.0, 107.0)]
    assert levels == [OK, OK, WARN, ERROR]
    assert "nothing has come on /clock for 6 s" in watch.state(0, 107.0, 2.0).text
    assert watch.state(5 * 10**9, 108.0, 2.0).level == OK
    assert watch.state(6 * 10**9, 120.0, 2.0).level == OK, "it moves, if slowly"
    stuck = watch.state(6 * 10**9, 123.0, 2.0)
    assert (stuck.topic, stuck.level) == ("/clock", WARN)
    assert "has stood still for 3 s" in stuck.text
    assert stuck.values == {"simulated seconds": "6.000", "seconds since it moved": "3.0"}
    assert watch.state(6 * 10**9, 1e6, 0.0).level == OK, "0 is never"
    assert watch.state(1 * 10**9, 1e6, 2.0).level == OK, "it went back"
