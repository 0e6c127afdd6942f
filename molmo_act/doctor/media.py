"""Checks of what reads images and videos."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

COLOUR_CLOSE = 8
"""Levels of 255 by which a lossy codec may move a plain colour."""


def video() -> str:
    """Writes a short video into memory and reads it back."""
    import av

    frames = [np.full((64, 64, 3), 40 * number, np.uint8) for number in range(5)]
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream: Any = container.add_stream("mpeg4", rate=10)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        for frame in frames:
            container.mux(stream.encode(_frame(frame)))
        container.mux(stream.encode())
    file.seek(0)
    with av.open(file, "r") as source:
        read = [frame.to_ndarray(format="rgb24") for frame in source.decode(video=0)]
    worst = max(np.abs(a.mean() - b.mean()) for a, b in zip(frames, read, strict=True))
    if worst > COLOUR_CLOSE:
        raise ArithmeticError(f"frames came back {worst:.1f} levels off")
    return f"{len(read)} frames written and read, {worst:.1f} levels off at most"


def _frame(pixels: np.ndarray) -> Any:
    import av

    return av.VideoFrame.from_ndarray(pixels, format="rgb24")


def opencv() -> str:
    """Follows a patch that moves by two pixels."""
    import cv2

    noise = np.random.default_rng(0).integers(0, 255, (16, 16), np.uint8)
    before = cv2.resize(noise, (128, 128), interpolation=cv2.INTER_CUBIC)
    after = np.roll(before, 2, axis=1)
    start = np.array([[[64.0, 64.0]]], np.float32)
    end, found, _ = cv2.calcOpticalFlowPyrLK(before, after, start, np.empty_like(start))
    moved = end[0, 0] - start[0, 0]
    if not found.all() or np.abs(moved - (2, 0)).max() > 0.1:
        raise ArithmeticError(f"optical flow gives {moved} for a move of (2, 0)")
    return f"optical flow of 2 pixels is {moved[0]:.2f}"
