"""What came of asking the model about keyframes, out of the counts that a tracker keeps."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from molmo_act_ros.diagnostics import Diagnostics
from molmo_act_ros.reporting_node import describe_error

if TYPE_CHECKING:
    from molmo_act import TrackerStats


class Groundings:
    """Follows the counts of one tracker.

    Attributes:
        failure: What the model raised, if it raised an error the last time; None otherwise.
        failing: What it raised for each query on which it failed the last time that it was asked about it.
        answered: When it last came back, on the monotonic clock in seconds.
    """

    def __init__(self) -> None:
        self.failure: str | None = None
        self.failing: dict[str, str] = {}
        self.answered = time.monotonic()
        self._done = self._failed = 0

    def update(self, stats: TrackerStats, diagnostics: Diagnostics) -> bool:
        """Takes the counts after a frame.

        Args:
            stats: Of the tracker.
            diagnostics: Gets what is new.

        Returns:
            Whether the model has failed since the last time; `failure` says how.
        """
        if stats.groundings > self._done:
            diagnostics.add_duration("grounding to tracks", stats.latency)
            diagnostics.count("groundings", stats.groundings - self._done)
            self.failure, self.answered = None, time.monotonic()
        failed = stats.grounding_errors > self._failed and stats.last_error is not None
        if failed and stats.last_error is not None:
            diagnostics.count("groundings failed", stats.grounding_errors - self._failed)
            self.failure, self.answered = describe_error(stats.last_error), time.monotonic()
        self.failing = {query: describe_error(error) for query, error in stats.failing.items()}
        self._done, self._failed = stats.groundings, stats.grounding_errors
        return failed
