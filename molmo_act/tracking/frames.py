"""Frames as optical flow needs them, and a bounded buffer of the newest; knows no objects and no model."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np

from molmo_act.tracking.packages import opencv

LONGEST_SIDE = 640  # pixels; larger frames are scaled down, so that flow costs the same on every camera


@dataclass(frozen=True, eq=False)
class FlowFrame:
    """One frame, scaled down to at most `LONGEST_SIDE`; owns its pixels.

    Attributes:
        number: How many frames came before it.
        timestamp: Seconds.
        rgb: uint8 (h, w, 3) RGB.
        grey: uint8 (h, w).
        scale: float64 (2,), columns and rows of `rgb` per column and row of the original, which differ a
            little, as both sides are whole numbers.
        brightness: Mean of `grey`.
    """

    number: int
    timestamp: float
    rgb: np.ndarray
    grey: np.ndarray
    scale: np.ndarray
    brightness: float

    @classmethod
    def of(cls, number: int, timestamp: float, image: np.ndarray) -> FlowFrame:
        """Scales and copies uint8 RGB (H, W, 3)."""
        cv2 = opencv()
        size = np.array((image.shape[1], image.shape[0]))
        smaller = np.maximum(1, np.rint(size * min(1.0, LONGEST_SIDE / size.max()))).astype(int)
        if (smaller < size).any():
            rgb = cv2.resize(image, smaller.tolist(), interpolation=cv2.INTER_AREA)
        else:
            rgb = image.copy()  # the caller's camera may write its next frame into the same memory
        grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
        return cls(number, timestamp, rgb, grey, smaller / size, float(grey.mean()))


class FrameBuffer:
    """The frames since a moment, thinned out when they are many, so that its memory is bounded.

    A model that needs long leaves many frames to carry its answer through. Beyond `capacity` every second
    frame is dropped: the steps of the flow get longer, the memory does not.

    Args:
        capacity: Most frames to hold.
    """

    def __init__(self, capacity: int = 64) -> None:
        self._capacity = capacity
        self._frames: list[FlowFrame] = []
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._frames)

    def append(self, frame: FlowFrame) -> None:
        """Adds the newest frame."""
        with self._lock:
            self._frames.append(frame)
            if len(self._frames) > self._capacity:  # the oldest and the newest stay
                del self._frames[1:-1:2]

    def forget_before(self, number: int) -> None:
        """Drops all frames before this one."""
        with self._lock:
            self._frames = [frame for frame in self._frames if frame.number >= number]

    def after(self, number: int) -> list[FlowFrame]:
        """The frames behind this one, in order."""
        with self._lock:
            return [frame for frame in self._frames if frame.number > number]
