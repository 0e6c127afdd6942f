"""Frames of a live source: a camera of this machine, a video device, or a stream of the network."""

from __future__ import annotations

import logging
import numbers
import os
import stat
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TypeGuard

import numpy as np

from molmo_act._optional import import_optional
from molmo_act.errors import InputError, MolmoActError
from molmo_act.io.download import without_password
from molmo_act.io.locations import url_scheme
from molmo_act.io.video_decoder import decode_live, upright
from molmo_act.validation import check_int, check_number, wrong

logger = logging.getLogger(__name__)

STREAMS = ("rtsp", "rtsps", "rtmp", "rtmps", "rtp", "srt", "udp", "tcp")
"""Schemes of URLs that are live streams."""
_LONGEST_WAIT = 10.0
_HIGHEST_NUMBER = 999


class Camera:
    """Frames of a live source: the newest one whenever one is asked for; those in between are left out.

    Iterate over it for pairs of a frame, uint8 RGB (H, W, 3), and its seconds since the first one, by the
    clock of this machine. It is opened when iteration begins and closed when iteration ends. A source that
    is lost is opened again; timestamps go on.

    Args:
        source: Number of a camera, 0 for the first; a video device such as ``/dev/video0``; or the URL of a
            stream, such as ``rtsp://user:password@camera/1``.
        reconnect: How many times in a row a lost source is tried again; 0 for not at all.
        wait: Seconds before it is tried for the first time; they double with every time, up to 10.
        timeout: Seconds after which a stream that sends nothing counts as lost.

    Raises:
        InputError: An argument is out of range.

    Example:
        >>> Camera("rtsp://camera/1", reconnect=3)
        Camera('rtsp://camera/1')
    """

    def __init__(
        self,
        source: int | str | os.PathLike[str],
        *,
        reconnect: int = 5,
        wait: float = 1.0,
        timeout: float = 10.0,
    ) -> None:
        self._source = _checked(source)
        self._reconnect = check_int("reconnect", reconnect, least=0)
        self._wait = check_number("wait", wait, least=0, what="seconds")
        self._timeout = check_number("timeout", timeout, above=0, what="seconds")
        self._given = _without_password(self._source)

    def __repr__(self) -> str:
        return f"Camera({self._given!r})"

    def __iter__(self) -> Iterator[tuple[np.ndarray, float]]:
        newest = _Newest()
        thread = threading.Thread(target=self._run, args=(newest,), name="camera", daemon=True)
        thread.start()
        first = None
        try:
            while True:
                pixels, now = newest.take()
                first = now if first is None else first
                yield pixels(), now - first
        finally:
            newest.close()
            thread.join(timeout=self._timeout)

    def _run(self, newest: _Newest) -> None:
        """Reads frames until nobody wants them any more; runs in a thread of its own."""
        failures, wait, seen = 0, self._wait, False
        while True:
            try:
                for pixels in self._open():
                    if not newest.put(pixels):
                        return
                    failures, wait, seen = 0, self._wait, True
                error: MolmoActError = InputError(f"The camera {self._given!r} sends no more frames.")
            except MolmoActError as exc:
                error = exc
            except Exception as exc:  # or the other thread would wait for ever
                newest.fail(exc)
                return
            failures += 1
            if not seen or failures > self._reconnect:
                newest.fail(error)
                return
            logger.warning(
                "The camera %r was lost (%s). It is opened again in %g s.", self._given, error, wait
            )
            if newest.closed.wait(wait):
                return
            wait = min(2 * wait, _LONGEST_WAIT)

    def _open(self) -> Iterator[Callable[[], np.ndarray]]:
        """Opens the source once, and gives what makes pixels of each of its frames."""
        if url_scheme(self._source):
            for frame in decode_live(str(self._source), f"The camera {self._given!r}", self._timeout):
                yield partial(upright, frame)
        else:
            yield from _device_frames(self._source, self._given)


def _checked(source: object) -> int | str | os.PathLike[str]:
    """The source; OpenCV ends the process for a camera of a negative number."""
    if isinstance(source, numbers.Integral) and not isinstance(source, bool):
        if 0 <= int(source) <= _HIGHEST_NUMBER:
            return int(source)
    elif isinstance(source, (str, os.PathLike)) and os.fspath(source):
        return source
    expected = f"the number of a camera from 0 to {_HIGHEST_NUMBER}, a video device, or the URL of a stream"
    raise wrong("source", source, expected)


class _Newest:
    """Hands the newest frame from the thread that reads to the one that asks."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._frame: tuple[Callable[[], np.ndarray], float] | None = None
        self._error: Exception | None = None
        self.closed = threading.Event()

    def put(self, frame: Callable[[], np.ndarray]) -> bool:
        """Puts a frame in the place of the last one; False where nobody wants it any more."""
        with self._changed:
            self._frame = (frame, time.monotonic())
            self._changed.notify()
        return not self.closed.is_set()

    def fail(self, error: Exception) -> None:
        """Says that no more frames come."""
        with self._changed:
            self._error = error
            self._changed.notify()

    def take(self) -> tuple[Callable[[], np.ndarray], float]:
        """Waits for a frame that was not taken yet."""
        with self._changed:
            while self._frame is None:
                if self._error is not None:
                    raise self._error
                self._changed.wait()
            frame, self._frame = self._frame, None
            return frame

    def close(self) -> None:
        """Says that no more frames are wanted."""
        self.closed.set()


def is_live(value: object) -> TypeGuard[Camera | int | str | os.PathLike[str]]:
    """Tells whether a value stands for a live source.

    Args:
        value: What a caller gave as a video.

    Returns:
        True for a `Camera`, the number of a camera (also as text, unless there is a file of that name), the
        path of a video device, and the URL of a stream.
    """
    if isinstance(value, Camera) or (isinstance(value, int) and not isinstance(value, bool)):
        return True
    if not isinstance(value, (str, os.PathLike)):
        return False
    if url_scheme(value) in STREAMS:
        return True
    try:
        return stat.S_ISCHR(os.stat(value).st_mode)
    except FileNotFoundError:
        return isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 4
    except (OSError, ValueError):
        return False


def as_camera(value: Camera | int | str | os.PathLike[str]) -> Camera:
    """Makes a camera of what `is_live` accepts.

    Args:
        value: See `is_live`.

    Returns:
        The camera, not opened yet.
    """
    if isinstance(value, Camera):
        return value
    number = isinstance(value, str) and value.isdigit() and not Path(value).exists()
    return Camera(int(value) if number else value)  # type: ignore[arg-type]


def _device_frames(
    source: int | str | os.PathLike[str], given: str | int
) -> Iterator[Callable[[], np.ndarray]]:
    cv2 = import_optional("cv2", extra="video", purpose="reading cameras")
    device = cv2.VideoCapture(source if isinstance(source, int) else os.fspath(source))
    try:
        if not device.isOpened():
            raise InputError(
                f"The camera {given!r} cannot be opened; expected the number of a camera that is there, a "
                "video device, or the URL of a stream. Another program may be using it."
            )
        while True:
            read, pixels = device.read()
            if not read:
                return
            yield partial(_rgb, pixels)
    finally:
        device.release()


def _rgb(bgr: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(bgr[..., ::-1])


def _without_password(source: int | str | os.PathLike[str]) -> str | int:
    """The source as messages may show it."""
    if isinstance(source, int):
        return source
    return without_password(os.fspath(source))
