"""Follows the structure of Matroska and WebM files, faults in which FFmpeg skips without a word."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

EBML, SEGMENT = b"\x1aE\xdf\xa3", b"\x18S\x80g"
"""How Matroska and WebM begin, and what holds their frames."""
_TRACKS, _CLUSTER = b"\x16T\xaek", b"\x1fC\xb6u"
_FILLING = frozenset({b"\xec", b"\xbf"})  # room that is kept free, and checksums
_IN_SEGMENT = _FILLING | {
    _TRACKS,
    _CLUSTER,
    b"\x11M\x9bt",  # where elements are
    b"\x15I\xa9f",  # information
    b"\x1cS\xbbk",  # cues
    b"\x19A\xa4i",  # attachments
    b"\x10C\xa7p",  # chapters
    b"\x12T\xc3g",  # tags
}
_SIMPLE_BLOCK, _GROUP, _BLOCK = b"\xa3", b"\xa0", b"\xa1"
_IN_CLUSTER = _FILLING | {_SIMPLE_BLOCK, _GROUP, b"\xe7", b"XT", b"\xa7", b"\xab", b"\xaf"}
_IN_GROUP = _FILLING | {
    *(_BLOCK, b"\xa2", b"\x9b", b"\xfa", b"\xfb", b"\xfd", b"\xa4", b"\x8e", b"\xc8"),
    *(b"u\xa1", b"u\xa2"),
}
_TRACK, _NUMBER, _TYPE, _VIDEO = b"\xae", b"\xd7", b"\x83", b"\x01"
_MOST_HEAD = 12  # bytes of the id and the length of an element


@dataclass
class Stored:
    """What a file holds by its own structure.

    Attributes:
        video: Numbers of the tracks that are videos, in order.
        tracks: Numbers of all tracks.
        frames: How many blocks of each track hold something; a block holds one frame, seldom several.
        fault: What is wrong with the structure; empty where nothing is.
    """

    video: list[int] = field(default_factory=list)
    tracks: set[int] = field(default_factory=set)
    frames: Counter[int] = field(default_factory=Counter)
    fault: str = ""


class _BrokenError(Exception):
    """An element is none that may be where it is, or goes on after what it is part of."""


def stored_frames(file: BinaryIO) -> Stored:
    """Walks through a file and counts what is stored in it; only heads of elements are read.

    Args:
        file: Matroska or WebM, seekable.

    Returns:
        What was found, up to the first fault.
    """
    stored, size = Stored(), file.seek(0, io.SEEK_END)
    try:
        for kind, begin, end in _elements(file, 0, size, _FILLING | {EBML, SEGMENT}):
            if kind == SEGMENT:
                _walk_segment(file, begin, end, stored)
    except _BrokenError as fault:
        stored.fault = str(fault)
    return stored


def ebml_length(file: BinaryIO, at: int) -> tuple[int, int]:
    """Reads the length of an element.

    Args:
        file: Of which it is part.
        at: Where the length is written.

    Returns:
        The length in bytes, 0 where it is unknown; and where the content begins.
    """
    file.seek(at)
    return _length(file.read(8), at)


def _length(head: bytes, at: int) -> tuple[int, int]:
    if not head or not head[0]:
        return 0, at + 1
    count = 9 - head[0].bit_length()
    value = int.from_bytes(head[:count], "big") & ((1 << 7 * count) - 1)
    return (0 if value == (1 << 7 * count) - 1 else value), at + count


def _elements(
    file: BinaryIO, at: int, end: int, known: frozenset[bytes] | None
) -> Iterator[tuple[bytes, int, int]]:
    """Ids of elements, and where the content of each begins and ends; None knows all ids."""
    while at < end:
        file.seek(at)
        head = file.read(_MOST_HEAD)
        count = 9 - head[0].bit_length() if head else 0
        kind = head[:count]
        if not 1 <= count <= 4 or (known is not None and kind not in known):
            raise _BrokenError(f"byte {at} begins nothing that may be there")
        size, begin = _length(head[count:], at + count)
        unknown = not size and head[count : count + 1] not in (b"\x80", b"\x40")
        stop = begin + size
        if unknown and kind in (SEGMENT, _CLUSTER):
            stop = end if kind == SEGMENT else _end_of_cluster(file, begin, end)
        if stop > end:
            raise _BrokenError(f"what begins at byte {at} goes on after what it is part of")
        yield kind, begin, stop
        at = stop


def _end_of_cluster(file: BinaryIO, at: int, end: int) -> int:
    """Where a cluster of unknown length ends: at the next thing that cannot be part of one."""
    try:
        for _, _, stop in _elements(file, at, end, _IN_CLUSTER):
            at = stop
    except _BrokenError:
        return at
    return at


def _walk_segment(file: BinaryIO, begin: int, end: int, stored: Stored) -> None:
    for kind, start, stop in _elements(file, begin, end, _IN_SEGMENT):
        if kind == _TRACKS:
            _read_tracks(file, start, stop, stored)
        elif kind == _CLUSTER:
            for inner, first, last in _elements(file, start, stop, _IN_CLUSTER):
                if inner == _SIMPLE_BLOCK:
                    _count(file, first, last, stored)
                elif inner == _GROUP:
                    for part, head, tail in _elements(file, first, last, _IN_GROUP):
                        if part == _BLOCK:
                            _count(file, head, tail, stored)


def _count(file: BinaryIO, begin: int, end: int, stored: Stored) -> None:
    number, data = ebml_length(file, begin)
    if number not in stored.tracks:
        raise _BrokenError(f"byte {begin} names track {number}, which there is not")
    if data + 3 < end:  # behind a time and flags
        stored.frames[number] += 1


def _read_tracks(file: BinaryIO, begin: int, end: int, stored: Stored) -> None:
    for kind, start, stop in _elements(file, begin, end, None):
        if kind != _TRACK:
            continue
        values = {}
        for inner, first, last in _elements(file, start, stop, None):
            if inner in (_NUMBER, _TYPE):
                file.seek(first)
                values[inner] = file.read(min(last - first, 8)).lstrip(b"\0")
        number = int.from_bytes(values.get(_NUMBER, b""), "big")
        if values.get(_TYPE) == _VIDEO and number not in stored.tracks:
            stored.video.append(number)
        stored.tracks.add(number)
