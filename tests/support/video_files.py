"""Small video files of many kinds, written with PyAV where a test needs them."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

SIZE = (64, 48)  # width and height, pixels
STEP = 8  # from the shade of a frame to that of the next


def shade_image(index: int, size: tuple[int, int] = SIZE) -> np.ndarray:
    """The frame of a number: grey of the shade `10 + 8 * index`, uint8 (H, W, 3)."""
    return np.full((size[1], size[0], 3), 10 + STEP * index, np.uint8)


def index_of(pixels: np.ndarray) -> int:
    """The number of a frame, by its shade."""
    return round((float(pixels.mean()) - 10) / STEP)


def write_shades(
    path: Path,
    count: int = 20,
    *,
    codec: str = "libx264",
    format: str | None = None,
    rate: int = 10,
    options: dict[str, str] | None = None,
) -> Path:
    """Writes frames of one shade each, `rate` per second."""
    import av

    with av.open(f"file:{path}", "w", format=format) as container:
        stream: Any = container.add_stream(codec, rate=rate, options=options or {})
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        for index in range(count):
            image = av.VideoFrame.from_ndarray(shade_image(index), format="rgb24")
            frame = image.reformat(format=stream.pix_fmt)
            frame.pts, frame.time_base = index, Fraction(1, rate)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path
