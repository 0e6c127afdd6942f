"""The images of one camera: which of its two topics is used, and how old the newest image is."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sensor_msgs.msg import CompressedImage, Image

_SWITCH_S = 2.0  # when the used topic is silent for so long, the other one is used


@dataclass(frozen=True)
class Arrival:
    """An image that has come.

    Attributes:
        message: As it came.
        received: When it came, on the monotonic clock in seconds.
        clock: When it came, by the clock of the node in seconds; a simulated one stands still in a pause.
    """

    message: Image | CompressedImage
    received: float
    clock: float


@dataclass(frozen=True)
class Frame:
    """An image that waits for a worker.

    Attributes:
        message: As it came.
        received: When it came, on the monotonic clock in seconds.
        run: How often time had been reset before.
        camera: Name of its camera, blank for the only one.
    """

    message: Image | CompressedImage
    received: float
    run: int
    camera: str = ""


class CameraFeed:
    """Keeps the newest image of one camera, whose images come on one of two topics.

    Where both topics bring images, they are the same ones: those of the topic that was first are used.

    Args:
        clock: The clock of the node, in seconds.

    Attributes:
        newest: The newest image; None before the first.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._topic: str | None = None
        self._last = 0.0
        self.newest: Arrival | None = None

    def take(self, topic: str, message: Image | CompressedImage) -> Arrival | None:
        """Takes an image.

        Args:
            topic: Where it came.
            message: The image.

        Returns:
            The arrival; None where the other topic brings the images.
        """
        if not self.brings(topic):
            return None
        now = time.monotonic()
        self._topic, self._last = topic, now
        self.newest = Arrival(message, now, self._clock())
        return self.newest

    def brings(self, topic: str) -> bool:
        """Tells whether images on a topic are used now: stamps of the other one say nothing about time.

        Args:
            topic: One of the two.

        Returns:
            False while the other one brings the images.
        """
        return topic == self._topic or self._topic is None or time.monotonic() - self._last >= _SWITCH_S

    def age(self) -> float | None:
        """Measures how long ago the newest image came.

        Returns:
            Seconds by the clock of the node, or by the wall's before a simulated one begins; None before
            the first image.
        """
        if self.newest is None:
            return None
        now = self._clock()
        return now - self.newest.clock if now else time.monotonic() - self.newest.received

    def clear(self) -> None:
        """Forgets the newest image."""
        self.newest = None
