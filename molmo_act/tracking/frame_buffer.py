"""Frames prepared for optical flow, and a bounded buffer of the newest ones."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from molmo_act._optional import import_optional
from molmo_act.tracking.config import VIDEO_EXTRA

LONGEST_SIDE = 640  # pixels; larger frames are scaled down, so that flow costs the same on every camera
COARSE_STEP = 2  # pixels of a frame for one of `FlowFrame.coarse`


@dataclass(frozen=True, eq=False)
class FlowFrame:
    """One frame, scaled down to at most `LONGEST_SIDE`; owns its pixels.

    Attributes:
        number: How many frames came before it.
        timestamp: Seconds.
        rgb: uint8 RGB (h, w, 3).
        grey: uint8 (h, w).
        scale: float64 (2,), columns and rows of `rgb` per column and row of the original image. The two
            differ a little, since both sides are whole numbers.
        brightness: Mean of `grey`, in [0, 255].
    """

    number: int
    timestamp: float
    rgb: np.ndarray
    grey: np.ndarray
    scale: np.ndarray
    brightness: float

    @classmethod
    def from_image(cls, number: int, timestamp: float, image: np.ndarray) -> FlowFrame:
        """Scales and copies an image.

        Args:
            number: How many frames came before it.
            timestamp: Seconds.
            image: uint8 RGB (H, W, 3); may be overwritten afterwards.

        Returns:
            The frame.

        Raises:
            MissingExtraError: OpenCV is not installed.
        """
        cv2 = import_optional("cv2", **VIDEO_EXTRA)
        size = np.array((image.shape[1], image.shape[0]))
        smaller = np.maximum(1, np.rint(size * min(1.0, LONGEST_SIDE / size.max()))).astype(int)
        if (smaller < size).any():
            rgb = cv2.resize(image, smaller.tolist(), interpolation=cv2.INTER_AREA)
        else:
            rgb = image.copy()  # the caller's camera may write its next frame into the same memory
        grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
        return cls(number, timestamp, rgb, grey, smaller / size, float(grey.mean()))

    @cached_property
    def coarse(self) -> np.ndarray:
        """uint8 RGB (h / `COARSE_STEP`, w / `COARSE_STEP`, 3), for what takes long on all pixels."""
        cv2 = import_optional("cv2", **VIDEO_EXTRA)
        height, width = self.grey.shape
        size = (max(1, width // COARSE_STEP), max(1, height // COARSE_STEP))
        return np.asarray(cv2.resize(self.rgb, size, interpolation=cv2.INTER_AREA))

    @cached_property
    def smooth(self) -> np.ndarray:
        """uint8 RGB (h, w, 3), the mean of 5 × 5 pixels each, for steps of colour that noise would hide."""
        cv2 = import_optional("cv2", **VIDEO_EXTRA)
        return np.asarray(cv2.blur(self.rgb, (5, 5)))


class FrameBuffer:
    """The newest frames of a stream, thinned out when there are many, so that its memory is bounded.

    While a slow model works on a keyframe, many frames come that its points have to be propagated through.
    Beyond `capacity` every second frame is dropped: the steps of the flow get longer, the memory does not.
    Appending, dropping and reading may happen in different threads.

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
        """Adds the newest frame.

        Args:
            frame: Its number is above those of all frames in the buffer.
        """
        with self._lock:
            self._frames.append(frame)
            if len(self._frames) > self._capacity:  # the oldest and the newest stay
                del self._frames[1:-1:2]

    def drop_before(self, number: int) -> None:
        """Drops old frames.

        Args:
            number: Number of the first frame to keep.
        """
        with self._lock:
            self._frames = [frame for frame in self._frames if frame.number >= number]

    def after(self, number: int) -> list[FlowFrame]:
        """Lists newer frames.

        Args:
            number: Number of the last frame to leave out.

        Returns:
            The frames that came later, in order.
        """
        with self._lock:
            return [frame for frame in self._frames if frame.number > number]
