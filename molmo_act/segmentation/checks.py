"""Checks frames, points and masks that a caller gives, before any of them is segmented."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from molmo_act.errors import InputError
from molmo_act.validation import check_number, wrong


def check_frames(frames: object) -> list[np.ndarray]:
    """Checks the frames of a video.

    Args:
        frames: What a caller gave as frames.

    Returns:
        uint8 RGB (H, W, 3) each, in order.

    Raises:
        InputError: They are no such frames, there is none, or they differ in size.
    """
    if isinstance(frames, (str, bytes)) or not isinstance(frames, (Sequence, np.ndarray)) or not len(frames):
        raise wrong("frames", frames, "at least one image, uint8 RGB (H, W, 3) each, in order")
    for index, frame in enumerate(frames):
        good = isinstance(frame, np.ndarray) and frame.dtype == np.uint8 and frame.ndim == 3
        if not good or frame.shape[2] != 3 or not frame.size:
            raise wrong(f"frames[{index}]", frame, "an image, uint8 RGB (H, W, 3)")
        if frame.shape != frames[0].shape:
            raise InputError(
                f"frames[{index}] has shape {frame.shape} and frames[0] {frames[0].shape}; expected one size."
            )
    return list(frames)


def check_point(name: str, point: object, frame: np.ndarray) -> np.ndarray:
    """Checks a point on a frame.

    Args:
        name: What the error calls it.
        point: What a caller gave as a point.
        frame: The frame, (H, W, 3).

    Returns:
        float64 (2,), the point in pixels.

    Raises:
        InputError: It is no pair of finite numbers, or lies outside of the frame.
    """
    if not isinstance(point, (np.ndarray, tuple, list)) or np.ndim(point) != 1 or len(point) != 2:
        raise wrong(name, point, "a point (x, y) in pixels")
    x, y = (check_number(f"A coordinate of {name}", value, what="pixels") for value in point)
    height, width = frame.shape[:2]
    if not (0 <= x < width and 0 <= y < height):
        raise InputError(f"{name} is ({x:g}, {y:g}), outside of its frame of {width}×{height} pixels.")
    return np.array([x, y])


def check_points(name: str, points: object, frame: np.ndarray) -> np.ndarray:
    """Checks points of several objects on a frame.

    Args:
        name: What the error calls them.
        points: What a caller gave as points.
        frame: The frame, (H, W, 3).

    Returns:
        float64 (N, 2), the points in pixels; N is at least 1.

    Raises:
        InputError: They are no list of points, or one cannot be used, see `check_point`.
    """
    if not isinstance(points, (np.ndarray, tuple, list)) or np.ndim(points) != 2 or not len(points):
        raise wrong(name, points, "at least one point (x, y) in pixels, in a list or an array (N, 2)")
    return np.stack([check_point(f"{name}[{index}]", point, frame) for index, point in enumerate(points)])


def check_masks(**masks: object) -> None:
    """Checks masks.

    Args:
        masks: What a caller gave as masks, by name.

    Raises:
        InputError: One is not bool (H, W), or they differ in shape.
    """
    shapes = []
    for name, mask in masks.items():
        if not isinstance(mask, np.ndarray) or mask.dtype != bool or mask.ndim != 2:
            raise wrong(name, mask, "a mask, bool (H, W)")
        shapes.append(mask.shape)
    if len(set(shapes)) > 1:
        raise InputError(
            f"{' and '.join(masks)} have the shapes {' and '.join(map(str, shapes))}; expected one shape."
        )
