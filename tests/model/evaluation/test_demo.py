"""The demonstration: every benchmark from stand-ins to the page, with a small model on this machine."""

from __future__ import annotations

import numpy as np
import pytest

from model.evaluation.__main__ import main
from model.evaluation.benchmark import Prediction, Record
from model.evaluation.demo import make_standin
from model.evaluation.registry import BENCHMARKS
from model.evaluation.report_page import draw


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return tmp_path_factory.mktemp("standins")


@pytest.mark.parametrize("benchmark", BENCHMARKS.values(), ids=lambda one: one.name)
def test_stand_ins_are_read_asked_scored_and_drawn(benchmark, data):
    home = make_standin(benchmark, data, 4)
    cases = benchmark.cases(home)
    assert len(cases) >= 2
    records = []
    for case in cases:
        assert case.problem is None
        assert case.prompt
        case.read()
        scores = benchmark.score(case, Prediction())
        assert set(benchmark.missed(case)) == set(scores)
        records.append(Record(case.index, scores, case.groups))
        truth = benchmark.truth(case)
        assert truth
        if "masks" in truth or "boxes" in truth:
            draw(np.zeros((9, 9, 3), np.uint8), Prediction(), truth)
    figures = benchmark.figures(records)
    assert benchmark.headline in figures
    assert set(figures) & set(benchmark.figures_shown or figures)


def test_a_demonstration_ends_in_a_page(tmp_path, capsys):
    words = ["run", "screenspot-v2", "--demo", "--limit", "3", "--out", str(tmp_path / "demo")]
    assert main(words) == 0
    assert "all 3 (official: 1,272)" in capsys.readouterr().out
    page = (tmp_path / "demo" / "report.html").read_text(encoding="utf-8")
    assert page.count("data:image/jpeg") == 3
