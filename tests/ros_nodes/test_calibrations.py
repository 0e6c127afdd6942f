"""Which camera_info is that of an image, for drivers of every habit."""

from __future__ import annotations

import pytest

pytest.importorskip("rclpy", reason="needs the extra ros")
from builtin_interfaces.msg import Time
from molmo_act_ros.calibrations import Calibrations, optics_of
from sensor_msgs.msg import CameraInfo
from std_msgs.msg import Header

MS = 10**6
BEGIN = 100 * 10**9


def info(when: int, focal: float = 600.0, **fields) -> CameraInfo:
    """Of a time in milliseconds after 100 s; of None, without a stamp."""
    total = 0 if when is None else BEGIN + when * MS
    header = Header(stamp=Time(sec=total // 10**9, nanosec=total % 10**9), frame_id="camera")
    k = [focal, 0.0, 20.0, 0.0, focal, 15.0, 0.0, 0.0, 1.0]
    return CameraInfo(header=header, width=40, height=30, k=k, distortion_model="plumb_bob", **fields)


def calibrations(*messages: CameraInfo) -> Calibrations:
    made = Calibrations()
    for message in messages:
        made.add(message, unstamped=1)
    return made


def focal(made: Calibrations, when: int) -> float | None:
    found = made.at(BEGIN + when * MS)
    return None if found is None else found.info.k[0]


def test_the_one_of_the_same_stamp_is_that_of_the_image():
    """A zoom with every image; the last one that came was used for all of them."""
    zooming = calibrations(*(info(33 * number, 600.0 + number) for number in range(20)))
    for number in range(20):
        assert focal(zooming, 33 * number) == 600.0 + number
    assert focal(zooming, 5) is None, "the driver stamps alike, and this one is lost"
    assert focal(zooming, 700) is None
    assert focal(zooming, -100) is None


def test_where_the_driver_stamps_alike_neighbours_count_if_they_are_the_same():
    made = calibrations(info(0), info(33), info(99), info(132, 900.0), info(165, 900.0))
    made.note_image(BEGIN + 33 * MS)
    expected = {-33: None, 66: 600.0, 99: 600.0, 115: None, 132: 900.0, 150: 900.0, 198: None}
    assert {when: focal(made, when) for when in expected} == expected


def test_where_it_does_not_the_latest_that_is_not_after_the_image_counts():
    """Such as a driver that publishes camera_info when it changes."""
    made = calibrations(info(0), info(500, 900.0))
    expected = {-1: None, 7: 600.0, 499: 600.0, 501: 900.0, 9000: 900.0}
    assert {when: focal(made, when) for when in expected} == expected


@pytest.mark.parametrize("when", [0, 500, None])
def test_the_only_one_counts_for_every_image(when):
    made = calibrations(info(when))
    assert focal(made, 0) == focal(made, 250) == focal(made, 10**6) == 600.0
    assert not made.is_empty
    assert Calibrations().at(5) is None
    assert Calibrations().is_empty


def test_one_without_a_stamp_counts_from_what_has_come_then():
    made = calibrations(info(None))
    made.add(info(None, 900.0), unstamped=BEGIN + 400 * MS)
    assert [focal(made, when) for when in (399, 401, 999)] == [600.0, 900.0, 900.0]


def test_one_may_come_until_it_or_a_later_one_is_there():
    made = calibrations(info(0))
    assert not made.may_come(BEGIN + 33 * MS), "whether it is stamped alike is not known"
    assert focal(made, 0) == 600.0
    assert made.may_come(BEGIN + 33 * MS)
    made.add(info(66), unstamped=1)
    assert not made.may_come(BEGIN + 33 * MS)
    assert not made.may_come(BEGIN + 66 * MS)
    assert made.may_come(BEGIN + 99 * MS)


def test_one_that_is_published_for_some_images_only_is_not_waited_for():
    """At 1 Hz with stamps of the images: every answer would have waited."""
    made = calibrations(info(0))
    waits = 0
    for number in range(1, 300):
        if number % 30 == 0:
            made.add(info(33 * number), unstamped=1)
        waits += made.may_come(BEGIN + 33 * number * MS)
        assert focal(made, 33 * number) == 600.0
    assert waits <= 10


def test_messages_may_come_in_any_order_and_are_new_when_they_differ():
    made = Calibrations()
    news = [made.add(info(when, f), unstamped=1) for when, f in ((0, 6.0), (99, 9.0), (33, 6.0), (66, 6.0))]
    assert news == [True, True, True, False]
    assert made.at(BEGIN) is made.at(BEGIN + 66 * MS)
    assert focal(made, 99) == 9.0


def test_after_time_has_begun_anew_the_last_one_counts_until_another_comes():
    made = calibrations(info(0), info(500, 900.0))
    made.restart()
    assert focal(made, -5000) == focal(made, 5000) == 900.0
    made.add(info(-4000, 700.0), unstamped=1)
    assert [focal(made, when) for when in (-4500, -3999, 0)] == [900.0, 700.0, 700.0]


def test_a_calibration_that_changes_in_anything_is_another_one():
    before = optics_of(info(0))
    assert optics_of(info(33)) == before
    for name, value in (("width", 41), ("binning_x", 2), ("d", [0.1]), ("distortion_model", "equidistant")):
        other = info(0)
        setattr(other, name, value)
        assert optics_of(other) != before, name


def test_a_day_of_zooming_does_not_grow():
    made = calibrations(*(info(33 * number, 600.0 + number) for number in range(3000)))
    assert len(made._kept.items) == 1000
    assert focal(made, 33 * 2999) == 3599.0
