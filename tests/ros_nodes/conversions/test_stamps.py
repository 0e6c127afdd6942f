"""Stamps as plain numbers."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from molmo_act_ros.conversions.stamps import nanoseconds, require_not_negative, seconds

from molmo_act.errors import InputError

STAMP = SimpleNamespace(sec=1_764_500_000, nanosec=123_456_789)


def test_nanoseconds_are_exact():
    assert nanoseconds(STAMP) == 1_764_500_000_123_456_789
    assert nanoseconds(SimpleNamespace(sec=0, nanosec=0)) == 0
    assert nanoseconds(SimpleNamespace(sec=-1, nanosec=999_999_999)) == -1


def test_seconds_are_exact_to_a_microsecond():
    assert abs(seconds(STAMP) - 1_764_500_000.123456789) < 1e-6
    assert seconds(SimpleNamespace(sec=2, nanosec=500_000_000)) == 2.5


def test_a_negative_stamp_is_refused_by_name():
    require_not_negative(STAMP, "An image")
    require_not_negative(SimpleNamespace(sec=0, nanosec=0), "An image")
    with pytest.raises(InputError, match=r"An image has the negative stamp -0\.500 s; expected 0 or later"):
        require_not_negative(SimpleNamespace(sec=-1, nanosec=500_000_000), "An image")
