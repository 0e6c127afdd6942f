"""The engine and `generate` are compared on nano; the bandwidth floor counts what decoding reads."""

from __future__ import annotations

import json

import pytest
import torch

import molmo_act
from model.benchmarks import decode


def test_a_step_reads_language_blocks_and_the_word_table():
    model = molmo_act.load(device="cpu").model
    blocks = sum(parameter.nbytes for parameter in model.model.language_model.layers.parameters())
    assert decode.bytes_of_a_step(model) == blocks + model.lm_head.weight.nbytes


@pytest.mark.slow
def test_the_table_and_the_json_say_the_same(monkeypatch, capsys):
    monkeypatch.setattr("molmo_act.doctor.machine.BYTES", 2**20)
    monkeypatch.setattr("sys.argv", ["decode", "--models", "nano", "--rounds", "1"])
    threads = torch.get_num_threads()
    try:
        decode.main()
    finally:
        torch.set_num_threads(threads)
    *_, row, last = capsys.readouterr().out.splitlines()
    found = json.loads(last)["nano, none"]
    assert found["equal_ids"] == 1.0
    assert found["points"] > 0
    assert f"| {found['times_faster_decode']} |" in row
