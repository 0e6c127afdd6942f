"""Matches: which places could be meant, and the evidence that stays with each."""

from __future__ import annotations

import numpy as np
import pytest

from gui_agent.geometry import Area, ScreenView
from gui_agent.vision.grounder import Evidence, Matches, points_of
from gui_agent.vision.screenshot import Screenshot

SHOT = Screenshot(np.zeros((900, 1200, 4), np.uint8), ScreenView((1200, 900), Area(-600, 0, 600, 450)), 0.0)

LIKELY = [
    ([[5, 5]], [0.3], [0]),  # the only one
    ([[5, 5], [100, 5]], [0.6, 0.5], [0, 1]),  # as good as each other
    ([[5, 5], [100, 5]], [0.2, 0.5], [1]),  # one is clearly better
    ([[5, 5], [12, 9], [100, 5]], [0.5, 0.6, 0.5], [1, 2]),  # two points on one thing
    ([[5, 5], [100, 5]], [0.95, 0.92], [0, 1]),  # both all but certain
    ([[5, 5], [100, 5]], [0.95, 0.8], [0]),  # odds of 19 against 4
    ([[5, 5], [100, 5]], [1.0, 1.0], [0, 1]),
]


@pytest.mark.parametrize(("xy", "score", "expected"), LIKELY)
def test_which_places_could_be_meant(xy, score, expected) -> None:
    matches = Matches(points_of(xy, score, SHOT, "it"), SHOT, 0.0)
    assert [matches.all.index(found) for found in matches.likely] == expected


def test_evidence_stays_with_its_place() -> None:
    known = ((Evidence("text", 0.9, "Save"),), (Evidence("model", 0.4),))
    matches = Matches(points_of([(10, 10), (1000, 10)], [0.9, 0.4], SHOT, "Save"), SHOT, 0.0, known)
    assert [match.evidence for match in matches.all] == list(known)
    [right] = matches.within(Area(-200, 0, 200, 450)).all
    assert [str(one) for one in right.evidence] == ["model 0.40"]
    assert str(known[0][0]) == "text 0.90 'Save'"
