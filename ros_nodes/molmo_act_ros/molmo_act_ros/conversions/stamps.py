"""Stamps of ROS headers as plain numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from molmo_act.errors import InputError

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


def require_not_negative(stamp: Time, what: str) -> None:
    """Refuses a stamp before 1970, which no clock gives.

    Args:
        stamp: A builtin_interfaces/Time, of rclpy or rosbags.
        what: What has it, for the error: "An image".

    Raises:
        InputError: It is negative.
    """
    if nanoseconds(stamp) < 0:
        raise InputError(
            f"{what} has the negative stamp {seconds(stamp):.3f} s; expected 0 or later. Set header.stamp to "
            "the time of the capture."
        )
