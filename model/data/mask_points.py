"""The middle of a thing that is told by its mask; knows pixels, no data set."""

from __future__ import annotations

import cv2
import numpy as np

from molmo_act.errors import InputError


def centre_of_largest(mask: np.ndarray) -> tuple[float, float]:
    """Mean (x, y) of the largest connected part of a mask, moved onto it where it lies outside.

    The point of a tracked object in MolmoPoint's synthetic tracks.

    Raises:
        InputError: The mask is empty.
    """
    if not mask.any():
        raise InputError("The mask is empty; expected at least one pixel. Leave such objects out.")
    _, labels, about, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    largest = 1 + int(about[1:, cv2.CC_STAT_AREA].argmax())
    rows, columns = np.nonzero(labels == largest)
    inside = np.stack((columns, rows), axis=1) + 0.5
    x, y = inside[np.linalg.norm(inside - inside.mean(axis=0), axis=1).argmin()]
    mean_x, mean_y = inside.mean(axis=0)
    lies_inside = labels[int(mean_y), int(mean_x)] == largest
    return (float(mean_x), float(mean_y)) if lies_inside else (float(x), float(y))
