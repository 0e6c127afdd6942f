"""Chooses the point that stands for a mask best (VideoMolmo, arXiv 2506.05336, equations 7 and 8)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from molmo_act._optional import import_optional
from molmo_act.errors import InputError
from molmo_act.segmentation.checks import check_masks
from molmo_act.segmentation.fusion import overlap
from molmo_act.tracking.config import VIDEO_EXTRA
from molmo_act.validation import check_int, wrong

CANDIDATES = 5
"""Points that are tried, k of the paper, which does not say how many its authors tried."""


def distance_to_boundary(mask: np.ndarray) -> np.ndarray:
    """Measures how deep inside of a mask its pixels are.

    Args:
        mask: bool (H, W).

    Returns:
        float64 (H, W), pixels to the nearest pixel of the boundary, which are those with a neighbour outside
        of the mask or at the edge of the image; 0 on the boundary and outside.

    Raises:
        InputError: It is no mask.
        MissingExtraError: OpenCV is not installed.
    """
    check_masks(mask=mask)
    cv2 = import_optional("cv2", **VIDEO_EXTRA)
    padded = np.pad(mask.astype(np.uint8), 1)
    inner = cv2.erode(padded, cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3)))
    if not inner.any():
        return np.zeros(mask.shape)
    # To the nearest pixel that is not inner; that is one of the boundary.
    depth: np.ndarray = cv2.distanceTransform(inner, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[1:-1, 1:-1]
    return depth.astype(np.float64)


def point_of_mask(
    mask: np.ndarray,
    segment: Callable[[np.ndarray], np.ndarray],
    rng: np.random.Generator,
    *,
    candidates: int = CANDIDATES,
) -> np.ndarray:
    """Chooses the point of a mask from which a segmenter finds the mask again best.

    Candidates are drawn with a probability proportional to their distance to the mask's boundary (equation
    7); the one whose mask overlaps the mask most is kept (equation 8), the first of equals. A mask without a
    pixel off its boundary has candidates drawn evenly, which the paper leaves open.

    Args:
        mask: bool (H, W), at least one pixel.
        segment: Segments the objects at points of the image: (N, 2) in pixels → bool (N, H, W).
        rng: Draws the candidates.
        candidates: Number of candidates.

    Returns:
        float64 (2,), in pixels, pixel centres at +0.5.

    Raises:
        InputError: The mask is empty, or an argument is of the wrong kind.
        MissingExtraError: OpenCV is not installed.
    """
    check_masks(mask=mask)
    candidates = check_int("candidates", candidates)
    if not isinstance(rng, np.random.Generator):
        raise wrong("rng", rng, "a NumPy generator, such as numpy.random.default_rng(0)")
    if not mask.any():
        raise InputError("The mask is empty; expected at least one pixel to point at.")
    weights = distance_to_boundary(mask).ravel()
    if not weights.any():
        weights = mask.ravel().astype(np.float64)
    drawn = rng.choice(weights.size, candidates, p=weights / weights.sum())
    rows, columns = np.unravel_index(drawn, mask.shape)
    points = np.stack([columns + 0.5, rows + 0.5], axis=1)
    best: np.ndarray = points[int(np.argmax([overlap(mask, found) for found in segment(points)]))]
    return best
