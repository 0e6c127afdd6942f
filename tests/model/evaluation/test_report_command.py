"""Reports: every figure says of how many rows it is, what counts as wrong, and how two runs differ."""

from __future__ import annotations

import pytest

from model.evaluation import report_command
from model.evaluation.benchmark import Record
from model.evaluation.run_files import open_run
from molmo_act.errors import InputError
from tests.model.evaluation.harness import Doubling, header


@pytest.fixture
def runs(tmp_path, monkeypatch):
    monkeypatch.setattr(report_command, "BENCHMARKS", {"doubling": Doubling()})
    for name, right in (("bf16", 3), ("nf4", 2)):
        with open_run(tmp_path / name, header(rows=1581), shard=(0, 1), resume=False) as (writer, _):
            writer.add([Record(index, {"correct": float(index < right)}) for index in range(3)])
            writer.add([Record(3, {}, {}, "image is missing")])
    return tmp_path


def test_json(runs):
    said = report_command.summary(report_command.collect([runs / "bf16"]))
    assert said["doubling"][0]["figures"] == {"correct": 0.75}
    assert said["doubling"][0]["problems"] == {"image is missing": 1}


def test_what_is_no_run_is_refused(runs, monkeypatch):
    with pytest.raises(InputError, match="holds no run"):
        report_command.collect([runs / "nowhere"])
    monkeypatch.setattr(report_command, "BENCHMARKS", {})
    with pytest.raises(InputError, match="results of doubling, which is no benchmark here"):
        report_command.collect([runs / "bf16"])
