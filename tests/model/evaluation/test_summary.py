"""Figures of a run with their intervals, and paired differences of two."""

from __future__ import annotations

import math

import pytest

from model.evaluation.benchmark import Record
from model.evaluation.run_files import open_run
from model.evaluation.summary import difference, interval, read_result
from tests.model.evaluation.harness import Doubling, header


def record(index: int, correct: float) -> Record:
    return Record(index, {"correct": correct})


def result(folder, scores: dict[int, float], **changed):
    with open_run(folder, header(rows=100, **changed), shard=(0, 1), resume=False) as (writer, _):
        writer.add([record(index, score) for index, score in scores.items()])
    return read_result(folder, Doubling())


def test_the_interval_is_that_of_a_share():
    records = [record(index, float(index < 50)) for index in range(100)]
    low, high = interval(Doubling(), records)
    assert (low, high) == pytest.approx((0.4, 0.6), abs=0.03)  # 1.96 * sqrt(0.25 / 100) = 0.098
    assert all(map(math.isnan, interval(Doubling(), records[:1])))


def test_a_run_says_of_how_many_rows_it_is(tmp_path):
    found = result(tmp_path / "a", {0: 1.0, 1: 0.0})
    assert found.figures == {"correct": 0.5}
    assert found.coverage == "2 of 100"
    assert found.label == "m"
    whole = result(tmp_path / "b", dict.fromkeys(range(100), 1.0))
    assert whole.coverage == "all 100"


def test_two_runs_are_compared_on_the_cases_that_both_scored(tmp_path):
    one = result(tmp_path / "a", {0: 1.0, 1: 1.0, 2: 0.0, 9: 0.0})
    other = result(tmp_path / "b", {0: 0.0, 1: 1.0, 2: 0.0, 50: 1.0})
    found = difference(one, other)
    assert (found.pairs, found.ahead) == (3, pytest.approx(1 / 3))
    assert found.low <= found.ahead <= found.high
    elsewhere = result(tmp_path / "c", {0: 1.0}, data_sha256="other")
    assert difference(one, elsewhere) is None
