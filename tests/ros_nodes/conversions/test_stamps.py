"""Stamps as plain numbers."""

from __future__ import annotations

from types import SimpleNamespace

from molmo_act_ros.conversions.stamps import nanoseconds, seconds

STAMP = SimpleNamespace(sec=1_764_500_000, nanosec=123_456_789)


def test_nanoseconds_are_exact():
    assert nanoseconds(STAMP) == 1_764_500_000_123_456_789
    assert nanoseconds(SimpleNamespace(sec=0, nanosec=0)) == 0
    assert nanoseconds(SimpleNamespace(sec=-1, nanosec=999_999_999)) == -1


def test_seconds_are_exact_to_a_microsecond():
    assert abs(seconds(STAMP) - 1_764_500_000.123456789) < 1e-6
    assert seconds(SimpleNamespace(sec=2, nanosec=500_000_000)) == 2.5
