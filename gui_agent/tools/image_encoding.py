"""Encodes screens for clients that take images up to a size."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image

LARGEST_BYTES = 3_500_000
"""Of an image that is sent; in base64 it is a third more, and clients stop at 5 to 10 million."""
JPEG_QUALITY = 85


def encode_image(image: Image.Image, largest: int = LARGEST_BYTES) -> tuple[bytes, str, tuple[int, int]]:
    """Encodes an image within a size: exactly as PNG, else as JPEG, else smaller.

    Args:
        image: RGB.
        largest: Bytes.

    Returns:
        The bytes, their media type, and (width, height) of the image in pixels.
    """
    content = _encoded(image, "PNG")
    if len(content) <= largest:
        return content, "image/png", image.size
    content = _encoded(image, "JPEG")
    while len(content) > largest and min(image.size) > 1:
        image = image.resize((max(1, image.width * 3 // 4), max(1, image.height * 3 // 4)))
        content = _encoded(image, "JPEG")
    return content, "image/jpeg", image.size


def _encoded(image: Image.Image, kind: str) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, quality=JPEG_QUALITY)
    return buffer.getvalue()
