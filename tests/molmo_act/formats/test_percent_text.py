"""Points in per cent, read and written as official code does, on its recorded cases."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from molmo_act.formats.percent_text import (
    OPENINGS,
    extract_frame_points,
    extract_percent_points,
    find_percent_points,
    write_percent_points,
)

CASES = json.loads((Path(__file__).parents[2] / "data" / "molmo1" / "point_text_cases.json").read_text())


@pytest.mark.parametrize("case", CASES["parse"], ids=lambda case: f"{case['text'][:40]} {case['w']}")
def test_points_are_the_official_ones(case):
    rows = extract_percent_points(case["text"], [(case["w"], case["h"])])
    assert [row[:2] for row in rows] == [[number, 0] for number in range(1, len(rows) + 1)]
    expected = [pytest.approx(point, abs=1e-9) for point in case["molmo_extract_points"]]
    assert [row[2:] for row in rows] == expected


@pytest.mark.parametrize("case", CASES["parse"], ids=lambda case: f"{case['text'][:40]} {case['w']}")
def test_points_of_frames_are_the_official_ones(case):
    rows = extract_frame_points(case["text"], [(case["w"], case["h"])])
    expected = case.get("videomolmo_get_coords", [])  # one text makes the program fail
    inside = [point for point in expected if "100.1" not in case["text"] or point[0] < case["w"]]
    assert [row[2:] for row in rows] == inside


@pytest.mark.parametrize("case", CASES["points_to_text"], ids=lambda case: case["text"])
def test_texts_are_the_official_ones(case):
    size = case["image_wh"] or (case["point_scale"], case["point_scale"])
    counted = case["style"] == "point_count"
    assert write_percent_points(case["points"], case["label"], size, counted=counted) == case["text"]


@pytest.mark.parametrize(
    "text",
    [
        '<point x="79.9" y="69.0" alt="mug">mug</point>',
        '<points x1="0.0" y1="5.9" x2="38.0" y2="10.0" x3="46.5" y3="100.0" alt="mug">mug</points>',
        "There are none.",
    ],
)
def test_text_comes_back_exactly(text):
    rows = extract_percent_points(text, [(641, 359)])
    assert write_percent_points([row[2:] for row in rows], "mug", (641, 359)) == text


def test_a_label_with_quotes_does_not_break_the_tag():
    text = write_percent_points([(5, 5)], 'the 15" <screen>', (10, 10))
    assert extract_percent_points(text, [(10, 10)]) == [[1, 0, 5, 5]]


def test_where_points_stand():
    text = 'A <point x="5.0" y="6.0" alt="cup">cup</point>, a <point x="101.0" y="8.0" alt="a">lamp</point>.'
    (point,) = find_percent_points(text)
    assert text[slice(*point.span)] == 'x="5.0" y="6.0"'


def test_answers_that_list_points_open_so():
    for points in ([(1, 1)], [(1, 1), (2, 2)]):
        for counted in (False, True):
            text = " " + write_percent_points(points, "mug", (10, 10), counted=counted)
            assert text.startswith(OPENINGS)
    assert not " There are none.".startswith(OPENINGS)


def test_without_an_image_there_are_no_points():
    assert extract_percent_points('<point x="5.0" y="6.0" alt="a">a</point>', []) == []


def test_endless_answers_are_read_quickly():
    start = time.perf_counter()
    for text in (
        "1" * 100_000,
        "x1" * 50_000,
        'x="' + "1" * 100_000,
        "p=" + " " * 100_000,
        "(1.1, " * 20_000,
    ):
        assert find_percent_points(text) == []
    assert time.perf_counter() - start < 60
