"""One case of the memory benchmark on nano, in this process."""

from __future__ import annotations

import pytest
import torch

from model.benchmarks import memory


@pytest.mark.slow
def test_reading_needs_about_what_is_expected(monkeypatch):
    monkeypatch.setattr(memory, "IMAGE_SIZE", (900, 700))
    monkeypatch.setattr(memory, "DECODED", 8)
    found = memory.one_case(None, None, torch.float32, 8, torch.device("cpu"))
    assert 1 < found["crops"] <= 9
    assert found["weights_mb"] == pytest.approx(37, rel=0.1)  # 9.3 M parameters of four bytes
    assert 0 < found["expected_reading_mb"] < 200
    assert found["decoding_mb"] < 100
