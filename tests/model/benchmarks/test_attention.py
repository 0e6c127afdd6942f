"""Both kinds of attention that are timed give the same values."""

from __future__ import annotations

import json

import torch

from model.benchmarks import attention


def test_what_is_compared_is_the_same():
    torch.manual_seed(0)
    inputs = [torch.randn(2, 3, 16, attention.WIDTH) for _ in range(3)]
    torch.testing.assert_close(
        attention._plain(*inputs).transpose(1, 2), attention._fused(*inputs), rtol=1e-4, atol=1e-5
    )


def test_the_last_line_is_json(monkeypatch, capsys):
    monkeypatch.setattr(attention, "CROPS", 1)
    monkeypatch.setattr(attention, "PATCHES", 16)
    monkeypatch.setattr(attention, "ROUNDS", 2)
    monkeypatch.setattr("sys.argv", ["attention"])
    attention.main()
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert set(found["ms"]) == {"plain", "fused"}
    assert found["fused_over_plain"] > 0
