"""Tells whether a JPEG holds all scans that make its pixels exact, and gives it the end marker it may lack.

A progressive JPEG is a blurred image that one scan after the other refines; another one may have a scan for
each colour. Where such a file is cut between two scans, decoders take it for whole.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

from PIL import Image

_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""Markers that begin a frame, of which others with such numbers are tables."""
_SCAN = 0xDA
_NEXT_MARKER = re.compile(rb"\xff+([^\x00\xff\xd0-\xd7])", re.DOTALL)  # in data, zeros and restarts are none
_COEFFICIENTS = 64
_END = b"\xff\xd9"
_RESTARTS = (*range(0xD0, 0xD8), *range(0xD0, 0xD8))
_FILLERS = tuple(
    bits * 64 + b"".join(bytes((0xFF, marker)) + bits * 8 for marker in _RESTARTS)
    for bits in (b"\xe7\x81", b"\x80", b"\x55")
)
"""Bits that decode to other pixels than those that libjpeg invents, with every restart marker among them."""


def has_all_scans(content: bytes) -> bool:
    """Tells whether every coefficient of every component was given in full.

    Args:
        content: A JPEG, with or without its end marker.

    Returns:
        Whether nothing is left that another scan could add.
    """
    open_bits: dict[int, list[bool]] = {}
    for marker, segment in _segments(content):
        if marker in _FRAMES and len(segment) >= 6:
            open_bits = {component: [True] * _COEFFICIENTS for component in segment[6::3]}
        elif marker == _SCAN and segment:
            count = segment[0]
            first, last, bits = segment[1 + 2 * count :][:3].ljust(3, b"\xff")
            for component in segment[1 : 1 + 2 * count : 2]:
                missing = open_bits.get(component, [])
                missing[first : last + 1] = [bool(bits & 0x0F)] * len(missing[first : last + 1])
    return bool(open_bits) and not any(map(any, open_bits.values()))


def with_end_marker(content: bytes) -> bytes | None:
    """Adds the end marker to a JPEG that lacks nothing else.

    libjpeg invents what a file lacks. Whether it had to shows in that other bits behind the end give other
    pixels.

    Args:
        content: A JPEG that cannot be decoded.

    Returns:
        The JPEG with its end marker; None where it has one, or where pixels, or scans that refine them, are
        missing, too.
    """
    if content.endswith(_END):
        return None
    content = content.removesuffix(_END[:1])  # cut inside the marker
    if not has_all_scans(content):
        return None
    ended = content + _END
    pixels = _decoded(ended)
    if pixels is None or any(_decoded(content + filler + _END) != pixels for filler in _FILLERS):
        return None
    return ended


def _segments(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Each marker segment: its marker, and what stands behind its length; data of scans are skipped."""
    found = _NEXT_MARKER.search(content, 2)
    while found is not None:
        length = int.from_bytes(content[found.end() : found.end() + 2], "big")
        end = found.end() + max(length, 2)
        if end > len(content):
            return
        yield found[1][0], content[found.end() + 2 : end]
        found = _NEXT_MARKER.search(content, end)


def _decoded(content: bytes) -> bytes | None:
    try:
        with Image.open(io.BytesIO(content), formats=["JPEG"]) as image:
            return image.tobytes()
    except Warning:
        raise
    except Exception:  # decoders fail on damaged data with nearly every type of exception
        return None
