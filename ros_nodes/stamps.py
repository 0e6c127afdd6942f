"""Stamps of ROS headers as plain numbers; knows no clock."""

from __future__ import annotations

from typing import Any


def nanoseconds(stamp: Any) -> int:
    """All of a builtin_interfaces/Time."""
    return stamp.sec * 10**9 + stamp.nanosec


def seconds(stamp: Any) -> float:
    """The same, exact to a microsecond in our century."""
    return stamp.sec + stamp.nanosec / 1e9
