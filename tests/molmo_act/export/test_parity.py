"""An export is asked about the probe images, and refused where it answers otherwise."""

from __future__ import annotations

from dataclasses import replace

import pytest

import molmo_act
from molmo_act.errors import CheckpointError
from molmo_act.export.parity import compare_export
from molmo_act.quantization.drift import answer_probes


@pytest.fixture(scope="module")
def expected():
    return answer_probes(molmo_act.load("nano", device="cpu"))


def test_an_export_in_fp32_gives_the_ids_of_its_model(nano_onnx, expected):
    report = compare_export(nano_onnx, expected, "fp32", 0.01)
    assert report.same_answers == report.drift.queries == len(expected)
    assert report.drift.worst_px < 1e-3
    assert f"{len(expected)} of {len(expected)} queries" in str(report)
    assert 40 < report.megabytes < 50


def test_an_export_that_moves_a_point_is_refused(nano_onnx, expected):
    found = next(i for i, points in enumerate(expected) if len(points))
    moved = list(expected)
    moved[found] = replace(expected[found], xy=expected[found].xy + 2.0)
    assert compare_export(nano_onnx, moved, "int8", 3.0).drift.worst_px == pytest.approx(8**0.5, abs=0.01)
    with pytest.raises(CheckpointError, match=r"at most 1\.0 px"):
        compare_export(nano_onnx, moved, "int8", 1.0)
