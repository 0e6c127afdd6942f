"""Two ways measured on the same clips: how far one is ahead, and how sure that is. Knows no measure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def compared(found: Sequence[float], base: Sequence[float]) -> tuple[float, float, float]:
    """Mean over clips, mean difference to a base, and the standard error of that.

    Args:
        found, base: A measure of the same clips, in the same order.

    Returns:
        The last is NaN for less than two clips.
    """
    gains = np.array(found) - np.array(base)
    error = float(gains.std(ddof=1) / np.sqrt(len(gains))) if len(gains) > 1 else float("nan")
    return float(np.mean(found)), float(gains.mean()), error
