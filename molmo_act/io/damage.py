"""Records what could not be decoded of a video whose other frames are used all the same."""

from __future__ import annotations

import logging

logger = logging.getLogger(__name__)


class Damage:
    """What is missing of a video, while and after its frames are read; false where nothing is known to be.

    Args:
        given: How messages name the video.
    """

    def __init__(self, given: str) -> None:
        self._given, self._first, self._count = given, "", 0

    def __bool__(self) -> bool:
        return self._count > 0

    def __str__(self) -> str:
        return self._first + (f", and {self._count - 1} more faults" if self._count > 1 else "")

    def add(self, fault: str) -> None:
        """Takes down a fault; the first one is logged as a warning, not each of hundreds.

        Args:
            fault: What is missing, a clause.
        """
        self._count += 1
        if self._count == 1:
            self._first = fault
            logger.warning("The video %s is damaged: %s. What can be decoded is used.", self._given, fault)
