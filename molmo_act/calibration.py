"""Calibration curves, which turn a model's probabilities into how often it is right."""

from __future__ import annotations

import math
from collections.abc import Sequence

MIN_PROBABILITY = 1e-9
"""Distance that probabilities keep from 0 and 1, whose odds have no logarithm."""


def log_odds(probability: float) -> float:
    """Takes the logarithm of the odds, p / (1 - p).

    Args:
        probability: In [0, 1]; kept `MIN_PROBABILITY` away from both ends.

    Returns:
        The log odds, finite.
    """
    sure = min(max(probability, MIN_PROBABILITY), 1 - MIN_PROBABILITY)
    return math.log(sure / (1 - sure))


def apply_curve(probability: float, curve: Sequence[float] | None) -> float:
    """Calibrates a probability: σ(slope · logit(probability) + offset).

    With a slope above 0 the order of probabilities stays (Platt, "Probabilistic outputs for support vector
    machines", 1999).

    Args:
        probability: The model's own probability, in [0, 1].
        curve: Slope and offset; None leaves the probability as it is.

    Returns:
        The calibrated probability, in [0, 1].

    Example:
        >>> apply_curve(0.3, None), round(apply_curve(0.5, (2.0, 1.0)), 3)
        (0.3, 0.731)
    """
    if curve is None:
        return probability
    slope, offset = curve
    return (1 + math.tanh((slope * log_odds(probability) + offset) / 2)) / 2  # σ that cannot overflow
