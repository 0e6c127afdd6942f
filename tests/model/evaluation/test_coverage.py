"""Accuracy against coverage, by hand."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from model.evaluation.calibration import Claims
from model.evaluation.coverage import coverage_curve, draw_coverage

CLAIMS = Claims.gather([(0.5, False), (0.9, True), (0.5, True), (0.7, True), (0.2, False)])


def test_the_surest_come_first_and_equal_scores_together():
    coverage, accuracy = coverage_curve(CLAIMS, 10)
    assert coverage.tolist() == [0.1, 0.2, 0.4, 0.5]
    assert accuracy.tolist() == [1, 1, 0.75, 0.6]


def test_no_answers_make_no_curve():
    coverage, accuracy = coverage_curve(Claims.gather([]), 10)
    assert (len(coverage), len(accuracy)) == (0, 0)


def test_a_figure_is_drawn(tmp_path):
    pytest.importorskip("matplotlib")
    draw_coverage({"both": coverage_curve(CLAIMS, 10)}, tmp_path / "curve.png", "ten queries")
    with Image.open(tmp_path / "curve.png") as drawn:
        assert np.asarray(drawn.convert("L")).min() < 100
