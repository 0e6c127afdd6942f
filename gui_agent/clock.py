"""The clock by which the desktop waits; tests give one that does not sleep."""

from __future__ import annotations

import math
import time
import warnings

from molmo_act.validation import check_number

LONGEST_USUAL = 600.0
"""Seconds; who gives more may think of milliseconds."""


class Clock:
    """Monotonic time, and sleeping."""

    def now(self) -> float:
        """Reads the clock, in seconds of ``time.monotonic()``."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Sleeps.

        Args:
            seconds: How long; nothing happens where it is not above 0.
        """
        time.sleep(max(0.0, seconds))

    def sleep_until(self, moment: float) -> None:
        """Sleeps until the clock shows a moment.

        Args:
            moment: In seconds of `now`; one that has passed is not waited for.
        """
        self.sleep(moment - self.now())


def require_seconds(timeout: float, name: str = "timeout") -> float:
    """Checks a time to wait.

    Args:
        timeout: Seconds.
        name: What the time is called in an error.

    Returns:
        The same number.

    Raises:
        InputError: It is below 0 or no number of seconds.

    Warns:
        UserWarning: It is above `LONGEST_USUAL`, as a number of milliseconds would be.
    """
    check_number(name, timeout, least=0, finite=False, what="seconds")
    if timeout > LONGEST_USUAL and math.isfinite(timeout):
        warnings.warn(
            f"{name} is {timeout:g} seconds; where milliseconds are meant, give {timeout / 1000:g}.",
            stacklevel=2,
        )
    return timeout
