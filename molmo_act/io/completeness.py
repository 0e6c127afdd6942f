"""Tells what is missing of a video that was decoded to its end, where decoders take no notice of it."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from molmo_act.io.cut_files import is_cut_off
from molmo_act.io.damage import Damage
from molmo_act.io.last_picture import ENDLESS, LastPicture
from molmo_act.io.matroska import stored_frames
from molmo_act.io.mpegts import is_only_joined

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

_CUT_OFF = 1.0  # seconds that a file may go on after its last frame, beside the longest time one is shown
_MATROSKA = "matroska,webm"
STILL = ("attached_pic", "still_image", "timed_thumbnails")
"""Dispositions of what is stored as a video and does not move."""


class Completeness:
    """Compares what came out of a file with what the file says it holds.

    Args:
        container: The open file.
        stream: The stream that is decoded.
        source: Path of the file, or its content.
        damage: Takes down what is missing.
    """

    def __init__(
        self, container: InputContainer, stream: VideoStream, source: Path | bytes, damage: Damage
    ) -> None:
        self._container, self._stream, self._source, self._damage = container, stream, source, damage
        self._packets = self._frames = 0
        self._last = LastPicture() if container.format.name in ENDLESS else None
        self._fields = False
        self._joined: bool | None = None

    def take(self, packet: Packet[Any]) -> None:
        """Counts a packet.

        Args:
            packet: As the container gives it.
        """
        self._packets += packet.size > 0
        if self._last:
            self._last.take(packet)

    def suspect(self, at: str) -> None:
        """Takes down that a packet may be damaged, but for recordings in MPEG-TS that were only joined.

        Args:
            at: When it is shown, for the message.
        """
        if self._joined is None:
            self._joined = self._container.format.name == "mpegts" and self._check_joined()
        if not self._joined:
            self._damage.add(f"a packet{at} is damaged, or lacks what came before it")

    def _check_joined(self) -> bool:
        if isinstance(self._source, Path) and not self._source.is_file():  # a pipe
            return False
        with open_content(self._source) as file:
            return is_only_joined(file)

    def show(self, frame: VideoFrame) -> None:
        """Counts a frame.

        Args:
            frame: As it is decoded.
        """
        self._frames += 1
        self._fields |= bool(frame.interlaced_frame)

    def check(self, first: float, shown: float) -> None:
        """Takes down what is missing, once all is decoded; nothing where it is known already.

        Args:
            first: Seconds of the first frame on the clock of the file.
            shown: Seconds from there until the last one ends.
        """
        self._check_duration(first, shown)
        if self._damage:
            return
        if is_cut_off(self._source):
            self._damage.add("it is cut off: its file ends before it says that it does")
        elif self._container.format.name == _MATROSKA:
            self._check_matroska()
        elif self._last and self._last.is_torn(self._stream):
            self._damage.add("its last picture is torn; it may be cut off")

    def _check_duration(self, first: float, shown: float) -> None:
        """Says where frames end long before the file: many decoders take a torn file for a short one."""
        container, stream, end = self._container, self._stream, None
        if container.duration is not None and len(container.streams) == 1:  # else it may be that of the sound
            end = container.duration / 1_000_000 - first  # in microseconds
        if stream.duration is not None and stream.time_base is not None:
            end = float(stream.duration * stream.time_base)
        if end is not None and end - shown > _CUT_OFF:
            self._damage.add(
                f"its frames end at {shown:.2f} s of the {end:.2f} s that it says it has; it may be cut off"
            )

    def _check_matroska(self) -> None:
        if isinstance(self._source, Path) and not self._source.is_file():  # a pipe
            return
        with open_content(self._source) as file:
            stored = stored_frames(file)
        if stored.fault:
            self._damage.add(f"its structure is broken, and frames may be missing ({stored.fault})")
            return
        moving = [stream for stream in self._container.streams.video if not has_disposition(stream, *STILL)]
        if len(moving) != len(stored.video):
            return
        held = stored.frames[stored.video[moving.index(self._stream)]]
        came = self._packets
        # Of H.264, each packet is one frame; other codecs store some that are never shown.
        if self._stream.codec_context.name == "h264" and not self._fields:
            came = min(came, self._frames)
        if came < held:
            self._damage.add(f"{held - came} of its {held} frames cannot be decoded")


def open_content(source: Path | bytes) -> BinaryIO:
    """Opens a file or its content.

    Args:
        source: Path of a regular file, or its content.

    Returns:
        A seekable file.
    """
    return io.BytesIO(source) if isinstance(source, bytes) else source.open("rb")


def has_disposition(stream: VideoStream, *dispositions: str) -> bool:
    """Tells what a stream is for.

    Args:
        stream: Of a container.
        dispositions: Their names in FFmpeg.

    Returns:
        Whether it has one of them.
    """
    kinds = type(stream.disposition)
    return any(stream.disposition & kinds[name] for name in dispositions)
