"""J and F of DAVIS: how well masks cover a thing, and how well their outlines follow it; knows no video.

Perazzi et al. 2016, "A Benchmark Dataset and Evaluation Methodology for Video Object Segmentation".
"""

from __future__ import annotations

import math

import cv2
import numpy as np

from molmo_act.masks import overlap

TOLERANCE = 0.008  # of the frame's diagonal, by which outlines may lie apart


def region_similarity(found: np.ndarray, truth: np.ndarray) -> float:
    """J: intersection over union of two bool masks (H, W); 1 when both are empty."""
    return overlap(found, truth)


def outline(mask: np.ndarray) -> np.ndarray:
    """bool (H, W): pixels whose neighbour to the right, below, or both, is of another kind, as in DAVIS."""
    solid = mask.astype(bool)
    padded = np.pad(solid, ((0, 1), (0, 1)), mode="edge")
    return (solid != padded[:-1, 1:]) | (solid != padded[1:, :-1]) | (solid != padded[1:, 1:])


def contour_accuracy(found: np.ndarray, truth: np.ndarray) -> float:
    """F: harmonic mean of how much of either outline lies near the other; 1 when there is none.

    Args:
        found, truth: bool (H, W).
    """
    reach = math.ceil(TOLERANCE * math.hypot(*truth.shape))
    rows, columns = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    disc = (rows**2 + columns**2 <= reach**2).astype(np.uint8)
    ours, theirs = outline(found), outline(truth)
    if not ours.any() or not theirs.any():
        return float(ours.any() == theirs.any())
    near_ours, near_theirs = (cv2.dilate(line.astype(np.uint8), disc).astype(bool) for line in (ours, theirs))
    precision, recall = (ours & near_theirs).sum() / ours.sum(), (theirs & near_ours).sum() / theirs.sum()
    return float(2 * precision * recall / (precision + recall)) if precision + recall else 0.0
