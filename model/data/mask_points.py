"""Points to aim at inside masks, for data sets that have masks only; knows pixels, no data set.

Points near the boundary are bad targets, and of the rest some tell a segmenter better than others what is
meant. So candidates are drawn inside, and the one is kept from which a segmenter finds the mask again
(VideoMolmo paper, "point annotation").
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from molmo_act.errors import InputError

Segmenter = Callable[[np.ndarray, tuple[float, float]], np.ndarray]
"""Picture (H, W, 3) RGB uint8 and a point (x, y) → bool mask (H, W) of what lies there."""


def depth(mask: np.ndarray) -> np.ndarray:
    """float32 (H, W): distance in pixels of every pixel of a mask to its boundary; the picture's edge is one.

    Raises:
        InputError: The mask is empty.
    """
    if not mask.any():
        raise InputError("The mask is empty; expected at least one pixel. Leave such objects out.")
    framed = np.pad(mask.astype(np.uint8), 1)
    return np.asarray(cv2.distanceTransform(framed, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[1:-1, 1:-1])


def candidates(mask: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """float64 (count, 2): centres of pixels inside a mask, drawn in proportion to their `depth`.

    Args:
        mask: bool (H, W).
        count: How many; they may repeat.
        rng: Draws them.

    Raises:
        InputError: The mask is empty.
    """
    weights = depth(mask)
    rows, columns = np.nonzero(weights)
    shares = weights[rows, columns].astype(np.float64)
    drawn = rng.choice(len(rows), size=count, p=shares / shares.sum())
    return np.stack((columns[drawn], rows[drawn]), axis=1) + 0.5


def best_point(
    image: np.ndarray, mask: np.ndarray, segment: Segmenter, rng: np.random.Generator, count: int = 10
) -> tuple[float, float]:
    """Of `count` candidates the one whose segment overlaps most with the mask.

    Args:
        image: uint8 (H, W, 3), RGB.
        mask: bool (H, W).
        segment: Finds the mask of a point.
        rng: Draws the candidates.
        count: How many are tried.

    Raises:
        InputError: The mask is empty.
    """
    places = [(float(x), float(y)) for x, y in candidates(mask, count, rng)]
    return max(places, key=lambda place: overlap(segment(image, place), mask))


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    """Intersection over union of two masks; 0 when both are empty."""
    union = np.logical_or(one, other).sum()
    return float(np.logical_and(one, other).sum() / union) if union else 0.0


def centre_of_largest(mask: np.ndarray) -> tuple[float, float]:
    """Mean (x, y) of the largest connected part of a mask, moved onto it where it lies outside.

    The point of a tracked object in MolmoPoint-Track.

    Raises:
        InputError: The mask is empty.
    """
    depth(mask)  # refuses an empty one
    _, labels, about, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    largest = 1 + int(about[1:, cv2.CC_STAT_AREA].argmax())
    rows, columns = np.nonzero(labels == largest)
    inside = np.stack((columns, rows), axis=1) + 0.5
    x, y = inside[np.linalg.norm(inside - inside.mean(axis=0), axis=1).argmin()]
    mean_x, mean_y = inside.mean(axis=0)
    lies_inside = labels[int(mean_y), int(mean_x)] == largest
    return (float(mean_x), float(mean_y)) if lies_inside else (float(x), float(y))
