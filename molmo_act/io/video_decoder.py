"""Decodes video files with PyAV: upright frames with their times, also of damaged files."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from molmo_act._optional import import_optional
from molmo_act.errors import InputError
from molmo_act.io.completeness import STILL, Completeness, has_disposition
from molmo_act.io.damage import Damage
from molmo_act.io.display_matrix import apply_display_matrix
from molmo_act.io.image import to_rgb
from molmo_act.io.video_clock import VideoClock

if TYPE_CHECKING:
    from fractions import Fraction

    from av.container import InputContainer
    from av.packet import Packet
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

_NO_VIDEO = frozenset({"tty", "bin", "xbin", "adf", "idf", "image2", "lavfi", "sdp", "rtsp"})
"""What FFmpeg reads, too, where nobody means a video: drawn text, single images, descriptions of streams."""
_MEASURED = frozenset({"mpeg"})  # containers whose stated duration is a guess, and often a wrong one


def decode_raw(source: Path | bytes, given: str, damage: Damage) -> Iterator[tuple[float, VideoFrame]]:
    """Decodes all frames in the order in which they are shown, one at a time in memory.

    Args:
        source: Path of the file, or its content.
        given: How messages name it.
        damage: Takes down what cannot be decoded; what can be is given all the same.

    Yields:
        Seconds since the first frame; and the frame, of which `upright` makes pixels.

    Raises:
        InputError: It is not a video, or no frame of it can be decoded.
        MissingExtraError: PyAV is not installed.
    """
    with _opened(source, given) as (container, stream):
        clock = VideoClock(container.format.name, stream, given)
        whole = Completeness(container, stream, source, damage)
        first = None
        last = longest = 0.0
        for frame in _frames(container, stream, damage, whole):
            whole.show(frame)
            if frame.is_corrupt:
                damage.add(f"a frame is damaged{_at(frame.pts, frame.time_base)}")
            now = clock.seconds(frame)
            first = now if first is None else first
            time = float(now - first)
            longest = max(longest, time - last, float(clock.length(frame)))
            last = time
            yield time, frame
        if first is None:
            because = f" ({damage})" if damage else ""
            raise InputError(f"The video {given} holds no frame that can be decoded{because}.")
        whole.check(float(first), last + longest)


def decode_live(url: str, given: str, timeout: float) -> Iterator[VideoFrame]:
    """Decodes a stream of the network as it arrives.

    Args:
        url: Its address, such as ``rtsp://camera/1``.
        given: How messages name it.
        timeout: Seconds after which a stream that sends nothing counts as lost.

    Yields:
        Frames, of which `upright` makes pixels.

    Raises:
        InputError: It cannot be reached, or is no video.
        MissingExtraError: PyAV is not installed.
    """
    # RTP over TCP: packets that are lost on the way smear frames until the next keyframe.
    with _opened(url, given, timeout, rtsp_transport="tcp") as (container, stream):
        yield from _frames(container, stream, Damage(given))


def upright(frame: VideoFrame) -> np.ndarray:
    """Converts a frame, turned as the file asks.

    Args:
        frame: As PyAV decodes it.

    Returns:
        uint8 RGB (H, W, 3), on white where it is transparent.
    """
    clear = any(part.is_alpha for part in frame.format.components)
    pixels = to_rgb(frame.to_ndarray(format="rgba")) if clear else frame.to_ndarray(format="rgb24")
    return np.ascontiguousarray(_turned(pixels, frame))


def _turned(pixels: np.ndarray, frame: VideoFrame) -> np.ndarray:
    try:
        matrix: Any = frame.side_data.get("DISPLAYMATRIX")
    except ValueError:  # PyAV does not know all side data of its own FFmpeg, such as EXIF
        return np.rot90(pixels, round(frame.rotation / 90))
    return pixels if matrix is None else apply_display_matrix(pixels, np.frombuffer(matrix, np.int32))


def frame_count(source: Path | bytes, given: str) -> int | None:
    """Reads the number of frames from the header of a video.

    Args:
        source: See `decode_raw`.
        given: See `decode_raw`.

    Returns:
        The number of frames; None where it is not stated.

    Raises:
        InputError: It is not a video.
        MissingExtraError: PyAV is not installed.
    """
    with _opened(source, given) as (_, stream):
        return stream.frames or None


def duration(source: Path | bytes, given: str) -> float:
    """Measures a video from its first frame to the end of its last, by its header or else its packets.

    The length of the whole container is no substitute: it may count from elsewhere, or be that of the sound.

    Args:
        source: See `decode_raw`.
        given: See `decode_raw`.

    Returns:
        Seconds.

    Raises:
        InputError: It is not a video, or holds nothing.
        MissingExtraError: PyAV is not installed.
    """
    with _opened(source, given) as (container, stream):
        if container.format.name not in _MEASURED and stream.duration and stream.time_base is not None:
            return float(stream.duration * stream.time_base)
        packets = [packet for packet in _packets(container, stream, Damage(given)) if packet.size]
        if not packets:
            raise InputError(f"The video {given} holds no frame that can be decoded.")
        return _span(packets) or float(len(packets) / VideoClock("", stream, given).rate)


def is_video_file(source: Path | bytes) -> bool:
    """Tells whether a file is a video that FFmpeg knows.

    Args:
        source: Path of a file that exists, or content.

    Returns:
        Whether it holds moving pictures; False where PyAV is not installed.
    """
    try:
        with _opened(source, ""):
            return True
    except (InputError, ImportError):
        return False


def _span(packets: list[Packet[Any]]) -> float | None:
    """Seconds from the first to the end of the last packet; None where one does not say when it is shown."""
    times = [packet.pts for packet in packets if packet.pts is not None]
    time_base = packets[0].time_base
    if len(times) < len(packets) or time_base is None:
        return None
    end = max((packet.pts or 0) + (packet.duration or 0) for packet in packets)
    return float((end - min(times)) * time_base)


def _frames(
    container: InputContainer,
    stream: VideoStream,
    damage: Damage,
    whole: Completeness | None = None,
) -> Iterator[VideoFrame]:
    """Decodes what can be decoded: a packet that cannot be is left out, and the next one tried."""
    import av

    for packet in _packets(container, stream, damage):
        at = _at(packet.dts if packet.pts is None else packet.pts, packet.time_base)
        try:
            frames = packet.decode()
        except av.error.FFmpegError as exc:
            damage.add(f"a packet{at} cannot be decoded ({_reason(exc)})")
        else:
            if packet.is_corrupt and whole:
                whole.suspect(at)
            yield from frames
        if whole:
            whole.take(packet)
    try:
        yield from stream.codec_context.decode(None)  # what the decoder still holds back
    except av.error.FFmpegError:  # it was asked for it before
        return


def _at(stamp: int | None, time_base: Fraction | None) -> str:
    """When something is shown, for messages; nothing where that is not known."""
    return "" if stamp is None or time_base is None else f" at {float(stamp * time_base):.2f} s"


def _packets(container: InputContainer, stream: VideoStream, damage: Damage) -> Iterator[Packet[Any]]:
    import av

    try:
        yield from container.demux(stream)
    except av.error.FFmpegError as exc:
        damage.add(f"the video cannot be read to its end ({_reason(exc)})")


@contextmanager
def _opened(
    source: Path | bytes | str, given: str, timeout: float | None = None, **options: str
) -> Iterator[tuple[InputContainer, VideoStream]]:
    """Opens a file, its content, or a URL."""
    av = import_optional("av", extra="video", purpose="reading video files")
    try:
        if isinstance(source, str):
            container: InputContainer = av.open(source, options=options, timeout=timeout)
        elif isinstance(source, bytes):
            container = av.open(io.BytesIO(source), io_open=_refuse)
        else:
            container = _opened_path(source)
    except (av.error.FFmpegError, OSError, ValueError) as exc:
        raise InputError(f"{given} is not a video that can be read ({_reason(exc)}).") from exc
    with container:
        if not isinstance(source, str) and _draws(container):
            raise InputError(f"{given} is not a video (FFmpeg reads it as {container.format.name!r}).")
        yield container, _moving(container, given)


def _opened_path(path: Path) -> InputContainer:
    """Opens a file without options, which crash PyAV 15 to 17 where streams are found late, as in MPEG."""
    import av

    # With "file:" in front, FFmpeg takes no part of a name for a protocol; playlists reach no network.
    place = f"file:{os.fspath(path)}"
    container: InputContainer = av.open(place)
    if _draws(container) and path.is_file():
        container.close()
        container = av.open(place, format=_format_by_content(path))
    return container


def _refuse(url: str, flags: int, options: object) -> None:
    """Opens nothing: content, such as a playlist, must not make this program read anything else."""
    raise OSError(f"it wants to read {url[:100]!r}")


def _draws(container: InputContainer) -> bool:
    """Whether FFmpeg takes a file for something of which it draws pictures."""
    return container.format.name in _NO_VIDEO or container.format.name.endswith("_pipe")


def _format_by_content(path: Path) -> str:
    """The format of a file without regard to its name, which misleads FFmpeg where it is that of an image."""
    import av

    with path.open("rb") as file, av.open(_Nameless(file), io_open=_refuse) as container:
        return str(container.format.name)


class _Nameless:
    """A file of which PyAV does not see the name."""

    def __init__(self, file: BinaryIO) -> None:
        self.read, self.seek, self.tell = file.read, file.seek, file.tell


def _reason(exc: Exception) -> str:
    return getattr(exc, "strerror", None) or str(exc)


def _moving(container: InputContainer, given: str) -> VideoStream:
    """The stream to show: the default one, or the first, but no cover of an album."""
    moving = [stream for stream in container.streams.video if not has_disposition(stream, *STILL)]
    if not moving:
        has = "only a still cover" if container.streams.video else "no video stream"
        raise InputError(f"{given} has {has}; expected a video.")
    stream = next((stream for stream in moving if has_disposition(stream, "default")), moving[0])
    if stream.codec_context is None:
        raise InputError(f"{given} is encoded in a way that FFmpeg does not know; convert it, as to MP4.")
    return stream
