"""The weights that come with the library fit the numbers they are given."""

from __future__ import annotations

import math

import pytest

from molmo_act.reading.candidates import TEXT_FEATURES
from molmo_act.reading.scoring import (
    ABSENT_FEATURES,
    MODEL_FEATURES,
    Logistic,
    absent_features,
    clipped,
    fitted_weights,
    model_features,
    weights_for,
)


@pytest.mark.parametrize("model", ["nano", "another"])
def test_weights_have_one_number_for_each_feature(model):
    weights = weights_for(model)
    assert len(weights.text.weights) == len(TEXT_FEATURES)
    assert len(weights.model.weights) == len(MODEL_FEATURES) == len(model_features(0.5, 0.1, 0.2))
    assert len(weights.absent.weights) == len(ABSENT_FEATURES) == len(absent_features(0.5, 0.1, 0.2))
    assert 0 < weights.empty_above <= 1


def test_evidence_counts_in_its_direction():
    weights, _ = fitted_weights()
    numbers = dict(zip(TEXT_FEATURES, weights.text.weights, strict=True))
    assert numbers["difference"] < 0 < numbers["model agrees"]
    assert numbers["uncovered"] < 0
    assert numbers["rivals"] < 0
    assert weights.model.weights[0] >= 0
    assert weights.absent.weights[0] < 0


def test_probabilities():
    assert Logistic(0.0, ())([]) == 0.5
    assert Logistic(1e9, (1.0,))([5.0]) == 1
    assert clipped(math.nan) == 0
    assert clipped(0.0) == -clipped(1.0) == -6
