"""What is known of a query before it is weighed: which of the model's points mean which place."""

from __future__ import annotations

import pytest

from molmo_act.outputs.points import Points
from molmo_act.reading.candidates import TEXT_FEATURES
from molmo_act.reading.evidence import weigh
from molmo_act.reading.icon_evidence import ICON_FEATURES
from molmo_act.reading.matching import TextIndex
from molmo_act.reading.query import parse_query
from tests.support.icon_screen import seen_icons
from tests.support.written_screen import read_line, read_text

TEXT = TextIndex(read_text(read_line("Star", 100, 100), read_line("Save", 100, 200)))


def known(query, *xy, icons=None):
    points = Points(xy=xy, score=[0.7] * len(xy), image_size=[(640, 480)], query=query, absent=0.1)
    return weigh(points, TEXT, parse_query(query), icons=icons)


def test_points_at_written_words_agree_with_them():
    evidence = known("the Save button", (118, 209), (400, 400))
    assert evidence.agreement[0] == pytest.approx(0.7)
    assert evidence.elsewhere == [1]
    assert evidence.icons is None
    assert [len(row) for row in evidence.text_evidence()] == [len(TEXT_FEATURES)] * len(evidence.found)


def test_a_query_for_an_icon_is_not_looked_for_in_the_text():
    evidence = known("the star icon", (310, 212), (400, 400), icons=seen_icons((300, 200)))
    assert evidence.found == []
    assert [one.agreement for one in evidence.icons] == [pytest.approx(0.7)]
    assert evidence.elsewhere == [1]
    assert [len(row) for row in evidence.icon_rows(0.0)] == [len(ICON_FEATURES)]
    assert evidence.alike == pytest.approx(0.9)


def test_a_button_may_be_its_words_or_its_icon():
    evidence = known("the star button", icons=seen_icons((300, 200)))
    assert evidence.found[0].match.text == "Star"
    assert evidence.icons[0].match.middle == (310, 210)
