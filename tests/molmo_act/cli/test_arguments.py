"""Arguments that several subcommands take: which numbers they accept."""

from __future__ import annotations

import argparse
import sys

import pytest

from molmo_act.cli import _arguments as given
from molmo_act.cli._arguments import above_zero, positive, probability, seconds


@pytest.mark.parametrize(
    ("read", "text", "expected"),
    [
        (positive, "1", 1),
        (positive, "999999999", 999_999_999),
        (above_zero, "0.5", 0.5),
        (seconds, "0", 0.0),
        (seconds, "1e3", 1000.0),
        (probability, "0", 0.0),
        (probability, "1", 1.0),
    ],
)
def test_numbers_within_bounds(read, text, expected):
    assert read(text) == expected


@pytest.mark.parametrize(
    ("read", "texts", "expected"),
    [
        (positive, ("0", "-1", "1.5", "", "x", "٣", "1234567890"), "a whole number from 1 to 999999999"),
        (above_zero, ("0", "-1", "nan", "inf", "1e9", "x"), "a number above 0"),
        (seconds, ("-0.1", "nan", "inf", "x"), "seconds, 0 or more"),
        (probability, ("-0.1", "1.1", "nan", "much"), "a number from 0 to 1"),
    ],
)
def test_numbers_out_of_bounds(read, texts, expected):
    for text in texts:
        with pytest.raises(argparse.ArgumentTypeError, match=f"{text!r} was given; expected {expected}"):
            read(text)


def test_stdout_comes_back(capsys):
    def fail() -> None:
        with given.stdout_to_stderr():
            print("a library")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    print("the answer")
    assert capsys.readouterr() == ("the answer\n", "a library\n")
    assert sys.stdout is not sys.stderr


def test_an_option_with_a_number_has_a_default():
    parser = argparse.ArgumentParser()
    given.add_number(parser, "--rate", above_zero, "HZ", "how often", default=2.0)
    given.add_number(parser, "--end", seconds, "S", "where to stop")
    assert vars(parser.parse_args([])) == {"rate": 2.0, "end": None}
    assert vars(parser.parse_args(["--rate", "5", "--end", "0"])) == {"rate": 5.0, "end": 0.0}
