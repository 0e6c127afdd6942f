"""The gate is asked with bounds on both sides of the drift, and one that lets everything pass is found."""

from __future__ import annotations

import numpy as np
import torch

from model.benchmarks.gpu_proof import drift_gate
from molmo_act.errors import CheckpointError
from molmo_act.quantization.drift import Drift

CPU = torch.device("cpu")


def gate(monkeypatch, worst: float, *, is_open: bool = False):
    """Rows of a gate around a drift, in which nothing is loaded."""

    def load(device, quantization=None, max_drift_px=None):
        if max_drift_px is not None and worst > max_drift_px and not is_open:
            raise CheckpointError("it drifts")

    monkeypatch.setattr(drift_gate.molmo_act, "load", load)
    monkeypatch.setattr(drift_gate, "answer_probes", lambda model: [])
    drift = Drift(1, 1, np.array([min(worst, 9.0)]), int(worst > 1e6), 0, 0.0)
    monkeypatch.setattr(drift_gate, "measure_drift", lambda one, other: drift)
    return [row.passed for row in drift_gate.gate_rows("nf4", CPU)]


def test_a_working_gate_passes(monkeypatch):
    assert gate(monkeypatch, 2.5) == [None, True, True]
    assert gate(monkeypatch, float("inf")) == [None, True, True]
    assert gate(monkeypatch, 0.0) == [None, True]


def test_an_open_gate_is_found(monkeypatch):
    assert gate(monkeypatch, 2.5, is_open=True) == [None, True, False]
