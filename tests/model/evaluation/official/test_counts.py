"""Numbers are read as the official programs read them, in every recorded text."""

from __future__ import annotations

from model.evaluation.benchmark import mean
from model.evaluation.official import counts
from tests.model.evaluation.oracle import oracle, same


def test_molmo2_counts_points():
    for case in oracle("count_image_molmo2")["cases"]:
        answer = case["prediction"]
        assert counts.count_molmo2(answer["text"]) == answer["n_points"], case["id"]


def test_molmo_1_reads_words():
    for case in oracle("count_image_molmo1")["cases"]:
        found, scores = counts.count_molmo1(case["prediction"]["text"]), case["scores"]
        wanted = case["gt"]["count"]
        assert (found is not None) == scores["valid"], case
        assert (found == wanted) == scores["correct"], case
        assert (found is not None and abs(found - wanted) <= 1) == scores["close"], case


def test_lmms_eval():
    said = oracle("count_lmms")
    rules = {
        "pixmo_count": lambda text, count: counts.count_lmms_pixmo(text) == count,
        "countbench": counts.right_lmms_countbench,
        "countbenchqa": counts.right_lmms_countbenchqa,
    }
    found: dict[str, list[float]] = {name: [] for name in rules}
    for case in said["cases"]:
        for name, rule in rules.items():
            found[name].append(float(rule(case["prediction"]["text"], case["gt"])))
            assert found[name][-1] == case["scores"][name], (name, case)
    same({name: mean(values) for name, values in found.items()}, said["aggregate"])
