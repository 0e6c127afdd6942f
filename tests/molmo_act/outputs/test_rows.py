"""Arrays of rows: what is copied, what is refused, and that nothing else is touched."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from molmo_act.errors import InputError
from molmo_act.outputs.rows import pixel_size, places, probabilities, readonly, selected_rows


def test_a_copy_cannot_be_written_to():
    given = np.array([1.0, 2.0])
    copy = readonly(given, np.float32, (-1,), "it")
    given[:] = 0
    assert copy.tolist() == [1, 2]
    with pytest.raises(ValueError, match="read-only"):
        copy[0] = 3


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        ([None, 1], np.float32),
        (["1", "2"], np.float32),  # numbers as text were never meant
        ([1j, 2], np.float32),
        ([[1], [1, 2]], np.float32),
        ([2**70, 1], np.int64),
        ([1.5, 2], np.int64),
        ([np.inf, 2], np.int64),
        ([0.5, 1], bool),
        ([object(), 1], np.int64),
    ],
)
def test_what_the_type_cannot_hold_is_refused_without_a_warning(values, dtype):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(InputError, match=r"^it "):
            readonly(values, dtype, (2,), "it")


def test_whole_floats_are_whole_numbers():
    assert readonly(np.zeros(2), np.int64, (2,), "it").dtype == np.int64
    assert readonly([1, 0], bool, (2,), "it").tolist() == [True, False]


def test_no_places_have_two_columns():
    for nothing in ([], np.zeros((0, 2)), np.zeros(0)):
        assert places(nothing, "it").shape == (0, 2)


def test_nan_is_a_probability_that_is_not_known():
    found = probabilities([np.nan, 0.5], (2,), "it")
    assert np.isnan(found[0])
    assert found[1] == 0.5
    assert found.dtype == np.float32


@pytest.mark.parametrize("size", [(0, 1), (-1, 5), (1.5, 2), (1, 2, 3), 7, "ab", None, (None, 2)])
def test_sizes_that_are_none(size):
    with pytest.raises(InputError, match=r"^it "):
        pixel_size(size, "it")


def test_rows_are_chosen_as_numpy_chooses():
    assert selected_rows(4, slice(None, None, -1)).tolist() == [3, 2, 1, 0]
    assert selected_rows(3, [True, False, True]).tolist() == [0, 2]
    assert selected_rows(3, []).tolist() == []
    with pytest.raises(IndexError):
        selected_rows(3, [True])
