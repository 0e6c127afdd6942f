"""Tells files that are cut off by the length that they state themselves, which decoders take no notice of."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import BinaryIO

from molmo_act.io.matroska import EBML, SEGMENT, ebml_length
from molmo_act.io.mpegts import packet_form

_BOXES = frozenset(
    b"ftyp styp moov moof mdat mfra meta sidx ssix free skip wide uuid udta pdin pnot prft emsg".split()
)
"""Kinds of boxes that lie outermost in MP4, MOV and AVIF; others are not the file's own any more."""

_ASF = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_ASF_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
"""How ASF, of which WMV is one, begins, and the part of it that states the length of the file."""
_Y4M = b"YUV4MPEG2 "
_Y4M_COLORS = {b"420": (2, 2), b"422": (2, 1), b"444": (1, 1), b"411": (4, 1), b"mono": (0, 0)}
"""How many pixels across and down share one colour, by the name of the layout; 0 where there is none."""


def is_cut_off(source: Path | bytes) -> bool:
    """Tells whether a file ends before it says that it does.

    Args:
        source: Path of a regular file, or its content.

    Returns:
        True for AVI, WebP, MP4, MOV, AVIF, Matroska, WebM, ASF, Y4M and MPEG-TS that lack their end. False
        where there is no telling: the format states no length, or this file does not, as one that was never
        finished.
    """
    if isinstance(source, Path) and not source.is_file():
        return False
    with io.BytesIO(source) if isinstance(source, bytes) else source.open("rb") as file:
        size = file.seek(0, io.SEEK_END)
        head = _read(file, 0, 12)
        if head[:4] == b"RIFF":
            return _end_of_riff(file, size) > size
        if head[:4] == EBML:
            return _end_of_matroska(file) > size
        if head[4:8] in _BOXES:
            return _end_of_boxes(file, size) > size
        if head[:10] == _Y4M:
            return _end_of_y4m(file, size) > size
        if _read(file, 0, 16) == _ASF:
            return _end_of_asf(file) > size
        return _ends_in_a_packet(file, size)


def _read(file: BinaryIO, at: int, count: int) -> bytes:
    file.seek(at)
    return file.read(count)


def _end_of_riff(file: BinaryIO, size: int) -> int:
    """Where the last of the chunks ends, of which files above 1 GB have several; 0 where one does not say."""
    at = 0
    while (head := _read(file, at, 8))[:4] == b"RIFF" and len(head) == 8:
        length = int.from_bytes(head[4:], "little")
        if length in (0, 0xFFFFFFFF):
            return 0
        at += 8 + length
        if at < size:
            at += length % 2  # a byte that fills up, which nobody misses at the end
    return at


def _end_of_matroska(file: BinaryIO) -> int:
    """Where the segment ends; 0 where it does not say."""
    header, begin = ebml_length(file, len(EBML))
    if _read(file, begin + header, len(SEGMENT)) != SEGMENT:
        return 0
    length, begin = ebml_length(file, begin + header + len(SEGMENT))
    return begin + length if length else 0


def _end_of_boxes(file: BinaryIO, size: int) -> int:
    """Where the last box ends, as far as there are boxes; 0 where it ends with the file."""
    at = 0
    while at + 8 <= size:
        head = _read(file, at, 16)
        if head[4:8] not in _BOXES:
            return at
        length = int.from_bytes(head[:4], "big")
        if length == 1:
            length = int.from_bytes(head[8:16], "big")
        if length < 8:  # 0: up to the end
            return 0
        at += length
    return at


def _ends_in_a_packet(file: BinaryIO, size: int) -> bool:
    """Whether an MPEG-TS ends inside a packet."""
    form = packet_form(file)
    return form is not None and size % form[0] != 0


def _end_of_asf(file: BinaryIO) -> int:
    """The length that the header states; 0 for a broadcast, which has none."""
    end, at = int.from_bytes(_read(file, 16, 8), "little"), 30
    while at + 24 <= end and len(head := _read(file, at, 92)) == 92:
        if head[:16] == _ASF_PROPERTIES:
            broadcast = head[88] & 1
            return 0 if broadcast else int.from_bytes(head[40:48], "little")
        at += max(int.from_bytes(head[16:24], "little"), 24)
    return 0


def _end_of_y4m(file: BinaryIO, size: int) -> int:
    """Where the last frame ends, all of which have one length; 0 where that is not known."""
    header = _read(file, 0, 1024).partition(b"\n")[0]
    length = _length_of_frame(header.split(b" ")[1:])
    at = len(header) + 1
    while length and at < size:
        line = _read(file, at, 1024).partition(b"\n")[0]
        if not line.startswith(b"FRAME"):
            return size + 1 if b"FRAME".startswith(line) else 0
        at += len(line) + 1 + length
    return at if length else 0


def _length_of_frame(parameters: list[bytes]) -> int:
    """Bytes of a frame of Y4M; 0 for a layout that is not known."""
    values = {part[:1]: part[1:] for part in parameters}
    found = re.fullmatch(rb"(420|422|444|411|mono)(alpha|jpeg|mpeg2|paldv)?p?(\d*)", values.get(b"C", b"420"))
    width, height = (values.get(side, b"") for side in (b"W", b"H"))
    if found is None or not (width.isdigit() and height.isdigit()):
        return 0
    across, down = _Y4M_COLORS[found[1]]
    planes = int(width) * int(height) * (2 if found[2] == b"alpha" else 1)
    if across:
        planes += 2 * -(-int(width) // across) * -(-int(height) // down)
    return planes * (2 if int(found[3] or 8) > 8 else 1)
