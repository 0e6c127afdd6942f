"""Compares two methods on the same clips: mean difference and its standard error."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def compared(found: Sequence[float], base: Sequence[float]) -> tuple[float, float, float]:
    """Returns the mean over clips, the mean difference to a baseline, and its standard error.

    Args:
        found: A metric of each clip.
        base: The same metric of the baseline, for the same clips in the same order.

    Returns:
        Mean, mean difference and standard error; the last is NaN for fewer than two clips.
    """
    gains = np.array(found) - np.array(base)
    error = float(gains.std(ddof=1) / np.sqrt(len(gains))) if len(gains) > 1 else float("nan")
    return float(np.mean(found)), float(gains.mean()), error
