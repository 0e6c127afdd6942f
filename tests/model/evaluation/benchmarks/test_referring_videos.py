"""Sets of referring expressions: the truth scores 1 by tracks and by masks, and what is damaged."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from model.evaluation.benchmark import Prediction
from model.evaluation.benchmarks.referring_videos import REFERRING, ReferringMasks, truth_of
from model.evaluation.case_files import Table
from model.evaluation.standins import write_parquet
from model.evaluation.video_sources import union
from molmo_act.errors import InputError
from molmo_act.outputs import rle

SETS = {one.data: one for one in REFERRING}


@pytest.fixture(scope="module")
def homes(tmp_path_factory):
    """The stand-ins of each set."""
    found = {}
    for data, benchmark in SETS.items():
        found[data] = tmp_path_factory.mktemp(data.name)
        benchmark.write_standins(found[data], np.random.default_rng(1), 6)
    return found


@pytest.mark.parametrize("benchmark", REFERRING, ids=lambda one: one.name)
def test_the_truth_scores_1(benchmark, homes):
    cases = benchmark.cases(homes[benchmark.data])
    assert len(cases) == 3
    for case in cases:
        assert case.read().source.is_dir()
        if isinstance(benchmark, ReferringMasks):
            masks = case.row["masks"].value
            whole = union(masks, range(12), (1, 1))
            extra = {
                "masks": [rle.encode(mask) if mask.any() else None for mask in whole],
                "size": [240, 180],
            }
            scores = benchmark.score(case, Prediction(extra=extra))
            assert scores == pytest.approx({"j": 1, "f": 1, "j&f": 1, "resized": 0})
        else:
            points = tuple(
                (number + 1, frame / case.row["fps"], x, y)
                for frame, at in truth_of(case.row).points.items()
                for number, x, y in at
            )
            scores = benchmark.score(case, Prediction(points=points))
            assert (scores["f1_by_object"], scores["hota"]) == (pytest.approx(1), pytest.approx(1))
        assert set(benchmark.missed(case).values()) == {0.0}


def test_nothing_found_is_scored_frame_by_frame(homes):
    [benchmark] = [one for one in REFERRING if one.name == "mevis-masks"]
    case = benchmark.cases(homes[benchmark.data])[0]
    empty = [not any(frame in one for one in case.row["masks"].value) for frame in range(12)]
    scores = benchmark.score(case, Prediction(extra={"masks": [None] * 12, "size": [240, 180]}))
    assert scores["j"] == pytest.approx(np.mean(empty))


def test_masks_of_another_size_are_counted(homes):
    [benchmark] = [one for one in REFERRING if one.name == "ref-davis17-masks"]
    case = benchmark.cases(homes[benchmark.data])[0]
    whole = union(case.row["masks"].value, range(12), (1, 1))
    double = [rle.encode(np.kron(mask, np.ones((2, 2), bool))) for mask in whole]
    scores = benchmark.score(case, Prediction(extra={"masks": double, "size": [480, 360]}))
    assert scores == pytest.approx({"j": 1, "f": 1, "j&f": 1, "resized": 1})


def test_damaged_rows_and_missing_masks(homes, tmp_path):
    [benchmark] = [one for one in REFERRING if one.name == "ref-yt-vos"]
    good = Table([next((homes[benchmark.data] / "data").glob("*.parquet"))]).rows[0]
    shutil.copytree(homes[benchmark.data] / "Annotations", tmp_path / "Annotations")
    rows = [
        good,
        {**good, "qid": "gone"},
        {**good, "qid": "../../.."},
        {**good, "fps": 0},
        {**good, "width": 0},
        {**good, "frame_trajectories": None},  # nothing is to be found
        {**good, "sampling_fps": 2},  # of another task
    ]
    write_parquet(tmp_path / "valid.parquet", rows)
    cases = benchmark.cases(tmp_path)
    reasons = [case.problem for case in cases]
    assert len(reasons) == 6
    assert reasons[0] is None
    assert reasons[1] == "masks are missing"
    assert reasons[2] in ("masks are missing", "masks lie outside of the folder of the set")
    assert all(reasons[3:5])
    assert reasons[5] is None
    with pytest.raises(InputError, match="video is missing"):
        cases[0].read()


def test_without_masks_it_is_said_where_they_should_lie(homes, tmp_path):
    [benchmark] = [one for one in REFERRING if one.name == "mevis"]
    write_parquet(tmp_path / "valid_u.parquet", [{"id": "1"}])
    with pytest.raises(
        InputError, match=r"no masks in .*valid_u/mask_dict.json.*hf download allenai/molmo2-mevis"
    ):
        benchmark.cases(tmp_path)
    (tmp_path / "mask_dict.json").write_text("{")
    with pytest.raises(InputError, match="damaged"):
        benchmark.cases(tmp_path)
