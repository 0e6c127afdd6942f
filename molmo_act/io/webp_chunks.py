"""Repairs animated WebP files that are cut off, of which the decoder takes none of the frames."""

from __future__ import annotations

_HEAD, _FRAME = 12, b"ANMF"  # bytes of the mark, and the chunk of one frame


def without_torn_frame(content: bytes) -> bytes | None:
    """Leaves out what is not whole at the end of an animated WebP.

    Args:
        content: The file.

    Returns:
        The file up to its last whole frame; None where it is no animated WebP, lacks nothing at its end, or
        has no whole frame.
    """
    if content[:4] != b"RIFF" or content[8:_HEAD] != b"WEBP":
        return None
    at, frames = _HEAD, 0
    while at + 8 <= len(content):
        length = int.from_bytes(content[at + 4 : at + 8], "little")
        if at + 8 + length > len(content):
            break
        frames += content[at : at + 4] == _FRAME
        at += 8 + length + length % 2
    stated = int.from_bytes(content[4:8], "little")
    if not frames or stated + 8 <= len(content):
        return None
    kept = content[_HEAD:at]
    kept += b"\0" * (len(kept) % 2)  # what fills up, where the cut took it
    return b"RIFF" + (4 + len(kept)).to_bytes(4, "little") + b"WEBP" + kept
