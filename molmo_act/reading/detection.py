"""Finds text: the probability map of a network to boxes, upright or turned."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from molmo_act.reading.atlas import Canvas, Placed
from molmo_act.reading.text import Box

MIN_PIXEL, MIN_BOX = 0.3, 0.5
"""Least probability of a pixel of text, and mean probability of a box, as PP-OCR was released."""
_UNCLIP = 1.6  # the network marks the core of a line; Liao et al., "Real-time scene text detection", 2020
_LEAST_SIDE = 3  # pixels


@dataclass(frozen=True, eq=False)
class TextBox:
    """Where a line of text was found.

    Attributes:
        corners: float32 (4, 2), pixels of the image: top left, top right, bottom right, bottom left of the
            text as it is read.
        tilted: Whether it is turned against the image's edges.
    """

    corners: np.ndarray
    tilted: bool

    @property
    def bounds(self) -> Box:
        """The upright box around it, in pixels."""
        (x0, y0), (x1, y1) = self.corners.min(axis=0), self.corners.max(axis=0)
        return float(x0), float(y0), float(x1), float(y1)

    @property
    def height(self) -> float:
        """Pixels from its upper to its lower edge."""
        return float(np.linalg.norm(self.corners[3] - self.corners[0]))


Network = Callable[[np.ndarray], np.ndarray]
"""From float32 (N, 3, H, W), BGR in [-1, 1], to what the network says."""


def normalized(pixels: np.ndarray) -> np.ndarray:
    """Prepares uint8 (H, W, 3) RGB for a network.

    Returns:
        float32 (3, H, W), BGR in [-1, 1].
    """
    bgr = pixels[:, :, ::-1].transpose(2, 0, 1)
    return np.ascontiguousarray(bgr, dtype=np.float32) / 127.5 - 1


def find_boxes(network: Network, image: np.ndarray, canvas: Canvas) -> list[TextBox]:
    """Finds the lines of text on a canvas.

    Args:
        network: Gives the probability of text, float32 (1, 1, H, W).
        image: uint8 (H, W, 3), RGB, of which the canvas shows rectangles.
        canvas: What to look at.

    Returns:
        Boxes in pixels of the image.
    """
    import cv2

    probability = network(normalized(canvas.draw(image))[None])[0, 0]
    mask = cv2.dilate((probability > MIN_PIXEL).astype(np.uint8), np.ones((2, 2), np.uint8))
    contours, _ = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    boxes = []
    for contour in contours:
        found = _box(probability, contour)
        if found is None:
            continue
        corners, tilted = found
        middle = corners.mean(axis=0)
        part = next((part for part in canvas.placed if part.holds(*middle)), None)
        if part is not None:
            boxes.append(TextBox(_inside(part, corners, tilted), tilted))
    return boxes


def _inside(part: Placed, corners: np.ndarray, tilted: bool) -> np.ndarray:
    """Corners in pixels of the image; those of upright boxes do not leave their rectangle."""
    found = part.to_image(corners)
    if not tilted:
        x0, y0, x1, y1 = part.source
        found = np.clip(found, (x0, y0), (x1, y1))
    return found.astype(np.float32)


def _box(probability: np.ndarray, contour: np.ndarray) -> tuple[np.ndarray, bool] | None:
    """Corners on the canvas of the text that a contour marks, and whether it is tilted; None for none."""
    import cv2

    center, (wide, high), angle = cv2.minAreaRect(contour)
    if min(wide, high) < _LEAST_SIDE:
        return None
    corners = _reading_order(cv2.boxPoints((center, (wide, high), angle)))
    if _mean_inside(probability, corners) < MIN_BOX:
        return None
    off = abs(math.sin(math.radians(2 * angle)))  # 0 where upright
    long, short = max(wide, high), min(wide, high)
    # a short line's angle is a matter of chance; screens are upright
    if off * long < 2 * short and off < 0.3:
        x, y, box_wide, box_high = cv2.boundingRect(contour)
        grow = _UNCLIP * box_wide * box_high / (2 * (box_wide + box_high))
        x0, y0, x1, y1 = x - grow, y - grow, x + box_wide + grow, y + box_high + grow
        return np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], np.float32), False
    grow = _UNCLIP * wide * high / (2 * (wide + high))
    sides = wide + 2 * grow, high + 2 * grow
    return _reading_order(cv2.boxPoints((center, sides, angle))), True


def _reading_order(corners: np.ndarray) -> np.ndarray:
    """Corners from the top left one on, clockwise."""
    by_x = corners[np.argsort(corners[:, 0], kind="stable")]
    (top_left, bottom_left), (top_right, bottom_right) = (
        half[np.argsort(half[:, 1], kind="stable")] for half in (by_x[:2], by_x[2:])
    )
    return np.array([top_left, top_right, bottom_right, bottom_left], np.float32)


def _mean_inside(probability: np.ndarray, corners: np.ndarray) -> float:
    import cv2

    height, width = probability.shape
    x0, y0 = np.clip(np.floor(corners.min(axis=0)).astype(int), 0, (width - 1, height - 1))
    x1, y1 = np.clip(np.ceil(corners.max(axis=0)).astype(int), 0, (width - 1, height - 1))
    mask = np.zeros((y1 - y0 + 1, x1 - x0 + 1), np.uint8)
    cv2.fillPoly(mask, [(corners - (x0, y0)).astype(np.int32)], 1)
    return float(cv2.mean(probability[y0 : y1 + 1, x0 : x1 + 1], mask)[0])
