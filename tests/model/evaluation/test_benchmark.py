"""What benchmarks share: groups, means, rows that are damaged, and what tells data sets apart."""

from __future__ import annotations

import math

from model.evaluation.benchmark import Case, Prediction, Record, cases_of, fingerprint, mean, means_by
from tests.model.evaluation.harness import Doubling


def test_a_prediction_comes_back_from_json():
    one = Prediction("a", ((1, 0, 2.5, 3.0), (2, 0, 1.0, 1.0)), 0.5, True, {"masks": ["x"]})
    assert Prediction.from_json(one.to_json()) == one
    assert one.xy.tolist() == [[2.5, 3.0], [1.0, 1.0]]
    assert Prediction().xy.shape == (0, 2)


def test_damaged_rows_stay_in_their_place():
    cases = cases_of([{"n": 1}, {}, {"n": 3}], lambda index, row: Case(index, row, str(row["n"])))
    assert [case.index for case in cases] == [0, 1, 2]
    assert [case.problem is None for case in cases] == [True, False, True]


def test_groups_hold_cases_without_a_score_as_wrong():
    records = [Record(0, {"hit": 1.0}, {"a": "x", "b": "1"}), Record(1, {}, {"a": "x", "b": "2"})]
    assert means_by(records, "hit", "a") == {"x": 0.5}
    assert means_by(records, "hit", "a", "b") == {"x-1": 1.0, "x-2": 0.0}
    assert means_by(records, "hit", "c") == {}
    assert math.isnan(mean([]))


def test_a_case_that_was_not_asked_scores_nothing_even_where_an_empty_answer_is_right():
    class Empty(Doubling):
        def score(self, case, prediction):
            return {"correct": float(not prediction.points), "masks": "abc"}

    assert Empty().missed(Case(0, {})) == {"correct": 0.0, "masks": "abc"}


def test_data_sets_are_told_apart_by_what_is_asked_and_what_is_right():
    one = [Case(0, {"box": [1, 2]}, "a")]
    assert fingerprint(one) == fingerprint([Case(0, {"box": [1, 2]}, "a")])
    assert (
        len({fingerprint([Case(0, {"box": box}, words)]) for box in ([1, 2], [1, 3]) for words in "ab"}) == 4
    )
