"""Scores of answers in words are those of Molmo 1 and Molmo2 in every recorded case."""

from __future__ import annotations

import pytest

from model.evaluation.benchmark import mean
from model.evaluation.official import vqa
from tests.model.evaluation.oracle import oracle, same

MOLMO1 = {
    "vqa_score": vqa.vqa_score,
    "a_okvqa_score": vqa.a_okvqa_score,
    "anls_metric": vqa.anls,
    "relaxed_correctness": vqa.relaxed_correctness,
}
MOLMO2 = {
    "vqa_score": vqa.vqa_score,
    "a_okvqa_score": vqa.a_okvqa_score,
    "ansl": lambda truths, said: max(vqa.anls(truth, said) for truth in truths),
    "relaxed_correctness": lambda truths, said: max(vqa.relaxed_correctness(truth, said) for truth in truths),
    "em": lambda truths, said: said.lower() in [truth.lower() for truth in truths],
    "mc": lambda truth, said: vqa.select_option(truth["option_names"], said) == truth["answer_idx"],
}


@pytest.mark.parametrize("name", MOLMO1)
def test_molmo_1(name):
    for case in oracle("vqa_scores_molmo1")[name]:
        found = MOLMO1[name](case["gt"], case["prediction"])
        assert float(found) == pytest.approx(case["scores"]["score"], abs=1e-9), case


def test_normalisation_and_options_of_molmo_1():
    said = oracle("vqa_scores_molmo1")
    for case in said["normalise"]:
        assert vqa.normalise(case["text"]) == case["out"], case
    for case in said["select_mc_option"]:
        found = vqa.select_option(case["gt"], case["prediction"], prefixes=False)
        assert found == case["scores"]["index"], case


def test_molmo2():
    said = oracle("vqa_scores_molmo2")
    found: dict[str, list[float]] = {}
    for case in said["cases"]:
        name = case["score_fn"]
        score = float(MOLMO2[name](case["gt"], vqa.clean_answer(case["prediction"])))
        assert score == pytest.approx(case["scores"]["score"], abs=1e-9), case
        found.setdefault(name, []).append(score)
    same(
        {f"aggregate_{name}": mean(scores) for name, scores in found.items()},
        {key: value for key, value in said.items() if key.startswith("aggregate_")},
    )


def test_two_empty_texts_raise_as_officially():
    with pytest.raises(ZeroDivisionError):
        vqa.anls("", "")
