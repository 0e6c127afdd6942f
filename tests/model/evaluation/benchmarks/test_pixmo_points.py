"""PixMo-Points: whole rows through the parquet schema, images by address, and what missing ones cost."""

from __future__ import annotations

import numpy as np
import pytest

from model.evaluation.benchmark import Prediction, Record
from model.evaluation.benchmarks.pixmo_points import IMAGES, PIXMO_POINTS
from model.evaluation.runner import run_cases
from molmo_act.errors import InputError


class _Kept:
    def add(self, records):
        self.records = [*getattr(self, "records", []), *records]


class _Right:
    """Answers what is right."""

    def points(self, cases, shown):
        return [
            Prediction(
                "",
                tuple(
                    (n, 0, point["x"] / 100 * image.shape[1], point["y"] / 100 * image.shape[0])
                    for n, point in enumerate(case.row["points"], 1)
                ),
            )
            for case, image in zip(cases, shown, strict=True)
        ]


def test_right_answers_score_one_and_missing_images_nothing(tmp_path):
    PIXMO_POINTS.write_standins(tmp_path, np.random.default_rng(4), 12)
    cases = PIXMO_POINTS.cases(tmp_path)
    assert any(not case.row["points"] for case in cases), "some rows are to be without objects"
    kept = _Kept()
    run_cases(PIXMO_POINTS, _Right(), cases, kept, set())
    assert PIXMO_POINTS.figures(kept.records)["f1"] == pytest.approx(1, abs=1e-6)
    files = sorted((tmp_path / IMAGES).iterdir())
    files[0].unlink()
    files[1].write_bytes(b"another file")
    kept = _Kept()
    run_cases(PIXMO_POINTS, _Right(), cases, kept, set())
    figures = PIXMO_POINTS.figures(kept.records)
    assert figures["f1"] == pytest.approx(10 / 12, abs=1e-6)
    assert figures["f1, images there"] == pytest.approx(1, abs=1e-6)
    reasons = {record.problem for record in kept.records}
    assert reasons == {None, "image is missing", "image has changed since it was annotated"}


def test_no_images_at_all(tmp_path):
    PIXMO_POINTS.write_standins(tmp_path, np.random.default_rng(4), 2)
    (tmp_path / IMAGES).rename(tmp_path / "elsewhere")
    with pytest.raises(InputError, match=r"no images in .*python -m model.data.download pixmo-points-eval"):
        PIXMO_POINTS.cases(tmp_path)


def test_figures_of_nothing():
    assert np.isnan(PIXMO_POINTS.figures([Record(0, {"f1": 0.0}, {}, "x")])["f1, images there"])
