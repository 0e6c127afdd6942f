"""J and F of DAVIS: region similarity and contour accuracy of masks.

Perazzi et al. 2016, "A Benchmark Dataset and Evaluation Methodology for Video Object Segmentation".
"""

from __future__ import annotations

import math

import numpy as np

from molmo_act._optional import lazy_import
from molmo_act.segmentation.fusion import overlap

cv2 = lazy_import("cv2", extra="train", purpose="drawing and measuring images")

TOLERANCE = 0.008  # of the frame's diagonal, by which outlines may lie apart


def region_similarity(found: np.ndarray, truth: np.ndarray) -> float:
    """Returns J, the intersection over union of two bool masks (H, W); 1 when both are empty."""
    return overlap(found, truth)


def outline(mask: np.ndarray) -> np.ndarray:
    """Returns bool (H, W): pixels that differ from a neighbour to the right, below, or both, as in DAVIS."""
    solid = mask.astype(bool)
    padded = np.pad(solid, ((0, 1), (0, 1)), mode="edge")
    return (solid != padded[:-1, 1:]) | (solid != padded[1:, :-1]) | (solid != padded[1:, 1:])


def contour_accuracy(found: np.ndarray, truth: np.ndarray) -> float:
    """Returns F, the harmonic mean of how much of either contour lies near the other; 1 when there is none.

    Args:
        found: Predicted mask, bool (H, W).
        truth: True mask, bool (H, W).
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
