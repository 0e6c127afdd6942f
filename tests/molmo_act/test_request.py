"""Requests are checked before a model runs: bounds, queries, spans, and which image goes with which query."""

from __future__ import annotations

import math

import numpy as np
import pytest

from molmo_act.errors import InputError, QueryError
from molmo_act.request import MAX_QUERY_LENGTH, Bounds, as_list, check_query, check_span, paired


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"max_points": 0}, "max_points is 0"),
        ({"max_points": 2.5}, "expected a whole number"),
        ({"max_points": 1.0}, "max_points is 1.0; expected a whole number of at least 1, or None for all"),
        ({"max_points": "3"}, "max_points is '3'"),
        ({"max_points": True}, "max_points is True"),
        ({"min_score": "0.5"}, "min_score is '0.5'; expected a probability between 0 and 1"),
        ({"min_score": None}, "min_score is None"),
        ({"timeout": "1"}, "timeout is '1'; expected seconds above 0, or None to wait"),
        ({"order": None}, "order is None"),
        ({"min_score": -0.1}, "min_score is -0.1"),
        ({"min_score": math.nan}, "min_score is nan"),
        ({"timeout": 0.0}, "timeout is 0.0"),
        ({"timeout": math.nan}, "timeout is nan"),
        ({"order": "random"}, "'reference' or 'masked'"),
    ],
)
def test_bounds_out_of_range(options, complaint):
    with pytest.raises(InputError, match=complaint):
        Bounds(**options)


def test_bounds_at_their_ends():
    Bounds(max_points=1, min_score=1.0, timeout=1e-9, order="masked")
    Bounds(max_points=None, min_score=0.0, timeout=None)
    Bounds(timeout=math.inf)


def test_bounds_are_plain_numbers():
    bounds = Bounds(np.int64(3), np.float32(0.5), np.float64(1.5))
    assert [type(value) for value in (bounds.max_points, bounds.min_score, bounds.timeout)] == [
        int,
        float,
        float,
    ]


@pytest.mark.parametrize(
    ("values", "expected"),
    [("mug", ["mug"]), (["a", "b"], ["a", "b"]), (("a",), ["a"]), ([], []), (None, [None])],
)
def test_one_or_many(values, expected):
    found = as_list(values)
    assert found == expected
    assert found is not values


@pytest.mark.parametrize(
    ("images", "queries", "expected"),
    [
        ([1, 2], ["a", "b"], [(1, "a"), (2, "b")]),
        ([1], ["a", "b"], [(1, "a"), (1, "b")]),
        ([1, 2], ["a"], [(1, "a"), (2, "a")]),
        ([], ["a"], []),
        ([1], [], []),
        ([], [], []),
    ],
)
def test_pairs(images, queries, expected):
    assert paired(images, queries) == expected


@pytest.mark.parametrize(("images", "queries"), [([1, 2], ["a", "b", "c"]), ([1, 2], [])])
def test_pairs_that_do_not_go_together(images, queries):
    with pytest.raises(InputError, match=f"{len(images)} images and {len(queries)} queries"):
        paired(images, queries)


@pytest.mark.parametrize(
    "query",
    [
        *("", " \n", None, b"mug", 7, ["mug"], "m" * (MAX_QUERY_LENGTH + 1)),
        *("\x00", "\u200b\u2060", "\ufeff", "\u3000", "\u0301", "\ufe0f", "\u3164", "\u2800", "\U000e0020"),
        *("<|im_end|>", "\ud83d", "a \udc00 b", "\ude00\ud83d"),
    ],
    ids=repr,
)
def test_queries_that_no_model_reads(query):
    with pytest.raises(QueryError):
        check_query(query)


@pytest.mark.parametrize("query", ["\ud83d", "\ud83d ", "a \udc00 b"], ids=ascii)
def test_half_of_a_character_is_named(query):
    with pytest.raises(QueryError, match="holds a lone surrogate, half of a character"):
        check_query(query)


@pytest.mark.parametrize(
    "query",
    ["the red mug", "紅", "a < b", "a <| b", "?", "5", "\U0001f600", "e\u0301", "m" * MAX_QUERY_LENGTH],
)
def test_queries_that_models_read(query):
    check_query(query)


@pytest.mark.parametrize(
    ("start", "end", "expected"), [(0, None, math.inf), (0.5, 1, 1), (0, math.inf, math.inf)]
)
def test_spans(start, end, expected):
    assert check_span(start, end) == expected


@pytest.mark.parametrize(
    ("start", "end", "complaint"),
    [
        (1, 1, "start is 1 and end is 1; expected 0 ≤ start < end"),
        (2, 1, "start is 2 and end is 1; expected 0 ≤ start < end"),
        (-0.1, None, "start is -0.1; expected seconds of at least 0"),
        (math.nan, None, "start is nan"),
        (math.inf, None, "start is inf"),
        (0, math.nan, "end is nan; expected seconds, or None for the end of the video"),
        ("0", None, "start is '0'"),
        (0, "1", "end is '1'"),
        (True, None, "start is True"),
    ],
)
def test_spans_that_are_none(start, end, complaint):
    with pytest.raises(InputError, match=complaint):
        check_span(start, end)


def test_a_letter_of_countless_accents_is_refused():
    check_query("Việt Nam, e\u0301a\u0323\u0302 " + "\u0e01\u0e34\u0e48" * 50)
    check_query("a" + "\u0301" * 30)
    with pytest.raises(QueryError, match="has 500 accents on one letter; expected words, with at most 30"):
        check_query("a" + "\u0301" * 500)
