"""Colours of queries in messages for viewers."""

from __future__ import annotations

import colorsys

_HUE_STEP = 0.382  # neighbouring queries get colours that differ


def colour_of(number: int) -> tuple[float, float, float]:
    """Gives each query a colour of its own.

    Args:
        number: Of the query.

    Returns:
        Red, green and blue, 0 to 1.
    """
    return colorsys.hsv_to_rgb(number * _HUE_STEP % 1.0, 0.8, 1.0)
