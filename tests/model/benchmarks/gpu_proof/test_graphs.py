"""Paths are compared by their ids; one that answers otherwise is named."""

from __future__ import annotations

import pytest

import molmo_act
from model.benchmarks.gpu_proof import graphs


@pytest.mark.slow
def test_paths_agree_and_a_wrong_one_is_found(monkeypatch):
    monkeypatch.setattr(graphs, "MAX_NEW_TOKENS", 8)
    model = molmo_act.load(device="cpu")
    rows = graphs.compare_paths("nano", model, 1, 1)
    assert [row.passed for row in rows] == [True, True]
    monkeypatch.setattr(graphs, "generate", lambda *args: ([1, 2, 3], 1.0))
    assert [row.passed for row in graphs.compare_paths("nano", model, 1, 1)] == [False, False]
