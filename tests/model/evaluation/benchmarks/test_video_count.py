"""Counting in videos: official answers and scores through the benchmarks, damaged rows."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from model.evaluation.benchmark import Prediction, Record
from model.evaluation.benchmarks.video_count import VIDEO_COUNTS
from model.evaluation.standins import write_parquet
from molmo_act.errors import InputError
from tests.model.evaluation.oracle import AGGREGATE, oracle

MOLMO2, BURST = VIDEO_COUNTS


def row(**values):
    return {
        "video_id": "v",
        "clip_start": 0.0,
        "clip_end": 2.0,
        "category": "object",
        "label": "cup",
        "question": "How many cups?",
        "count": 2,
        **values,
    }


def test_official_answers_get_official_figures(tmp_path):
    official = oracle("count_video_molmo2")
    write_parquet(tmp_path / "val.parquet", [row(**case["gt"]) for case in official["cases"]])
    cases = MOLMO2.cases(tmp_path)
    records = [
        Record(case.index, MOLMO2.score(case, Prediction(expected["prediction"]["text"])), case.groups)
        for case, expected in zip(cases, official["cases"], strict=True)
    ]
    figures = MOLMO2.figures(records)
    for name, value in official["aggregate"].items():
        assert figures[name] == pytest.approx(value, abs=AGGREGATE), name
    assert (MOLMO2.scale_of("MAE"), MOLMO2.scale_of("correct")) == (1, 100)


def test_damaged_rows_count_as_wrong(tmp_path):
    rows = [row(), row(count=-1), row(clip_start=3.0, clip_end=1.0), row(count=None), row(clip_end=None)]
    write_parquet(tmp_path / "val.parquet", rows)
    cases = MOLMO2.cases(tmp_path)
    assert [case.problem is not None for case in cases] == [False, True, True, True, False]
    records = [Record(0, MOLMO2.score(cases[0], Prediction("2")))]
    records += [Record(case.index, MOLMO2.missed(case), problem="x") for case in cases[1:4]]
    records.append(Record(4, {}))  # not even a score
    figures = MOLMO2.figures(records)
    assert (figures["correct"], figures["valid"]) == (pytest.approx(1 / 5), pytest.approx(1 / 5))


def test_burst_rows_are_made_of_its_annotations(tmp_path):
    BURST.write_standins(tmp_path, np.random.default_rng(1), 6)
    cases = BURST.cases(tmp_path)
    assert len(cases) == 3
    assert all(case.read().source.is_dir() and case.row["count"] >= 1 for case in cases)
    path = tmp_path / "test/all_classes.json"
    said = json.loads(path.read_text())
    said["sequences"][0]["track_category_ids"] = {"1": 0, "2": 0, "3": 1}
    said["sequences"][1] = {"seq_name": "broken"}
    path.write_text(json.dumps(said))
    again = BURST.cases(tmp_path)
    assert [(case.row["label"], case.row["count"]) for case in again[:2]] == [
        (said["categories"][0]["name"], 2),
        (said["categories"][1]["name"], 1),
    ]
    assert [case.problem is not None for case in again] == [False, False, True, False]
    path.write_text("[]")
    with pytest.raises(InputError, match="no list of sequences"):
        BURST.cases(tmp_path)


def test_nothing_but_invalid_answers_has_no_mean_error():
    records = [Record(0, {"wanted": 0, "predicted": None})]
    assert math.isnan(MOLMO2.figures(records)["MAE"])
