"""Stamps of ROS headers as plain numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from builtin_interfaces.msg import Time


def nanoseconds(stamp: Time) -> int:
    """Converts a stamp without loss.

    Args:
        stamp: A builtin_interfaces/Time, of rclpy or rosbags.

    Returns:
        Nanoseconds.
    """
    return stamp.sec * 10**9 + stamp.nanosec


def seconds(stamp: Time) -> float:
    """Converts a stamp to floating point.

    Args:
        stamp: A builtin_interfaces/Time, of rclpy or rosbags.

    Returns:
        Seconds, exact to a microsecond in this century.
    """
    return stamp.sec + stamp.nanosec / 1e9
