"""The tests that need a GPU are found, and a run in which none of them ran proves nothing."""

from __future__ import annotations

import json

import pytest

from model.benchmarks.gpu_proof import gpu_tests


def test_files_with_the_mark_are_found():
    found = {path.name for path in gpu_tests.gpu_test_files()}
    assert "test_engine_gpu.py" in found
    assert "test_rows.py" not in found


@pytest.mark.parametrize(("device", "passed"), [("cuda", False), ("cpu", True)])
def test_skipped_tests_prove_nothing_on_a_gpu(device, passed, monkeypatch, capsys):
    def main(words, plugins):
        [tally] = plugins
        tally.skipped = 3
        return 0

    monkeypatch.setattr(gpu_tests.pytest, "main", main)
    monkeypatch.setattr("sys.argv", ["gpu_tests", "--device", device])
    gpu_tests.main()
    row = json.loads(capsys.readouterr().out)["row"]
    assert row["value"] == "0 passed, 0 failed, 3 skipped"
    assert row["passed"] is passed
