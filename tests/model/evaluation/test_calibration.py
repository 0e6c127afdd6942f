"""Calibration: bins and errors of claims with known truth, and a temperature that is found and stored."""

from __future__ import annotations

import json

import numpy as np
import pytest

import molmo_act
from model.data.forms import draw_form
from model.evaluation.calibration import (
    Claims,
    calibration_error,
    claims_of,
    diagram,
    halves,
    joined,
    reliability,
    write_temperature,
)


def claims(temperatures: tuple[float, ...], count: int = 4000) -> Claims:
    """Claims that are right at the temperature 2 and too sure or too unsure elsewhere."""
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 4, count)
    true = rng.random(count) < 1 / (1 + np.exp(-logits / 2))
    return Claims(np.stack([1 / (1 + np.exp(-logits / t)) for t in temperatures]), true)


def test_the_error_is_small_where_claims_are_true():
    right, sure = claims((2.0, 0.5)).claimed
    true = claims((2.0,)).true
    assert calibration_error(reliability(right, true)) < 0.02
    assert calibration_error(reliability(sure, true)) > 0.1


def test_the_least_loss_is_at_the_true_temperature():
    tried = (0.5, 1.0, 2.0, 4.0, 8.0)
    fit, test = halves(claims(tried))
    assert tried[fit.losses().argmin()] == tried[test.losses().argmin()] == 2.0
    both = joined([fit, test])
    assert np.array_equal(both.true, claims(tried).true)
    assert np.array_equal(both.claimed, claims(tried).claimed)


def test_bins_say_what_is_in_them():
    bins = reliability(np.array([0.11, 0.19, 1.0, 0.0]), np.array([True, False, True, False]))
    assert [(each.count, each.true) for each in bins] == [(1, 0.0), (2, 0.5), (1, 1.0)]
    assert bins[1].claimed == pytest.approx(0.15)
    assert calibration_error(bins) == pytest.approx((0 + 2 * 0.35 + 0) / 4)


def test_a_diagram_puts_dots_where_claims_are():
    picture = diagram({"a": reliability(np.array([0.5] * 4), np.array([True] * 4))})
    assert picture.getpixel((36 + 130, 36)) == (67, 99, 216)  # claimed 0.5, all of them true


def test_claims_of_a_checkpoint_follow_the_temperature_and_leave_it_as_it_was():
    model = molmo_act.load()
    own = model.model.config.score_temperature
    pictures = [draw_form(np.random.default_rng(seed), 240, 200, split="eval") for seed in range(2)]
    scores, absents = claims_of(model, pictures, 10, "forms", (2.0, 50.0))
    assert model.model.config.score_temperature == own
    assert len(absents.true) == sum(min(8, len(picture.queries)) for picture in pictures)
    assert scores.claimed[0].mean() > scores.claimed[1].mean()  # colder is surer
    assert scores.true.any()


def test_a_temperature_is_stored_beside_everything_else(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "molmo_point", "score_temperature": 1.0}))
    write_temperature(tmp_path, 7.5)
    stored = json.loads((tmp_path / "config.json").read_text())
    assert stored == {"model_type": "molmo_point", "score_temperature": 7.5}
    assert [path.name for path in tmp_path.iterdir()] == ["config.json"]
