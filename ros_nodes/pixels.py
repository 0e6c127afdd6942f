"""Camera pictures out of ROS messages, raw and compressed; needs no ROS and knows no topic.

Messages may be those of rclpy or those that `rosbags` reads: only their fields matter.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PIL import Image as Pictures

from molmo_act.errors import ImageError, MissingExtraError

if TYPE_CHECKING:
    from sensor_msgs.msg import CompressedImage, Image


class _Layout(NamedTuple):
    """How the pixels of an encoding lie in memory.

    Attributes:
        channels: Numbers per pixel.
        colours: Which of them are red, green and blue.
        deep: Whether a number has 16 bits; its high byte is used.
        conversion: OpenCV's name of the conversion to RGB, where channels are not simply colours.
    """

    channels: int
    colours: tuple[int, int, int] = (0, 1, 2)
    deep: bool = False
    conversion: str = ""


_BGR, _GREY = (2, 1, 0), (0, 0, 0)
_LAYOUTS: dict[str, _Layout] = {
    "rgb8": _Layout(3),
    "bgr8": _Layout(3, _BGR),
    "rgba8": _Layout(4),
    "bgra8": _Layout(4, _BGR),
    "mono8": _Layout(1, _GREY),
    "rgb16": _Layout(3, deep=True),
    "bgr16": _Layout(3, _BGR, deep=True),
    "rgba16": _Layout(4, deep=True),
    "bgra16": _Layout(4, _BGR, deep=True),
    "mono16": _Layout(1, _GREY, deep=True),
    "8UC1": _Layout(1, _GREY),  # unnamed channels are taken in OpenCV's order
    "8UC3": _Layout(3, _BGR),
    "8UC4": _Layout(4, _BGR),
    "yuv422": _Layout(2, conversion="COLOR_YUV2RGB_UYVY"),
    "uyvy": _Layout(2, conversion="COLOR_YUV2RGB_UYVY"),
    "yuv422_yuy2": _Layout(2, conversion="COLOR_YUV2RGB_YUY2"),
    "yuyv": _Layout(2, conversion="COLOR_YUV2RGB_YUY2"),
} | {
    f"bayer_{order}{bits}": _Layout(1, deep=bits == 16, conversion=f"COLOR_Bayer{order.upper()}2RGB")
    for order in ("rggb", "bggr", "gbrg", "grbg")
    for bits in (8, 16)
}
#: Of an Image that can be read.
ENCODINGS = frozenset(_LAYOUTS)

_FILE_FORMATS = ("JPEG", "PNG", "WEBP")
_EIGHT_BIT_MODES = ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr")


def to_rgb(message: Image | CompressedImage) -> np.ndarray:
    """The pixels of a camera message of either kind, see `image_to_rgb` and `compressed_to_rgb`."""
    return image_to_rgb(message) if hasattr(message, "encoding") else compressed_to_rgb(message)


def image_to_rgb(message: Image) -> np.ndarray:
    """The pixels of an uncompressed image.

    Args:
        message: Colours or grey of 8 or 16 bits, Bayer mosaics, YUV 4:2:2. Padding at the end of rows is cut
            off, alpha is ignored. Of 16 bits the high byte is used: the driver of a sensor with 10 or 12 bits
            must scale them up.

    Returns:
        uint8 RGB (height, width, 3). May share memory with the message.

    Raises:
        ImageError: The encoding, size, step and amount of data are not those of one image.
        MissingExtraError: A Bayer or YUV picture needs OpenCV, which is not installed.
    """
    if message.encoding not in _LAYOUTS:
        raise ImageError(
            f"Image has encoding {message.encoding!r}; expected one of {', '.join(_LAYOUTS)}. "
            "Convert it in the camera driver or with image_proc."
        )
    layout = _LAYOUTS[message.encoding]
    pixels = image_rows(message, layout.channels, 2 if layout.deep else 1)
    if layout.deep:
        pixels = pixels[..., 0 if message.is_bigendian else 1 :: 2]
    if layout.conversion:
        return _converted(pixels, layout.conversion, message)
    if message.encoding == "rgb8":
        return np.ascontiguousarray(pixels)
    rgb = np.empty((message.height, message.width, 3), np.uint8)
    for channel, source in enumerate(layout.colours):  # 1.4 ms at 1080p; one fancy index takes 10 ms
        rgb[..., channel] = pixels[..., source]
    return rgb


def image_rows(message: Image, channels: int, number_bytes: int) -> np.ndarray:
    """The bytes of an image without the padding of its rows.

    Args:
        message: An uncompressed image.
        channels: Numbers of a pixel.
        number_bytes: Bytes of a number.

    Returns:
        uint8 (height, width, channels * number_bytes), in the memory of the message.

    Raises:
        ImageError: Size, step and amount of data are not those of one image.
    """
    height, width, step = message.height, message.width, message.step
    pixel_bytes = channels * number_bytes
    if not (height and width):
        raise ImageError(f"Image is {width} × {height} pixels; expected at least 1 × 1.")
    if step < width * pixel_bytes:
        raise ImageError(
            f"Image has step {step}; {width} pixels of {message.encoding} need at least "
            f"{width * pixel_bytes}. The camera driver must set step to the bytes of a row, padding included."
        )
    if len(message.data) != step * height:
        raise ImageError(
            f"Image has {len(message.data)} bytes of data; expected {step * height} "
            f"({height} rows of step {step}). The message is cut short or its step is wrong."
        )
    rows = np.frombuffer(message.data, np.uint8).reshape(height, step)
    return rows[:, : width * pixel_bytes].reshape(height, width, pixel_bytes)


def compressed_to_rgb(message: CompressedImage) -> np.ndarray:
    """The pixels of a compressed image.

    Args:
        message: JPEG, PNG or WebP with 8 bits per channel, or grey PNG with 16, of which the high byte is
            used; the data decide, not the format string. An EXIF orientation is not applied, since the
            calibration of a camera is about the pixels as sent. Alpha is ignored.

    Returns:
        uint8 RGB (height, width, 3).

    Raises:
        ImageError: The data are empty, truncated, damaged, or of another kind.
    """
    if not len(message.data):
        raise ImageError("CompressedImage holds no data; expected a JPEG, PNG or WebP file.")
    try:
        with Pictures.open(io.BytesIO(bytes(message.data)), formats=_FILE_FORMATS) as picture:
            picture.load()
            mode = picture.mode
            if mode.startswith("I;16"):
                return np.repeat((np.array(picture) >> 8).astype(np.uint8)[..., None], 3, axis=2)
            rgb = picture.convert("RGB") if mode in _EIGHT_BIT_MODES else None
    except (OSError, ValueError, SyntaxError, EOFError, Pictures.DecompressionBombError) as error:
        raise ImageError(
            f"CompressedImage (format {message.format!r}, {len(message.data)} bytes) cannot be decoded: "
            f"{_without_addresses(error)}. Expected a whole JPEG, PNG or WebP file."
        ) from error
    if rgb is None:
        raise ImageError(
            f"CompressedImage (format {message.format!r}) has pixels of mode {mode}; "
            "expected 8 bits per channel."
        )
    return np.array(rgb)


def _converted(pixels: np.ndarray, conversion: str, message: Image) -> np.ndarray:
    """RGB (height, width, 3) of a mosaic (height, width, 1) or of YUV 4:2:2 (height, width, 2)."""
    try:
        import cv2
    except ImportError as error:
        raise MissingExtraError("cv2", "ros", f"a picture of encoding {message.encoding}") from error
    if message.width % 2 or (message.height % 2 and pixels.shape[2] == 1):
        raise ImageError(
            f"Image of encoding {message.encoding} is {message.width} × {message.height} pixels; "
            "expected even numbers, as its colours come in pairs."
        )
    return cv2.cvtColor(np.ascontiguousarray(pixels), getattr(cv2, conversion))


def _without_addresses(error: Exception) -> str:
    """Pillow names the in-memory file by its address, which tells a reader nothing."""
    return "unknown file format" if isinstance(error, Pictures.UnidentifiedImageError) else str(error)
