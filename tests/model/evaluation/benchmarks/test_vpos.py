"""VPoS-Bench: the truth scores 1 in every domain, and each video of a domain weighs the same."""

from __future__ import annotations

import json

import numpy as np
import pytest

from model.evaluation.benchmark import Prediction, Record
from model.evaluation.benchmarks.vpos import DOMAINS, VPoS
from model.evaluation.video_sources import union
from molmo_act.errors import InputError
from molmo_act.outputs import rle

BENCHMARK = VPoS()


@pytest.fixture
def home(tmp_path):
    BENCHMARK.write_standins(tmp_path, np.random.default_rng(2), 5)
    return tmp_path


def test_the_truth_scores_1_in_every_domain(home):
    records = []
    for case in BENCHMARK.cases(home):
        assert case.read().source.is_dir()
        whole = union(case.row["masks"].value, range(12), (240, 180))
        extra = {"masks": [rle.encode(mask) for mask in whole], "size": [240, 180]}
        records.append(Record(case.index, BENCHMARK.score(case, Prediction(extra=extra)), case.groups))
    assert BENCHMARK.figures(records) == pytest.approx(dict.fromkeys(("j&f", *DOMAINS), 1.0))


def test_a_domain_is_the_mean_over_its_videos():
    scored = [("driving", "a", 1.0), ("driving", "a", 0.0), ("driving", "b", 1.0), ("cells", "c", 0.25)]
    records = [
        Record(number, {"j&f": value}, {"domain": domain, "video": f"{domain}/{video}"})
        for number, (domain, video, value) in enumerate(scored)
    ]
    figures = BENCHMARK.figures(records)
    assert (figures["driving"], figures["cells"]) == (0.75, 0.25)
    assert figures["j&f"] == pytest.approx((0.5 + 1 + 0.25) / 3)


def test_damaged_files_and_rows(home):
    path = home / "driving/meta_expressions.json"
    said = json.loads(path.read_text())
    [video] = said["videos"].values()
    said["videos"]["no expressions"] = {"frames": []}
    said["videos"]["no frames"] = {**video, "frames": []}
    said["videos"]["../cells/clip0"] = video
    path.write_text(json.dumps(said))
    assert sum(case.problem is not None for case in BENCHMARK.cases(home)) == 3
    path.write_text("[]")
    with pytest.raises(InputError, match="holds no videos"):
        BENCHMARK.cases(home)
    with pytest.raises(InputError, match="hf download ghazishazan/VPoS"):
        BENCHMARK.cases(home / "cells/JPEGImages")
