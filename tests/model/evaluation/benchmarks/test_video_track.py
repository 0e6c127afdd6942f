"""Molmo2-VideoTrack: official rows, answers and scores through the benchmark; stand-ins; damaged rows."""

from __future__ import annotations

import numpy as np
import pytest

from model.evaluation.asking_videos import WRITTEN
from model.evaluation.benchmark import Case, Prediction, Record
from model.evaluation.benchmarks.video_track import PARTS, VideoTrack, truth_of
from model.evaluation.standins import write_parquet
from model.evaluation.video_sources import Deferred
from tests.model.evaluation.oracle import AGGREGATE, CASE, oracle

BENCHMARK = VideoTrack()
NAMES = {
    "precision": "precision",
    "recall": "recall",
    "f1": "f1",
    "HOTA": "hota",
    "DetA": "det_a",
    "AssA": "ass_a",
}


def released(row):
    """A row as it is released: lists with an entry for each frame."""

    def dense(one):
        return [one["at"].get(str(frame)) for frame in range(one["n_frames"])]

    return {
        **row,
        "points": [{"object_id": one["object_id"], "points": dense(one)} for one in row["points"]],
        "masks": [{"object_id": one["object_id"], "masks": dense(one)} for one in row["masks"]],
    }


def test_official_answers_to_official_rows_get_official_scores(tmp_path):
    official = oracle("video_track_molmo2")
    write_parquet(tmp_path / "data/test-0.parquet", [released(case["gt"]) for case in official["cases"]])
    cases = BENCHMARK.cases(tmp_path)
    assert {case.problem for case in cases} == {None}
    records = []
    for case, expected in zip(cases, official["cases"], strict=True):
        prediction = Prediction(expected["prediction"]["text"], extra={WRITTEN: True})
        scores = BENCHMARK.score(case, prediction)
        for name, ours in NAMES.items():
            assert scores[ours] == pytest.approx(expected["scores"][name], abs=CASE), (expected["id"], name)
        records.append(Record(case.index, scores, case.groups))
    figures = BENCHMARK.figures(records)
    for name, ours in NAMES.items():
        assert figures[ours] == pytest.approx(official["aggregate"][name], abs=AGGREGATE)
    assert set(PARTS.values()) <= set(figures)
    assert figures["f1_by_object"] > figures["f1"]  # published rules cost points where objects are missing


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("standins")
    BENCHMARK.write_standins(folder, np.random.default_rng(3), 12)
    return folder


def test_standins_can_be_read_and_the_truth_scores_1(home):
    cases = BENCHMARK.cases(home)
    assert len(cases) == 6
    for case in cases:
        assert case.read().source.is_file()
        truth = truth_of(case.row)
        points = tuple(
            (number + 1, frame / case.row["fps"], x, y)
            for frame, at in truth.points.items()
            for number, x, y in at
        )
        scores = BENCHMARK.score(case, Prediction(points=points))
        assert (scores["f1_by_object"], scores["hota_by_object"]) == (pytest.approx(1), pytest.approx(1))
        assert set(BENCHMARK.missed(case).values()) == {0.0}


def test_damaged_rows_are_problems(tmp_path):
    good = released(oracle("video_track_molmo2")["cases"][0]["gt"])
    rows = [
        {**good, "fps": 0},
        {**good, "mask_id": ["other"]},
        {**good, "points": None},
        {**good, "w": 0},
        {**good, "fps": float("inf")},
        {**good, "points": [{"object_id": good["mask_id"][0], "points": [[1.0]]}]},
        good,
    ]
    write_parquet(tmp_path / "test.parquet", rows)
    cases = BENCHMARK.cases(tmp_path)
    assert [case.problem is not None for case in cases] == [True] * 6 + [False]


def test_masks_of_another_size_and_masks_that_are_none(home):
    case = BENCHMARK.cases(home)[0]
    frame, [(_, x, y), *_] = next(iter(truth_of(case.row).points.items()))
    prediction = Prediction(points=((1, frame / case.row["fps"], x, y),))
    assert BENCHMARK.score(case, prediction)["hota"] > 0
    stored = case.row["masks"].value

    def score(run):
        row = {**case.row, "masks": Deferred(lambda: [{**one, "masks": [run] * 12} for one in stored])}
        return BENCHMARK.score(Case(0, row), prediction)

    assert score({"size": [1, 1], "counts": [0, 1]})["f1"] == 0  # outside of the mask: a miss
    for damaged in ({"size": [1, 1], "counts": "!!"}, {"size": [10**6, 10**6], "counts": [0, 10**12]}):
        with pytest.raises(ValueError, match=r"mask cannot be read|impossible size"):
            score(damaged)
