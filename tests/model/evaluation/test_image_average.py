"""The average of the eleven image sets: of runs that have all of them, each set counting alike."""

from __future__ import annotations

from model.evaluation.benchmark import Record
from model.evaluation.image_average import NAMES, image_average
from model.evaluation.registry import BENCHMARKS
from model.evaluation.run_files import open_run
from model.evaluation.summary import read_result
from tests.model.evaluation.harness import header


def result(folder, name, right):
    benchmark = BENCHMARKS[name]
    scores = {"score": float(right), "correct": float(right)}
    with open_run(folder, header(benchmark=name, rows=3), shard=(0, 1), resume=False) as (writer, _):
        writer.add([Record(0, scores), Record(1, {})])
    return read_result(folder, benchmark)


def test_averages(tmp_path):
    results = {name: [result(tmp_path / "a", name, number == 0)] for number, name in enumerate(NAMES)}
    text = "\n".join(image_average(results))
    assert f"| **m** ({tmp_path / 'a'}) | 22 of 33 | 4.5 |" in text
    assert "| MolmoPoint-8B (published) | | 82.2 |" in text
    results["mmmu"] = [result(tmp_path / "b", "mmmu", True)]
    assert image_average(results) == []
    del results["mmmu"]
    assert image_average(results) == []
