"""Seeded pictures and clips made with numpy alone: gradients, discs, boxes and noise. Knows no model.

The reference hashes in ``tests/data/preproc_378.json`` were taken of exactly these pixels, so the order in
which random numbers are drawn is part of the data.
"""

from __future__ import annotations

import numpy as np


def synthetic_image(seed: int, height: int, width: int, noise: int = 6, shapes: int = 12) -> np.ndarray:
    """A uint8 RGB picture (height, width, 3)."""
    rng = np.random.default_rng(seed)
    y, x = np.indices((height, width)).astype(np.float64)
    picture = np.empty((height, width, 3))
    for channel in range(3):
        waves_x, waves_y = rng.uniform(0.5, 3, 2).tolist()
        phase = rng.uniform(0, 6.28)
        picture[..., channel] = 128 + 80 * np.sin(
            2 * np.pi * (waves_x * x / width + waves_y * y / height) + phase
        )
    for _ in range(shapes):
        centre_y, centre_x = rng.uniform(0, height), rng.uniform(0, width)
        radius = rng.uniform(0.03, 0.15) * min(height, width) + 2
        colour = rng.uniform(0, 255, 3)
        dy, dx = y - centre_y, x - centre_x
        is_disc = rng.random() < 0.5
        inside = (
            dy**2 + dx**2 < radius * radius
            if is_disc
            else (abs(dy) < radius) & (abs(dx) < radius * rng.uniform(0.5, 2))
        )
        picture[inside] = colour
    if noise:
        picture += rng.integers(-noise, noise + 1, picture.shape)
    return picture.clip(0, 255).astype(np.uint8)


def synthetic_video(seed: int, frames: int, height: int, width: int, noise: int = 0) -> np.ndarray:
    """A uint8 RGB clip (frames, height, width, 3): a background drifting under a moving disc."""
    background = synthetic_image(seed, height, width, noise=noise)
    colour = np.random.default_rng(seed + 1).uniform(0, 255, 3).astype(np.uint8)
    y, x = np.indices((height, width))
    clip = np.empty((frames, height, width, 3), np.uint8)
    for index, frame in enumerate(clip):
        frame[:] = np.roll(background, 3 * index, axis=1)
        progress = index / max(frames - 1, 1)
        dy, dx = y - height * (0.3 + 0.4 * index / max(frames - 1, 1)), x - width * (0.2 + 0.6 * progress)
        frame[dy**2 + dx**2 < (0.12 * min(height, width)) ** 2] = colour
    return clip
