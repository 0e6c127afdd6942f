"""Segmentations of COCO's format."""

from __future__ import annotations

import pytest

from model.data.datasets.mask_sets import to_mask
from model.data.errors import SkippedRow
from molmo_act.outputs.rle import encode
from tests.support.mask_sets import BOX, SIZE


@pytest.mark.parametrize(
    "counts", [[7, 2, 4, 2, 4, 2, 27], encode(BOX), encode(BOX).encode()], ids=["list", "text", "bytes"]
)
def test_run_lengths_are_read_in_every_form(counts):
    assert (to_mask({"size": [6, 8], "counts": counts}, SIZE) == BOX).all()


def test_polygons_hold_the_pixels_whose_centres_they_enclose():
    assert (to_mask([[1, 1, 4, 1, 4, 3, 1, 3]], SIZE) == BOX).all()
    assert to_mask([[1, 1, 1.4, 1, 1.4, 3]], SIZE).sum() == 0


@pytest.mark.parametrize(
    "wrong",
    [
        5,
        {"size": [6, 8]},
        {"counts": [1, 2]},
        {"counts": "413"},
        {"counts": [7.5, 2, 38.5]},
        {"counts": [60, -12]},
        {"counts": [1e300]},
        {"size": ["a", 8], "counts": [48]},
        {"size": [6], "counts": [48]},
        [["a"]],
        [[1]],
        [[1, None, 4, 1, 4, 3]],
        [[1, float("inf"), 4, 1, 4, 3]],
    ],
)
def test_segmentations_that_cannot_be_read(wrong):
    with pytest.raises(SkippedRow, match="cannot be read"):
        to_mask(wrong, SIZE)


@pytest.mark.parametrize("size", [[8, 6], [4, 12]])
@pytest.mark.parametrize("counts", [[7, 2, 39], encode(BOX)])
def test_run_lengths_of_another_size_with_as_many_pixels_are_refused(size, counts):
    with pytest.raises(SkippedRow, match=rf"another size \({size[0]} x {size[1]}\) than its image"):
        to_mask({"size": size, "counts": counts}, SIZE)
    assert to_mask({"size": [6.0, 8.0], "counts": counts}, SIZE).any()


@pytest.mark.parametrize("size", [(0, 6), (-8, -6), (10**9, 10**9)])
def test_masks_of_an_impossible_size_are_refused(size):
    with pytest.raises(SkippedRow, match="impossible size"):
        to_mask([[1, 1, 4, 1, 4, 3]], size)
