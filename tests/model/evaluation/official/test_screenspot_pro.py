"""The official script's outcomes and reports, of every recorded case."""

from __future__ import annotations

from model.evaluation.official.screenspot_pro import outcome, reports
from tests.model.evaluation.oracle import oracle


def test_outcomes_and_reports_are_those_of_the_script():
    said = oracle("screenspot_pro_official")
    rows, found = [], []
    for case in said["cases"]:
        answer = case["prediction"]
        rows.append(case["gt"])
        found.append(outcome(case["gt"], answer["point_normalised"], answer["result"]))
        assert found[-1] == case["scores"]["correctness"], case["id"]
    assert reports(rows, found) == said["aggregate"]
