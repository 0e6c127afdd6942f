"""Items by their stamps."""

from __future__ import annotations

import pytest

from ros_nodes.matching import RecentItems

MS = 10**6


@pytest.fixture
def items() -> RecentItems[str]:
    """Of 10, 43 and 76 ms."""
    items: RecentItems[str] = RecentItems(1.0)
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
    items: RecentItems[int] = RecentItems(0.1, most=5)
    for number in range(50):
        items.add(number * 30 * MS, number)
    assert items.nearest(0)[1] == 46, "100 ms before 1470 ms"
    for number in range(50, 60):
        items.add(1470 * MS + number, number)
    assert items.nearest(0)[1] == 55, "five at most"


def test_time_that_goes_back_begins_anew(items):
    assert not items.add(20 * MS, "again")
    assert items.nearest(76 * MS)[1] == "again"


def test_of_one_time_the_newest_stays(items):
    for number in range(2000):  # a clock that stands still
        assert items.add(76 * MS, f"again {number}")
    assert items.nearest(76 * MS) == (0.0, "again 1999")
    assert items.half_frame() == pytest.approx(0.0165)


def test_nothing_is_nearest_to_nothing():
    items: RecentItems[str] = RecentItems(1.0)
    assert items.nearest(5) is None
    assert not items.settled(5)
    assert items.half_frame() > 0
