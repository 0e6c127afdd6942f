"""MMMU's reading of answers: letters, options, numbers and short texts."""

from __future__ import annotations

import pytest

from model.evaluation.official.mmmu import read_choice, read_open, right_open

OPTIONS = {"A": "the red car", "B": "a blue bus", "C": "nothing at all"}


@pytest.mark.parametrize(
    ("text", "letter"),
    [
        ("B", "B"),
        ("(C)", "C"),
        ("B.", "B"),
        ("(A) would be wrong, so it is (B)", "B"),
        ("I think that the answer must be a blue bus here", "B"),
        ("A or B", "B"),
    ],
)
def test_choices(text, letter):
    assert read_choice(text, OPTIONS, 0) == letter


def test_what_cannot_be_read_is_drawn_the_same_each_time():
    drawn = {read_choice("no idea", OPTIONS, 7) for _ in range(5)}
    assert len(drawn) == 1
    assert {read_choice("", OPTIONS, row) for row in range(40)} == set(OPTIONS)


@pytest.mark.parametrize(
    ("truths", "text", "right"),
    [
        (["3.14"], "The result is 3.142", True),
        (["1200"], "it is 1,200.", True),
        (["4"], "The answer is 5", False),
        (["photosynthesis"], "This is photosynthesis.", True),
        (["one", "uno"], "Therefore uno", True),
        (["oxygen"], "", False),
    ],
)
def test_open_answers(truths, text, right):
    assert right_open(truths, text) == right


def test_numbers_are_found_once():
    assert read_open("x = 5").count(5.0) == 1
