"""Depth images of the transport compressedDepth: a header of 12 bytes, then PNG with 16 bits.

Messages may be those of rclpy or those that `rosbags` reads: only their fields matter.
"""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image as PillowImage

from molmo_act.errors import ImageError

if TYPE_CHECKING:
    from sensor_msgs.msg import CompressedImage

_HEADER = struct.Struct("<iff")  # kind of compression, which nobody reads; then the two numbers of 32FC1
_HOW = "Expected '16UC1; compressedDepth png', or 32FC1: set the format of the transport to png."


def decompress_depth(message: CompressedImage) -> np.ndarray:
    """Decodes a depth image of the transport compressedDepth.

    Args:
        message: Of format "16UC1; compressedDepth png", or 32FC1, whose PNG holds inverse depth in steps.

    Returns:
        (height, width): uint16 steps, 0 where nothing was measured; or float32 metres, NaN there.

    Raises:
        ImageError: It is of another format, or damaged.
    """
    kind, _, transport = (part.strip() for part in message.format.partition(";"))
    data = bytes(message.data)
    if kind not in ("16UC1", "32FC1") or "compressedDepth" not in transport or "rvl" in transport:
        raise ImageError(f"Compressed depth has format {message.format!r}. {_HOW}")
    if len(data) <= _HEADER.size:
        raise ImageError(f"Compressed depth has {len(data)} bytes; expected a header of 12 bytes and a PNG.")
    _, a, b = _HEADER.unpack_from(data)
    steps = _decoded(data[_HEADER.size :])
    if kind == "16UC1":
        return steps
    metres = np.full(steps.shape, np.nan, np.float32)
    known = steps > 0
    metres[known] = a / (steps[known] - b)
    return metres


def _decoded(png: bytes) -> np.ndarray:
    try:
        with PillowImage.open(io.BytesIO(png), formats=("PNG",)) as opened:
            opened.load()
            mode, numbers = opened.mode, np.array(opened)
    except (OSError, ValueError, SyntaxError, EOFError, PillowImage.DecompressionBombError) as error:
        raise ImageError(
            f"Compressed depth of {len(png)} bytes cannot be decoded: it is no whole PNG. {_HOW}"
        ) from error
    if not mode.startswith("I"):
        raise ImageError(f"Compressed depth is a PNG of mode {mode}; expected 16 bits of grey.")
    return numbers.astype(np.uint16)
