"""Which icon a query means: by place among several, and with what speaks for each."""

from __future__ import annotations

import numpy as np
import pytest

from molmo_act.reading.icon_evidence import ICON_FEATURES, icon_evidence, names_icon
from molmo_act.reading.query import parse_query
from tests.support.icon_screen import seen_icons


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("the star icon", True),
        ("click the settings button", True),
        ("open folder", True),
        ("'star'", False),  # what is quoted is written
        ("the Save as draft button", False),
        ("the third star icon", True),
        ("close account", False),  # what to do with it
        ("change user", False),
        ("close window", True),
        ("open settings", True),
    ],
)
def test_which_queries_name_an_icon(query, named):
    assert names_icon(parse_query(query)) is named


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("the star icon at the top", (10, 50)),
        ("the second star icon", (90, 60)),
        ("the last star icon", (50, 99)),
        ("the star icon on the right", (90, 60)),
    ],
)
def test_a_place_among_several(query, wanted):
    parsed = parse_query(query)
    found = icon_evidence(seen_icons((50, 99), (10, 50), (90, 60)), parsed, [])
    assert [one.match.box[:2] for one in found] == [wanted]
    assert found[0].rivals == 0


def test_several_are_rivals():
    found = icon_evidence(seen_icons((50, 99), (10, 50)), parse_query("the star icon"), [])
    assert [one.rivals for one in found] == [1, 1]


def test_evidence_as_numbers():
    [one] = icon_evidence(
        seen_icons((10, 10)), parse_query("the star button"), [(14, 15, 0.6), (200, 200, 0.9)]
    )
    row = dict(zip(ICON_FEATURES, one.features(0.3, float("nan"), asked_icon=False), strict=True))
    assert row["log odds"] == pytest.approx(np.log(9), abs=1e-3)
    assert row["words found"] == 0.3
    assert row["no icon asked for"] == 1
    assert row["model agrees"] == 0.6
    assert row["model says absent"] == 0.5
    assert row["rivals"] == row["look-alike"] == 0


def test_nothing_is_known_of_other_queries():
    assert icon_evidence(None, parse_query("the star icon"), []) is None
    assert icon_evidence(seen_icons((1, 1)), parse_query("the Save as draft button"), []) is None
    assert icon_evidence(seen_icons((1, 1)), parse_query("the trash icon"), []) == []
