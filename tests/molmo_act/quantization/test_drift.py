"""Drift between two models: what counts as moved, lost and added; the probes; the gate at loading."""

from __future__ import annotations

import json

import numpy as np
import pytest

import molmo_act
from molmo_act import CheckpointError, InputError, Points
from molmo_act.io.image import to_rgb
from molmo_act.quantization.drift import PROBES, measure_drift
from tests.molmo_act.quantization.test_config import QUIET, needs_packages


def points(*xy: tuple[float, float], score: float = 0.5) -> Points:
    return Points(xy=np.array(xy), score=[score] * len(xy), image_size=[(320, 240)], query="it")


def test_nearest_points_are_the_same_and_far_ones_are_lost_and_added():
    reference = [points((10, 10), (50, 50), (200, 100)), points(), points((5, 5))]
    other = [points((53, 54), (10, 11), (100, 200), score=0.4), points((1, 1)), points((5, 5))]
    drift = measure_drift(reference, other)
    assert drift.px.tolist() == [0, 1, 5]
    assert (drift.queries, drift.points, drift.lost, drift.added) == (3, 4, 1, 2)
    assert drift.median_px == 1
    assert drift.worst_px == np.inf
    assert drift.score_change == pytest.approx(0.2 / 3)
    assert str(drift).startswith("4 points of 3 queries: moved by 1.00 px (median), 5.00 px (most), 1 lost")


def test_equal_answers_do_not_drift():
    drift = measure_drift([points((1, 2)), points()], [points((1, 2)), points()])
    assert (drift.worst_px, drift.lost, drift.added, drift.score_change) == (0, 0, 0, 0)
    assert measure_drift([points()], [points()]).worst_px == 0


def test_probes_are_images_with_queries():
    probes = json.loads((PROBES / "probes.json").read_text())
    assert len(probes) == 12
    for probe in probes:
        assert to_rgb(PROBES / probe["image"]).shape == (240, 320, 3)
        assert len(set(probe["queries"])) >= 2
    assert sum(path.stat().st_size for path in PROBES.iterdir()) < 300_000


@pytest.mark.slow
def test_a_model_does_not_drift_from_itself():
    model = molmo_act.load(device="cpu")
    drift = molmo_act.quantization_report(model, model)
    assert drift.points >= 10
    assert drift.worst_px == 0


@pytest.mark.slow
@needs_packages
@QUIET
def test_the_gate_lets_through_and_refuses():
    model = molmo_act.load(device="cpu", quantization="int8", max_drift_px=float("inf"))
    assert model.name == "nano"
    with pytest.raises(CheckpointError, match=r"moves points of nano too far \(.* px were allowed"):
        molmo_act.load(device="cpu", quantization="nf4", max_drift_px=0.01)


def test_a_bound_without_quantization_is_refused():
    with pytest.raises(InputError, match="max_drift_px was given without quantization"):
        molmo_act.load(max_drift_px=1)
