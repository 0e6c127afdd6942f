"""Run lengths: exact round trips, and strings that are written out by hand after COCO's rule."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from molmo_act.errors import InputError
from molmo_act.outputs.rle import decode, encode, run_lengths


@pytest.mark.parametrize("seed", range(60))
def test_masks_come_back(seed):
    rng = np.random.default_rng(seed)
    height, width = rng.integers(1, 90, 2).tolist()
    mask = rng.random((height, width)) < rng.choice([0, 0.02, 0.5, 0.98, 1])
    assert (decode(encode(mask), (width, height)) == mask).all()


def test_lengths_go_down_the_columns_and_begin_with_background():
    centre = np.zeros((3, 3), bool)
    centre[1, 1] = True
    assert run_lengths(encode(centre), (3, 3)).tolist() == [4, 1, 4]
    assert encode(centre) == "414"
    assert encode(np.ones((2, 2), bool)) == "04"


def test_long_runs_take_several_characters_and_later_ones_are_differences():
    row = np.zeros((1, 100), bool)
    row[0, 40:50] = row[0, 60:62] = True  # 40, 10, 10, 2, 38; the last two are stored as 2 − 10 and 38 − 10
    # 40 is 01000 and 1: "X1"; 10: ":"; −8 is 11000: "H"; 28 is 11100, which needs a group for its sign: "l0"
    assert encode(row) == "X1::Hl0"
    assert run_lengths("X1::Hl0", (100, 1)).tolist() == [40, 10, 10, 2, 38]


@pytest.mark.parametrize(
    ("height", "width", "modulus", "limit", "counts"),
    [
        (1, 1, 5, 1, "01"),
        (1, 1, 5, 0, "1"),
        (6, 5, 11, 0, "n0"),
        (6, 5, 11, 11, "0n0"),
        (6, 5, 11, 4, "0110111OO1410"),
        (9, 40, 97, 30, "d93b1011cbe512e3"),
        (120, 300, 10007, 5000, "079131dc5c7dbfbf"),
        (700, 900, 630001, 300000, "1f73b1dd1d6cf819"),
    ],
)
def test_texts_are_those_of_pycocotools(height, width, modulus, limit, counts):
    """pycocotools 2.0.11 gave them; of long ones the beginning of SHA-256 is here."""
    y, x = np.mgrid[:height, :width]
    mask = (7 * y + 13 * x + x * y) % modulus < limit
    text = encode(mask)
    assert counts in (text, hashlib.sha256(text.encode()).hexdigest()[:16])
    assert (decode(text, (width, height)) == mask).all()
    assert (decode(text.encode(), (width, height)) == mask).all()  # pycocotools gives bytes


@pytest.mark.parametrize("counts", ["", "413", "41", "4\x7f4", "4 4", "41å", "X", "oooooooooooooo0", "41N9"])
def test_what_are_no_run_lengths_of_that_size(counts):
    with pytest.raises(InputError, match="run lengths"):
        decode(counts, (3, 3))
