"""Running: every row is in the denominator, one bad row costs no other, and killed runs go on."""

from __future__ import annotations

import json

import pytest

from model.evaluation.benchmark import Prediction
from model.evaluation.run_files import open_run, read_run
from model.evaluation.runner import HOPELESS, choose, run_cases
from molmo_act.errors import InputError, PlatformError, QueryError
from tests.model.evaluation.harness import Doubling, doubled, header

ROWS = [{"n": 1}, {"n": 2, "dead": True}, {"m": 3}, {"n": "x"}, {"n": 5}, {"n": 6}]


@pytest.fixture
def cases(tmp_path):
    (tmp_path / "rows.json").write_text(json.dumps(ROWS))
    return Doubling().cases(tmp_path)


def run(cases, answer, folder, batch=4, resume=False):
    with open_run(folder, header(rows=len(cases)), shard=(0, 1), resume=resume) as (writer, done):
        return run_cases(Doubling(), answer, cases, writer, done, batch=batch)


def test_dead_images_and_dirty_rows_count_as_wrong(cases, tmp_path):
    progress = run(cases, doubled, tmp_path / "run")
    records = read_run(tmp_path / "run", "doubling")[1]
    assert [bool(one.scores.get("correct")) for one in records] == [True, False, False, False, True, True]
    assert Doubling().figures(records) == {"correct": 0.5}
    assert sum(progress.problems.values()) == 3
    assert progress.problems["image is missing"] == 1


@pytest.mark.parametrize(
    "row", [{"n": [1]}, {"n": None}, {"n": "\ud800"}, {"n": {}}, {"n": True, "dead": "yes"}, {}]
)
def test_rows_of_any_kind_end_nothing(tmp_path, row):
    class Picky(Doubling):
        def score(self, case, prediction):
            return {"correct": 1.0 / len(case.row["options"])}

    (tmp_path / "rows.json").write_text(json.dumps([row, {"n": 3, "options": [1]}]))
    cases = Picky().cases(tmp_path)
    with open_run(tmp_path / "run", header(rows=2), shard=(0, 1), resume=False) as (writer, done):
        run_cases(Picky(), doubled, cases, writer, done)
    first, second = read_run(tmp_path / "run", "doubling")[1]
    assert first.problem is not None
    first.problem.encode()
    assert second.scores == {"correct": 1.0}


def test_a_refused_case_costs_no_other_in_its_batch(cases, tmp_path):
    def answer(case):
        if case.prompt == "5":
            raise QueryError("The query holds control tokens.")
        return doubled(case)

    run(cases, answer, tmp_path / "run")
    records = read_run(tmp_path / "run", "doubling")[1]
    assert records[4].problem == "the model refuses it: The query holds control tokens."
    assert [one.index for one in records if one.prediction is not None] == [0, 5]


@pytest.mark.parametrize("answer", [lambda case: Prediction("2", ((1, 0, float("nan"), 1.0),))])
def test_an_answer_that_is_no_number_does_not_end_the_run(cases, tmp_path, answer):
    run(cases, answer, tmp_path / "run")
    records = read_run(tmp_path / "run", "doubling")[1]
    assert len(records) == len(ROWS)
    assert "not finite" in records[0].problem


def test_a_run_ends_when_memory_runs_out_and_keeps_what_it_has(cases, tmp_path):
    def answer(case):
        if case.prompt == "6":
            raise PlatformError("CUDA out of memory")
        return doubled(case)

    with pytest.raises(PlatformError):
        run(cases, answer, tmp_path / "run", batch=1)
    assert [one.index for one in read_run(tmp_path / "run", "doubling")[1]] == [0, 1, 2, 3, 4]
    asked = []
    run(cases, lambda case: asked.append(case.index) or doubled(case), tmp_path / "run", resume=True)
    assert asked == [5]


def test_a_model_that_refuses_everything_ends_the_run(tmp_path):
    (tmp_path / "rows.json").write_text(json.dumps([{"n": 1}] * (HOPELESS + 5)))

    def refuse(case):
        raise InputError("nano was taught to point")

    with pytest.raises(InputError, match=r"answered none of the first .* taught to point"):
        run(Doubling().cases(tmp_path), refuse, tmp_path / "run", batch=1)


def test_every_case_is_in_one_shard_and_a_limit_spreads(cases):
    shards = [choose(cases, limit=None, shard=(number, 3)) for number in range(3)]
    assert sorted(case.index for shard in shards for case in shard) == list(range(6))
    assert [case.index for case in choose(cases, limit=3, shard=(0, 1))] == [0, 2, 4]
    assert [case.index for case in choose(cases, limit=3, shard=(1, 2))] == [2]
    assert len(choose(cases, limit=50, shard=(0, 1))) == 6


def test_progress_tells_what_is_left(cases, tmp_path):
    seen = []
    with open_run(tmp_path / "run", header(rows=6), shard=(0, 1), resume=False) as (writer, done):
        run_cases(
            Doubling(),
            doubled,
            cases,
            writer,
            done,
            batch=2,
            report=lambda progress: seen.append((progress.done, progress.total, progress.eta)),
        )
    assert [(done, total) for done, total, _ in seen] == [(2, 6), (4, 6), (6, 6)]
    assert seen[-1][2] == 0
