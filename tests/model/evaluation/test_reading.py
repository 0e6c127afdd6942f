"""Fitting weights for reader and model, and what is reported of pages that were not tuned on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from model.data.schema import Query, Target
from model.data.web.real_pages import TEMPLATES
from model.evaluation import reading
from model.evaluation.reading_evidence import Evidence
from molmo_act.outputs.points import Points
from molmo_act.reading.scoring import fitted_weights
from tests.support.icon_screen import box_at, seen_icons
from tests.support.written_screen import read_line, read_text

LABELS = ["Save", "Cancel", "Print", "Help"]


def page(number: int) -> Evidence:
    """A page with all labels but one, and a star in half of them; all are asked for.

    The model points at its middle.
    """
    shown = [label for label in LABELS if label != LABELS[number % 4]]
    text = read_text(*(read_line(label, 100, 100 * n) for n, label in enumerate(shown, 1)))
    queries = tuple(
        Query(
            f"the {label} button",
            label,
            tuple(Target((116.0, 108.0), (x0, y0, x1, y1)) for x0, y0, x1, y1 in [place]) if place else (),
            "button" if place else "absent",
        )
        for label in LABELS
        for place in [next((line.box for line in text if line.text == label), None)]
    )
    star = (300, 200) if number % 2 else None
    targets = () if star is None else (Target((310.0, 210.0), box_at(star)),)
    queries += (Query("the star icon", "star icon", targets, "icon" if targets else "absent"),)
    points = tuple(
        Points(xy=[(320, 240)], score=[0.4], image_size=[(640, 480)], query=query.text, absent=0.2)
        for query in queries
    )
    evidence = Evidence(Path(f"admin-lte-{number}.json"), text, queries, points)
    vars(evidence)["icons"] = seen_icons(*([] if star is None else [star]))
    vars(evidence)["image"] = np.full((480, 640, 3), 255, np.uint8)  # instead of the one beside its file
    return evidence


def test_fitted_weights_tell_what_is_there():
    pages = [page(number) for number in range(8)]
    weights = reading.fit(pages)
    outcomes, scores, absents = reading.rates(pages, reading.combined(weights, None))
    assert np.mean(outcomes["button"]) == 1
    assert np.mean(outcomes["absent"]) == 1
    assert np.mean(outcomes["icon"]) == 1
    assert scores.claimed.min() > 0.5
    assert absents.claimed[absents.true].min() > absents.claimed[~absents.true].max()
    alone, _, _ = reading.rates(pages, reading.by_model)
    assert np.mean(alone["button"]) == 0
    icons, _, _ = reading.rates(pages, reading.by_icons)
    assert np.mean(icons["icon"]) == 1
    assert np.mean(icons["button"]) == 0


def test_weights_are_written_where_the_library_reads_them(tmp_path, monkeypatch):
    weights = reading.fit([page(number) for number in range(8)])
    monkeypatch.setattr(reading, "WEIGHTS_FILE", tmp_path / "weights.json")
    monkeypatch.setattr("molmo_act.reading.scoring.WEIGHTS_FILE", tmp_path / "weights.json")
    reading.write_weights(weights, "mine")
    assert fitted_weights.__wrapped__() == (weights, "mine")


def test_no_template_is_tuned_and_reported():
    names = {name.split("@")[0] for name in TEMPLATES}
    tuned = reading.tuning_templates()
    assert 0.4 < len(tuned) / len(names) < 0.6
    assert reading.template_of(Path("startbootstrap-sb-admin-2-index.json")) == "startbootstrap-sb-admin-2"
    assert reading.template_of(Path("startbootstrap-sb-admin-dist-index.json")) == "startbootstrap-sb-admin"
    assert reading.template_of(Path("material-dashboard-pages-profile.json")) == "material-dashboard"


@pytest.mark.parametrize("threshold", [reading.threshold([(0.1, False), (0.2, False), (0.8, True)])])
def test_a_threshold_lies_between(threshold):
    assert 0.2 < threshold < 0.8


def test_a_rising_feature_never_counts_against():
    rows = [([float(n % 5)], n % 5 < 2) for n in range(50)]
    assert reading.fit_logistic(rows).weights[0] < 0
    assert reading.fit_logistic(rows, rising=(0,)).weights[0] == 0


def test_claims_that_are_never_true_have_a_fit():
    never = reading.fit_logistic([([float(number % 2)], False) for number in range(50)])
    assert -12 < never.offset < -2
