"""Items by their stamps."""

from __future__ import annotations

import pytest
from molmo_act_ros.stamped_buffer import StampedBuffer

MS = 10**6


@pytest.fixture
def items() -> StampedBuffer[str]:
    """Of 10, 43 and 76 ms."""
    items: StampedBuffer[str] = StampedBuffer(1.0)
    for stamp in (10, 43, 76):
        assert items.add(stamp * MS, f"at {stamp}")
    return items


@pytest.mark.parametrize(
    ("stamp", "expected"),
    [
        (43, (0.0, "at 43")),
        (0, (0.010, "at 10")),
        (50, (0.007, "at 43")),
        (60, (0.016, "at 76")),
        (99, (0.023, "at 76")),
    ],
)
def test_the_nearest_in_time_is_found(items, stamp, expected):
    apart, item = items.nearest(stamp * MS)
    assert (pytest.approx(apart), item) == expected


def test_a_time_is_settled_once_something_as_late_has_come(items):
    assert items.settled(76 * MS)
    assert not items.settled(77 * MS)
    assert items.half_frame() == pytest.approx(0.0165)


def test_what_is_older_than_its_span_is_forgotten():
    items: StampedBuffer[int] = StampedBuffer(0.1, most=5)
    for number in range(50):
        items.add(number * 30 * MS, number)
    assert items.nearest(0)[1] == 46, "100 ms before 1470 ms"
    for number in range(50, 60):
        items.add(1470 * MS + number, number)
    assert items.nearest(0)[1] == 55, "five at most"


def test_items_may_come_in_any_order(items):
    assert items.add(20 * MS, "late")
    assert items.nearest(21 * MS) == (pytest.approx(0.001), "late")
    assert items.nearest(76 * MS) == (0.0, "at 76"), "nothing is forgotten"
    assert items.newest == 76 * MS


def test_half_a_frame_is_that_of_the_camera_though_most_images_are_missing():
    items: StampedBuffer[int] = StampedBuffer(10.0)
    for stamp in (0, 100, 300, 400, 800, 900, 1300, 1500, 1900):
        items.add(stamp * MS, stamp)
    assert items.half_frame() == pytest.approx(0.05)


def test_of_a_few_images_half_a_frame_is_not_taken_to_be_long():
    """Those between them may be missing: points were placed by the depth of the image before."""
    items: StampedBuffer[int] = StampedBuffer(10.0)
    for number, stamp in enumerate((0, 200, 400, 600, 800, 1000)):
        assert items.half_frame() == 0.02
        items.add(stamp * MS, number)
    assert items.half_frame() == pytest.approx(0.1)


def test_half_a_frame_stays_that_of_the_camera_while_nearly_all_images_get_lost():
    """For a minute; what comes more slowly for longer than that has another rate."""
    items: StampedBuffer[int] = StampedBuffer(2.0)
    for number in range(20):
        items.add(number * 100 * MS, number)
    assert items.half_frame() == pytest.approx(0.05)
    for number in range(1, 31):
        items.add((1900 + number * 300) * MS, number)
        assert items.half_frame() == pytest.approx(0.05), "300 ms apart are two lost images"
    for number in range(31, 250):
        items.add((1900 + number * 300) * MS, number)
        items.half_frame()
    assert items.half_frame() == pytest.approx(0.15)
    items.clear()
    for number in range(10):
        items.add(number * 400 * MS, number)
    assert items.half_frame() == pytest.approx(0.2), "of another world"


def test_what_comes_later_than_the_span_is_left_out():
    items: StampedBuffer[str] = StampedBuffer(0.1)
    items.add(1000 * MS, "new")
    assert not items.add(899 * MS, "old")
    assert items.nearest(0)[1] == "new"
    items.clear()
    assert items.newest is None


def test_of_one_time_the_newest_stays(items):
    for number in range(2000):  # a clock that stands still
        assert items.add(76 * MS, f"again {number}")
    assert items.nearest(76 * MS) == (0.0, "again 1999")
    assert items.half_frame() == pytest.approx(0.0165)


def test_nothing_is_nearest_to_nothing():
    items: StampedBuffer[str] = StampedBuffer(1.0)
    assert items.nearest(5) is None
    assert not items.settled(5)
    assert items.half_frame() > 0


def test_the_neighbours_of_a_time_are_found(items):
    expected = {5: (None, "at 10"), 10: ("at 10", "at 43"), 50: ("at 43", "at 76"), 76: ("at 76", None)}
    for stamp, texts in expected.items():
        assert tuple(found and found[1] for found in items.around(stamp * MS)) == texts
    assert items.around(10 * MS)[0][0] == 10 * MS
    assert list(items.items) == ["at 10", "at 43", "at 76"]
