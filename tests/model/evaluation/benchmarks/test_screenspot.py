"""ScreenSpot: every recorded answer scores what the official programs gave it."""

from __future__ import annotations

import zipfile

import numpy as np
import pytest

from model.evaluation.benchmark import Case, Prediction, Record
from model.evaluation.benchmarks.screenspot import ScreenSpotPro, ScreenSpotV2
from molmo_act.errors import InputError
from tests.model.evaluation.oracle import oracle, predicted, same


@pytest.mark.parametrize(
    ("benchmark", "name"),
    [(ScreenSpotV2(), "screenspot_v2_molmo2"), (ScreenSpotPro(), "screenspot_pro_molmo2")],
)
def test_scores_and_figures_are_those_of_molmo2(benchmark, name):
    said = oracle(name)
    records = []
    for number, case in enumerate(said["cases"]):
        row = {"file": "", **case["gt"]}
        scores = benchmark.score(Case(number, row), predicted(case["prediction"]["points_px"]))
        assert scores["correct"] == float(case["scores"]["correct"]), case["id"]
        records.append(Record(number, scores, benchmark.groups(row)))
    same(benchmark.figures(records), said["aggregate"])


def test_images_are_read_out_of_the_archive_of_the_hub(tmp_path):
    benchmark = ScreenSpotV2()
    benchmark.write_standins(tmp_path, np.random.default_rng(0), 3)
    plain = [case.read() for case in benchmark.cases(tmp_path)]
    folder = tmp_path / "screenspotv2_image"
    with zipfile.ZipFile(tmp_path / "screenspotv2_image.zip", "w") as archive:
        for path in folder.iterdir():
            archive.write(path, f"screenspotv2_image/{path.name}")
            path.unlink()
    folder.rmdir()
    packed = [case.read() for case in benchmark.cases(tmp_path)]
    assert all(np.array_equal(one, other) for one, other in zip(plain, packed, strict=True))


def test_a_folder_without_images_is_refused(tmp_path):
    benchmark = ScreenSpotV2()
    benchmark.write_standins(tmp_path, np.random.default_rng(0), 3)
    (tmp_path / "screenspotv2_image").rename(tmp_path / "elsewhere")
    with pytest.raises(InputError, match=r"no images .* hf download OS-Copilot/ScreenSpot-v2"):
        benchmark.cases(tmp_path)


@pytest.mark.parametrize("box", [[1, 2, 3], ["a", 1, 2, 3], None, [float("nan"), 0, 1, 1]])
def test_a_row_with_a_damaged_box_stays_and_counts_as_wrong(tmp_path, box):
    benchmark = ScreenSpotPro()
    benchmark.write_standins(tmp_path, np.random.default_rng(0), 2)
    rows = [dict(case.row) for case in benchmark.cases(tmp_path)]
    rows[0]["bbox"] = box
    benchmark.write_rows(tmp_path, "annotations/generated.json", rows)
    first, second = benchmark.cases(tmp_path)
    assert first.problem is not None
    assert second.problem is None
    assert (
        benchmark.figures([Record(0, benchmark.missed(first)), Record(1, {"correct": 1.0})])["overall"] == 0.5
    )


def test_only_the_first_point_counts():
    case = Case(0, {"bbox": [10, 10, 20, 20], "img_size": [40, 40]})
    outside, inside = (1, 0, 5.0, 5.0), (2, 0, 20.0, 20.0)
    assert ScreenSpotPro().score(case, Prediction("", (outside, inside)))["correct"] == 0
    assert ScreenSpotPro().score(case, Prediction("", (inside, outside)))["correct"] == 1
