"""Curves that make probabilities mean what they say; knows numbers only."""

from __future__ import annotations

import math
from collections.abc import Sequence

SURE = 1e-9
"""Probabilities are kept so far from 0 and 1, where their odds have no logarithm."""


def log_odds(probability: float) -> float:
    """The logarithm of p / (1 - p), for a probability in [0, 1]."""
    sure = min(max(probability, SURE), 1 - SURE)
    return math.log(sure / (1 - sure))


def on_curve(probability: float, curve: Sequence[float] | None) -> float:
    """A probability as it turned out to be: σ(slope · logit(probability) + offset).

    With a slope above 0 the order of probabilities stays (Platt, "Probabilistic outputs for support vector
    machines", 1999).

    Args:
        probability: As the model says it, in [0, 1].
        curve: Slope and offset; None leaves the probability as it is.

    Example:
        >>> on_curve(0.3, None), round(on_curve(0.3, (1.0, 0.0)), 6), round(on_curve(0.5, (2.0, 1.0)), 3)
        (0.3, 0.3, 0.731)
    """
    if curve is None:
        return probability
    slope, offset = curve
    return (1 + math.tanh((slope * log_odds(probability) + offset) / 2)) / 2  # σ that cannot overflow
