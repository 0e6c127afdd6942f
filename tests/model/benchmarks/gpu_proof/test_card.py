"""The card is named, with its roofline."""

from __future__ import annotations

import json

from model.benchmarks.gpu_proof import card


def test_a_machine_is_measured(monkeypatch, capsys):
    monkeypatch.setattr("molmo_act.doctor.machine.BYTES", 2**20)
    monkeypatch.setattr("sys.argv", ["card", "--device", "cpu", "--small"])
    card.main()
    rows = [json.loads(line)["row"] for line in capsys.readouterr().out.splitlines()]
    assert [row["measured"] for row in rows] == ["name", "torch", "copies memory", "multiplies, float32"]
