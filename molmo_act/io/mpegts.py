"""Tells recordings in MPEG-TS that are joined from those that lack packets: FFmpeg calls both damaged."""

from __future__ import annotations

from typing import BinaryIO

import numpy as np

_FORMS = (188, 192, 204)
"""Bytes of a packet of MPEG-TS, of its form on disks, and of that with error correction."""
_CHUNK = 50_000  # packets that are read together
_TABLES, _EMPTY = 32, 0x1FFF  # numbers of streams below which there are only tables, and of what fills up


def packet_form(file: BinaryIO) -> tuple[int, int] | None:
    """Tells how packets lie in a file.

    Args:
        file: Seekable.

    Returns:
        Bytes of a packet, and where its first mark is; None where it is no MPEG-TS.
    """
    for length in _FORMS:
        first = length - 188 if length == 192 else 0
        marks = [(file.seek(first + length * index), file.read(1))[1] for index in range(4)]
        if marks == [b"G"] * 4:
            return length, first
    return None


def is_only_joined(file: BinaryIO) -> bool:
    """Tells whether all that is odd about the numbers of packets is that whole recordings were joined.

    Every stream counts its packets from 0 to 15 and over again. A recording begins with a table of what is
    in it, and each of its streams with packet 0, which begins a frame; a loss in the middle does not.

    Args:
        file: MPEG-TS, seekable.

    Returns:
        Whether no packet is missing within a recording.
    """
    form = packet_form(file)
    if form is None:
        return False
    length, first = form
    file.seek(0)
    counted = _Counted()
    while len(content := file.read(_CHUNK * length)) >= length:
        packets = np.frombuffer(content[: len(content) // length * length], np.uint8).reshape(-1, length)
        if not counted.take(packets[:, first : first + 6].astype(np.int64)):
            return False
    return True


class _Counted:
    """Numbers of packets so far, by stream."""

    def __init__(self) -> None:
        self._last: dict[int, tuple[int, int]] = {}  # of each stream: number and place of its last packet
        self._begin = -1  # place of the last table that may begin a recording
        self._place = 0

    def take(self, heads: np.ndarray) -> bool:
        """Checks the next packets, by their first bytes (N, 6); whether none is missing."""
        streams = (heads[:, 1] & 31) << 8 | heads[:, 2]
        if (heads[:, 0] != ord("G")).any() or (heads[:, 1] & 0x80).any():  # the sender's own mark of damage
            return False
        number, starts = heads[:, 3] & 15, (heads[:, 1] & 0x40) > 0
        places = np.arange(self._place, self._place + len(heads))
        fresh = starts & (number == 0)
        begins = np.maximum.accumulate(np.where((streams == 0) & fresh, places, self._begin))
        self._place, self._begin = self._place + len(heads), int(begins[-1])
        told = ((heads[:, 3] & 0x20) > 0) & (heads[:, 4] > 0) & ((heads[:, 5] & 0x80) > 0)
        filled = (heads[:, 3] & 0x10) > 0
        for stream in np.unique(streams[filled]).tolist():
            rows = np.flatnonzero((streams == stream) & filled)
            before = self._last.get(stream, (-1, -1))
            numbers = np.concatenate(([before[0]], number[rows]))
            earlier = np.concatenate(([before[1]], places[rows][:-1]))
            self._last[stream] = int(numbers[-1]), int(places[rows[-1]])
            if (0 < stream < _TABLES) or stream == _EMPTY:
                continue
            whole = (numbers[:-1] < 0) | (numbers[1:] == (numbers[:-1] + 1) % 16) | told[rows]
            joined = fresh[rows] & (earlier < begins[rows])
            if not (whole | joined).all():
                return False
        return True
