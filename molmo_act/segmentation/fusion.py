"""Joins masks that were propagated from both sides: how much two agree, and what is kept of them.

Bidirectional temporal mask fusion: VideoMolmo, arXiv 2506.05336.
"""

from __future__ import annotations

import numpy as np

from molmo_act.segmentation.checks import check_masks
from molmo_act.validation import check_number

AGREEMENT = 0.7
"""Intersection over union from which two masks count as masks of one object, τ of the paper."""


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    """Measures how much two masks agree.

    Args:
        one: bool (H, W).
        other: bool (H, W).

    Returns:
        Intersection over union, in [0, 1]; 1 when both are empty.

    Raises:
        InputError: They are no masks, or differ in shape.
    """
    check_masks(one=one, other=other)
    union = np.count_nonzero(one | other)
    return np.count_nonzero(one & other) / union if union else 1.0


def fuse(left: np.ndarray, right: np.ndarray, *, agreement: float = AGREEMENT) -> np.ndarray:
    """Joins a mask that was propagated forwards with one that was propagated backwards.

    Where they agree, what both contain is kept, since each spills over in its own way. Where they do not, one
    of them lost part of the object, and their union is kept. Where one is empty, the other one counts.

    Args:
        left: bool (H, W), propagated forwards.
        right: bool (H, W), propagated backwards.
        agreement: Intersection over union from which they agree.

    Returns:
        bool (H, W).

    Raises:
        InputError: They are no masks, or differ in shape.
    """
    check_masks(left=left, right=right)
    agreement = check_agreement(agreement)
    both: np.ndarray = left & right
    either: np.ndarray = left | right
    if not left.any() or not right.any():
        return either
    return both if overlap(left, right) >= agreement else either


def check_agreement(agreement: float) -> float:
    """Checks an intersection over union; raises InputError unless it lies in [0, 1]."""
    return check_number("agreement", agreement, least=0, most=1, what="an intersection over union")
