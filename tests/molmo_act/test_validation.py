"""Arguments are checked in one place: numbers, booleans, words and paths, with one wording for all errors."""

from __future__ import annotations

import decimal
import fractions
import math
from pathlib import Path

import numpy as np
import pytest

from molmo_act.errors import InputError
from molmo_act.validation import (
    check_bool,
    check_choice,
    check_int,
    check_kind,
    check_number,
    check_path,
    is_path,
)

NOT_INTS = [1.0, np.float32(2), "3", True, np.bool_(True), math.nan, None, [1], np.array([1]), 2**0.5]


@pytest.mark.parametrize("value", [1, np.int64(1), np.uint8(1)])
def test_integers_of_any_kind_become_plain_ones(value):
    found = check_int("max_points", value)
    assert found == 1
    assert type(found) is int


@pytest.mark.parametrize("value", NOT_INTS)
def test_what_is_no_whole_number(value):
    with pytest.raises(InputError, match=r"^max_points is .*expected a whole number of at least 1\.$"):
        check_int("max_points", value)


@pytest.mark.parametrize("value", [0, -1, np.int8(-3)])
def test_whole_numbers_below_the_bound(value):
    with pytest.raises(InputError, match="at least 1"):
        check_int("n", value)


def test_whole_numbers_above_the_bound():
    assert check_int("n", 9, most=9) == 9
    with pytest.raises(InputError, match="n is 10; expected a whole number from 1 to 9, or None for all"):
        check_int("n", 10, most=9, none="for all")


def test_none_where_it_stands_for_something():
    assert check_int("n", None, none="for all") is None
    assert check_number("n", None, none="to wait") is None
    assert check_choice("n", None, ("a",), none="for none") is None
    assert check_path("n", None, none="for none") is None


@pytest.mark.parametrize("value", [0, 0.5, 1, np.float32(0.25), np.int32(1), fractions.Fraction(1, 3)])
def test_numbers_of_any_kind_become_floats(value):
    found = check_number("min_score", value, least=0, most=1)
    assert found == float(value)
    assert type(found) is float


@pytest.mark.parametrize(
    "value",
    ["0.5", math.nan, math.inf, -math.inf, True, np.bool_(False), None, 1j, b"1", [0.5], np.array(0.5),
     decimal.Decimal("0.5"), 10**400, -0.001, 1.001],
)  # fmt: skip
def test_what_is_no_number_within_bounds(value):
    with pytest.raises(InputError, match=r"min_score is .*expected a number between 0 and 1\.$"):
        check_number("min_score", value, least=0, most=1)


def test_infinity_where_it_is_accepted():
    assert check_number("timeout", math.inf, above=0, finite=False) == math.inf
    assert check_number("timeout", 10**400, above=0, finite=False) == math.inf
    with pytest.raises(InputError, match="timeout is a whole number of 401 digits"):
        check_number("timeout", -(10**400), above=0, finite=False)
    with pytest.raises(InputError, match=r"timeout is -inf; expected seconds above 0\.$"):
        check_number("timeout", -math.inf, above=0, finite=False, what="seconds")


@pytest.mark.parametrize("value", [True, False, np.bool_(True)])
def test_booleans(value):
    assert check_bool("synchronous", value) is bool(value)


@pytest.mark.parametrize("value", [0, 1, "no", None, np.array([True]), []])
def test_what_is_no_boolean(value):
    with pytest.raises(InputError, match=r"synchronous is .*expected True or False"):
        check_bool("synchronous", value)


@pytest.mark.parametrize("value", ["c", 1, None, [], b"a", np.array(["a", "b"])])
def test_words_that_are_not_offered(value):
    assert check_choice("order", "a", ("a", "b")) == "a"
    with pytest.raises(InputError, match=r"order is .*expected 'a' or 'b'"):
        check_choice("order", value, ("a", "b"))


class Pathless:
    """Says that it is a path, and gives none."""

    def __fspath__(self) -> int:
        return 5


def test_an_object_that_says_it_is_a_path_and_gives_none():
    assert [is_path(value) for value in ("a", Path("a"))] == [True, True]
    assert [is_path(value) for value in (Pathless(), b"a", 5)] == [False, False, False]


@pytest.mark.parametrize("value", [5, b"nano", "", "a\0b", ["nano"], None, np.array("x"), Pathless()])
def test_what_is_no_path(value):
    assert check_path("folder", "a") == "a"
    assert check_path("folder", Path("a")) == Path("a")
    with pytest.raises(InputError, match=r"folder is .*expected a path"):
        check_path("folder", value)


class Unspeakable:
    def __repr__(self) -> str:
        raise RuntimeError("no")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("3", "n is '3';"),
        (None, "n is None;"),
        (np.float32(2.5), "n is .*2.5.*, of type float32;"),
        (Unspeakable(), "n is of type Unspeakable;"),
        (np.zeros((99, 99)), "n is of type ndarray;"),
        pytest.param(10**5000, "n is a whole number of 5001 digits;", id="more digits than Python writes"),
        pytest.param(-(10**400), "n is a whole number of 401 digits;", id="more than a float holds"),
        ("x" * 999, "n is of type str;"),
    ],
)
def test_errors_show_what_was_given_in_short(value, shown):
    with pytest.raises(InputError, match=shown) as caught:
        check_int("n", value, most=5)
    assert len(str(caught.value)) < 150


def test_what_an_argument_is_an_instance_of():
    check_kind("title", "Files", str, "a title")
    with pytest.raises(InputError, match=r"title is 5; expected a title\."):
        check_kind("title", 5, str, "a title")
