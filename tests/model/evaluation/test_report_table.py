"""The table: every figure says of how many rows it is, and how sure it is; published ones stand beside."""

from __future__ import annotations

from model.evaluation.benchmark import Record
from model.evaluation.report_table import markdown, overview
from model.evaluation.run_files import open_run
from model.evaluation.summary import read_result
from tests.model.evaluation.harness import Doubling, header


def result(folder, right):
    with open_run(folder, header(rows=1581), shard=(0, 1), resume=False) as (writer, _):
        writer.add([Record(index, {"correct": float(index < right)}) for index in range(3)])
        writer.add([Record(3, {}, {}, "image is missing")])
    return read_result(folder, Doubling())


def test_the_table(tmp_path):
    results = [result(tmp_path / "bf16", 3), result(tmp_path / "nf4", 2)]
    lines = overview({"doubling": results})
    assert lines[2].startswith("| Doubling | correct 75.0 | m | 4 of 1,581 | [")
    assert len(lines) == 4
    text = "\n".join(markdown(results))
    assert "| 4 of 1,581 | 75.0 [" in text
    assert "| 4 of 1,581 | 50.0 [" in text
    assert "| paper (published) | | 50 |" in text
    assert "m: 1 of 4 rows count as wrong: image is missing" in text
    assert "correct of the 4 rows that both scored: -25.00 [" in text
