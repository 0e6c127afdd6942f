"""Camera images that are files: JPEG, PNG and WebP out of sensor_msgs/CompressedImage, and JPEG into it.

Messages may be those of rclpy or those that `rosbags` reads: only their fields matter.
"""

from __future__ import annotations

import array
import io
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image as PillowImage
from PIL import UnidentifiedImageError

from molmo_act.errors import ImageError
from molmo_act.io.jpeg_scans import with_end_marker

if TYPE_CHECKING:
    from sensor_msgs.msg import CompressedImage
    from std_msgs.msg import Header

_JPEG_QUALITY = 90
_FILE_FORMATS = ("JPEG", "PNG", "WEBP")
_DECODING_ERRORS = (OSError, ValueError, SyntaxError, EOFError, PillowImage.DecompressionBombError)
_EIGHT_BIT_MODES = ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr")


def compressed_to_rgb(message: CompressedImage, bits: int = 16) -> np.ndarray:
    """Decodes a compressed image.

    Args:
        message: JPEG, PNG or WebP with 8 bits per channel, or grey PNG with 16; the data decide, not the
            format string. A JPEG may lack its end marker, as some drivers send it. An EXIF orientation is not
            applied, since the calibration of a camera is about the pixels as sent. Alpha is ignored.
        bits: How many bits of numbers of 16 bits the sensor fills.

    Returns:
        uint8 RGB (height, width, 3).

    Raises:
        ImageError: The data are empty, truncated, damaged, or of another kind.
    """
    data = bytes(message.data)
    if not data:
        raise ImageError("CompressedImage holds no data; expected a JPEG, PNG or WebP file.")
    try:
        pixels = _decoded(data, bits)
    except _DECODING_ERRORS as error:
        whole = with_end_marker(data)
        if whole is None:
            raise ImageError(
                f"CompressedImage (format {message.format!r}, {len(data)} bytes) cannot be decoded: "
                f"{_without_addresses(error)}. Expected a whole JPEG, PNG or WebP file."
            ) from error
        pixels = _decoded(whole, bits)
    if isinstance(pixels, str):
        raise ImageError(
            f"CompressedImage (format {message.format!r}) has pixels of mode {pixels}; "
            "expected 8 bits per channel."
        )
    return pixels


def rgb_to_jpeg(rgb: np.ndarray, header: Header) -> CompressedImage:
    """Makes a compressed image message of rclpy.

    Args:
        rgb: uint8 RGB (height, width, 3).
        header: Stamp and frame of the capture.

    Returns:
        The message, a JPEG.
    """
    from sensor_msgs.msg import CompressedImage

    file = io.BytesIO()
    PillowImage.fromarray(rgb).save(file, "JPEG", quality=_JPEG_QUALITY)
    return CompressedImage(header=header, format="jpeg", data=array.array("B", file.getvalue()))


def _decoded(data: bytes, bits: int) -> np.ndarray | str:
    """RGB of a file, or the mode of its pixels where that cannot be read; raises what Pillow does."""
    with PillowImage.open(io.BytesIO(data), formats=_FILE_FORMATS) as opened:
        opened.load()
        if opened.mode.startswith("I;16"):
            grey = np.minimum(np.array(opened) >> (bits - 8), 255).astype(np.uint8)
            return np.repeat(grey[..., None], 3, axis=2)
        return np.array(opened.convert("RGB")) if opened.mode in _EIGHT_BIT_MODES else opened.mode


def _without_addresses(error: Exception) -> str:
    """Pillow names the in-memory file by its address, which tells a reader nothing."""
    return "unknown file format" if isinstance(error, UnidentifiedImageError) else str(error)
