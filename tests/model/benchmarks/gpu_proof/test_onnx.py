"""An export is loaded with the providers that were asked for, and points that moved fail the part."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from model.benchmarks.gpu_proof import onnx
from molmo_act.quantization.drift import Drift


@pytest.mark.parametrize(("px", "passed"), [(0.1, True), (0.9, False)])
def test_points_that_moved_fail(px, passed, monkeypatch):
    asked = []
    monkeypatch.setattr(onnx, "write_export", lambda model, processor, folder, **how: folder.mkdir())
    monkeypatch.setattr(onnx.molmo_act, "load", lambda folder, providers: asked.append(providers))
    monkeypatch.setattr(onnx, "answer_probes", lambda model: [])
    monkeypatch.setattr(onnx, "measure_drift", lambda one, other: Drift(1, 1, np.array([px]), 0, 0, 0.0))
    monkeypatch.setattr(onnx, "_ms", lambda model: 1.0)
    model = SimpleNamespace(model=None, processor=None, name="nano")
    rows = [*onnx.onnx_rows(model, "fp32", ["CUDAExecutionProvider"])]
    assert [row.passed for row in rows] == [None, passed, None]
    assert asked == [["CUDAExecutionProvider"]]
