"""Probabilities of what a reader and a model say together: logistic regressions that a command fits."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from molmo_act.calibration import log_odds

WEIGHTS_FILE = Path(__file__).with_name("weights.json")
"""What ``python -m model.evaluation.reading --write`` fitted."""
MODEL_FEATURES = ("log odds", "words found", "says absent")
"""Names of the numbers that `model_features` gives."""
ABSENT_FEATURES = ("best log odds", "model says absent", "no words alike")
"""Names of the numbers that `absent_features` gives."""
_CLIP = 6.0  # log odds; more is claimed by no reader


@dataclass(frozen=True)
class Logistic:
    """A probability as σ(offset + Σ weight · feature).

    Attributes:
        offset: Log odds without any evidence.
        weights: One for each feature.
    """

    offset: float
    weights: tuple[float, ...]

    def __call__(self, features: Sequence[float]) -> float:
        """Gives the probability, in [0, 1].

        Args:
            features: As many as weights.
        """
        total = self.offset + sum(w * x for w, x in zip(self.weights, features, strict=True))
        return (1 + math.tanh(total / 2)) / 2  # σ that cannot overflow


@dataclass(frozen=True)
class Weights:
    """The probabilities that fusing takes.

    Attributes:
        text: That a place where the label is written is meant.
        model: That a point of the model hits, where nothing alike is written.
        absent: That nothing matches.
        empty_above: Probability that nothing matches above which an answer is empty.
        icon: That a shape which looks like the icon that is asked for is meant.
        icon_absent: That nothing matches a query that asks for an icon.
        icon_empty_above: As `empty_above`, for these.
        least_text: Places where the label is written are left out below this probability.
    """

    text: Logistic
    model: Logistic
    absent: Logistic
    empty_above: float
    icon: Logistic
    icon_absent: Logistic
    icon_empty_above: float
    least_text: float = 0.0


def weights_for(model: str) -> Weights:
    """Gives the weights for a reader beside a model.

    Args:
        model: Name of the model.

    Returns:
        The fitted weights for the model that they were fitted with. For any other, what is written counts as
        much, but points of the model keep their own score, and answers are empty only where nobody found
        anything.
    """
    fitted, name = fitted_weights()
    if model == name:
        return fitted
    own, best = (1.0, -4.0, 0.0), (-1.0, 0.0, 0.0)
    absent = Logistic(0.0, best)
    return Weights(
        fitted.text,
        Logistic(0.0, own),
        absent,
        empty_above=1.0,
        icon=fitted.icon,
        icon_absent=absent,
        icon_empty_above=1.0,
        least_text=0.5,
    )


@cache
def fitted_weights() -> tuple[Weights, str]:
    """Reads the weights that come with the library, and the name of the model they were fitted with."""
    stored = json.loads(WEIGHTS_FILE.read_text(encoding="utf-8"))
    text, model, absent, icon, icon_absent = (
        Logistic(float(stored[name]["offset"]), tuple(map(float, stored[name]["weights"].values())))
        for name in ("text", "model", "absent", "icon", "icon_absent")
    )
    empty, icon_empty = float(stored["empty_above"]), float(stored["icon_empty_above"])
    weights = Weights(text, model, absent, empty, icon, icon_absent, icon_empty)
    return weights, str(stored["fitted_with"])


def model_features(score: float, best_text: float, absent: float) -> list[float]:
    """Gives the evidence for a point of the model at a place where the label is not written.

    Args:
        score: The model's own, in [0, 1]; NaN where it is not known.
        best_text: Probability of the best place where something alike is written, 0 without any.
        absent: The model's probability that nothing matches; NaN where it is not known.
    """
    return [clipped(score), best_text, _known(absent)]


def absent_features(best: float, absent: float, alike: float) -> list[float]:
    """Gives the evidence that nothing matches.

    Args:
        best: Probability of the best candidate, 0 without any.
        absent: See `model_features`.
        alike: Likeness of the most similar words, 0 without any.
    """
    return [clipped(best), _known(absent), 1 - alike]


def clipped(probability: float) -> float:
    """Gives log odds that are not extreme; 0 for a probability that is not known."""
    return 0.0 if math.isnan(probability) else min(max(log_odds(probability), -_CLIP), _CLIP)


def _known(probability: float) -> float:
    return 0.5 if math.isnan(probability) else probability
