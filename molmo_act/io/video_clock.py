"""Tells when the frames of a video file are shown, also where its container does not say."""

from __future__ import annotations

import logging
from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

logger = logging.getLogger(__name__)

_DECODE_ORDER = frozenset({"avi", "asf", "mxf"})
"""Containers that store when a frame is decoded. FFmpeg guesses from that when it is shown, wrongly wherever
frames are shown in another order than they are stored (B-frames)."""
_FALLBACK_RATE = 25


class VideoClock:
    """Gives frames their times in the order in which they are shown.

    Args:
        container: Name of the container's format, as FFmpeg calls it.
        stream: The stream of the frames.
        given: How messages name the video.
    """

    def __init__(self, container: str, stream: VideoStream, given: str) -> None:
        self._decode_order = container in _DECODE_ORDER
        self._stream, self._given = stream, given
        self._next = Fraction(0)
        self._said = False

    def seconds(self, frame: VideoFrame) -> Fraction:
        """Tells when the next frame is shown.

        Args:
            frame: The frame.

        Returns:
            Seconds on the clock of the file. Where it does not say, the end of the last frame.
        """
        # FFmpeg's `dts` of a decoded frame is when it is shown, counted from the times of decoding alone.
        stamp = frame.dts if self._decode_order else frame.pts
        if stamp is not None and frame.time_base is not None:
            now = stamp * frame.time_base
        else:
            self._say_what_is_assumed()
            now = self._next
        self._next = now + self.length(frame)
        return now

    def length(self, frame: VideoFrame) -> Fraction:
        """Tells for how long a frame is shown.

        Args:
            frame: The frame.

        Returns:
            Seconds; those of a frame at the stream's rate, where the file does not say.
        """
        if frame.duration and frame.time_base is not None:
            return Fraction(frame.duration * frame.time_base)
        return 1 / self.rate

    def _say_what_is_assumed(self) -> None:
        if not self._said and not self._stream.codec_context.framerate:
            logger.warning(
                "The video %s says neither when its frames are shown nor how many there are per second; "
                "%g per second are assumed.",
                self._given,
                self.rate,
            )
        self._said = True

    @property
    def rate(self) -> Fraction:
        """Frames per second of the stream."""
        return Fraction(self._stream.guessed_rate or self._stream.average_rate or _FALLBACK_RATE)
