"""Molmo2-VideoPoint: official rows, answers and scores through the benchmark; damaged rows and videos."""

from __future__ import annotations

import numpy as np
import pytest

from model.evaluation.asking_videos import WRITTEN
from model.evaluation.benchmark import Prediction, Record
from model.evaluation.benchmarks.video_point import VideoPoint, truth_of
from model.evaluation.standins import write_parquet
from molmo_act.errors import InputError
from tests.model.evaluation.oracle import AGGREGATE, CASE, oracle

BENCHMARK = VideoPoint()
RATES = ("precision", "recall", "f1", "valid")


def test_official_answers_to_official_rows_get_official_scores(tmp_path):
    official = oracle("video_point_molmo2")
    write_parquet(tmp_path / "data/val-0.parquet", [case["gt"] for case in official["cases"]])
    cases = BENCHMARK.cases(tmp_path)
    assert {case.problem for case in cases} == {None}
    records = []
    for case, expected in zip(cases, official["cases"], strict=True):
        prediction = Prediction(expected["prediction"]["text"], extra={WRITTEN: True})
        scores = BENCHMARK.score(case, prediction)
        assert scores == pytest.approx(expected["scores"], abs=CASE), expected["id"]
        points = tuple((1, *point) for point in expected["prediction"]["triplets"])  # of grounding tokens
        assert BENCHMARK.score(case, Prediction(points=points)) == scores
        records.append(Record(case.index, scores, case.groups))
    figures = BENCHMARK.figures(records)
    for name, value in official["aggregate"].items():
        assert figures[name] == pytest.approx(value, abs=AGGREGATE)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("standins")
    BENCHMARK.write_standins(folder, np.random.default_rng(3), 12)
    return folder


def test_standins_can_be_read_and_the_truth_scores_1(home):
    cases = BENCHMARK.cases(home)
    assert len(cases) == 6
    assert [len(truth_of(case.row)) for case in cases].count(0) == 1  # one asks for what is not there
    for case in cases:
        assert case.read().source.is_file()
        points = tuple((number, *row) for number, row in enumerate(truth_of(case.row), 1))
        assert BENCHMARK.score(case, Prediction(points=points))["f1"] == pytest.approx(1)
        assert BENCHMARK.missed(case) == dict.fromkeys(RATES, 0.0)
    assert cases[0].prompt.startswith('How many "')


def test_a_time_that_is_no_number_is_an_error_of_this_row(home):
    case = BENCHMARK.cases(home)[0]
    with pytest.raises(ValueError, match=r"1\.5\.2"):
        BENCHMARK.score(
            case, Prediction('<points coords="1.5.2 1 500 500">a</points>', extra={WRITTEN: True})
        )


def test_damaged_rows_stay_in_the_denominator(tmp_path):
    good = oracle("video_point_molmo2")["cases"][0]["gt"]
    rows = [
        {**good, "width": 0},
        {**good, "video_duration": 0.0},
        {**good, "points": []},
        {**good, "two_fps_timestamps": None},
        {**good, "label": None, "video_id": "../../etc/passwd"},
        good,
    ]
    write_parquet(tmp_path / "val.parquet", rows)
    cases = BENCHMARK.cases(tmp_path)
    assert [case.problem is not None for case in cases] == [True] * 4 + [False] * 2
    for case in cases[4:]:
        with pytest.raises(InputError, match="video is missing"):
            case.read()
    records = [Record(case.index, BENCHMARK.missed(case), problem="x") for case in cases[:5]]
    records.append(Record(5, {"f1": 1.0, "precision": 1.0, "recall": 1.0, "valid": 1.0}))
    assert BENCHMARK.figures(records)["f1"] == pytest.approx(1 / 6)


def test_a_video_that_does_not_decode_is_a_reason(home, tmp_path):
    case = BENCHMARK.cases(home)[0]
    broken = tmp_path / "videos" / f"{case.row['video_id']}.mp4"
    broken.parent.mkdir()
    broken.write_bytes(b"no video")
    write_parquet(tmp_path / "val.parquet", [{**case.row, "masks": case.row["masks"].value}])
    with pytest.raises(InputError, match="video cannot be read"):
        BENCHMARK.cases(tmp_path)[0].read()
    with pytest.raises(InputError, match="hf download allenai/Molmo2-VideoPointEval"):
        BENCHMARK.cases(tmp_path / "videos")
