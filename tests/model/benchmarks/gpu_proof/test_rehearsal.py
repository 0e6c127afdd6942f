"""The whole proof runs on a CPU, with every part done; without a GPU the proof itself does not begin."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
import torch

from model.benchmarks.gpu_proof import __main__ as proof
from model.benchmarks.gpu_proof.report import JSON_FILE, TABLE_FILE
from tests.support.paths import ROOT

BUSY = 6  # times the time limits: of other tests on the same cores


@pytest.mark.slow
def test_every_part_runs(tmp_path):
    words = [sys.executable, "-m", "model.benchmarks.gpu_proof", "--rehearse", "--out", str(tmp_path)]
    done = subprocess.run(
        [*words, "--patience", str(BUSY)], cwd=ROOT, env=dict(os.environ), capture_output=True, text=True
    )
    found = json.loads((tmp_path / JSON_FILE).read_text())
    states = {part["part"]["name"]: (part["status"], part["detail"]) for part in found["parts"]}
    assert set(states.values()) == {("done", "")}, states
    assert done.returncode == 0, done.stderr
    assert (tmp_path / TABLE_FILE).read_text() in done.stdout


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
@pytest.mark.parametrize(
    ("words", "told"),
    [((), "no CUDA device"), (("--rehearse", "--only", "card", "moon"), "--only has 'moon'")],
)
def test_what_cannot_begin_is_one_line(words, told, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["gpu_proof", "--out", str(tmp_path / "out"), *words])
    assert proof.main() == 2
    assert told in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
