"""Candidates are ordered by how much they look like the label, and say which of several is meant."""

from __future__ import annotations

import math

import pytest

from molmo_act.reading.candidates import TEXT_FEATURES, candidates, text_features
from molmo_act.reading.matching import TextIndex
from molmo_act.reading.query import parse_query
from tests.support.written_screen import read_line, read_text

ROWS = TextIndex(
    read_text(*(read_line("Edit", 100 * n, 30 * n) for n in range(1, 5)), read_line("Exit", 0, 400))
)


@pytest.mark.parametrize(
    ("query", "y"),
    [
        ("the first Edit button", 38),
        ("'Edit' in the third row", 98),
        ("the last Edit", 128),
        ("Edit at the bottom", 128),
        ("Edit on the left", 38),
    ],
)
def test_which_one(query, y):
    [meant] = [one for one in candidates(ROWS, parse_query(query)) if one.chosen == 1]
    assert meant.match.middle[1] == y


def test_the_ninth_of_four_is_none():
    found = candidates(ROWS, parse_query("Edit in row 9"))
    assert {one.chosen for one in found} == {-1}


def test_rivals_are_counted():
    found = candidates(ROWS, parse_query("Edit"))
    assert [one.rivals for one in found[:4]] == [3] * 4
    assert found[0].chosen == 0


def test_features_have_names():
    [one, *_] = candidates(ROWS, parse_query("Exit"))
    features = text_features(one, 0.5, math.nan)
    assert len(features) == len(TEXT_FEATURES)
    assert all(map(math.isfinite, features))


def test_a_less_likely_reading_must_fit_well():
    index = TextIndex(read_text(read_line("Buttons", 10, 10), read_line("Save button", 10, 60)))
    assert candidates(index, parse_query("the 1 button")) == []
    assert candidates(index, parse_query("the Save button"))[0].match.text == "Save button"
