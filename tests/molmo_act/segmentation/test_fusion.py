"""Each branch of fusion, on masks small enough to draw by hand."""

from __future__ import annotations

import numpy as np
import pytest

from molmo_act.errors import InputError
from molmo_act.segmentation.fusion import fuse, overlap


def mask(*rows: str) -> np.ndarray:
    return np.array([[cell == "#" for cell in row] for row in rows])


NONE = mask(".....", ".....")
FOUR = mask("####.", ".....")
FIVE = mask("#####", ".....")
SHIFTED = mask("..###", ".....")

# Each row: from before, from after, what is kept, why.
FUSED = [
    (FOUR, FIVE, FOUR),  # they agree (4/5 ≥ 0.7): the intersection
    (FIVE, FOUR, FOUR),  # whichever comes first
    (FOUR, SHIFTED, FIVE),  # they do not (2/5 < 0.7): the union
    (NONE, FOUR, FOUR),  # lost from before: the other one
    (FOUR, NONE, FOUR),  # lost from after
    (NONE, NONE, NONE),  # lost by both
]


@pytest.mark.parametrize(("left", "right", "kept"), FUSED)
def test_each_branch_of_fusion(left, right, kept):
    assert (fuse(left, right) == kept).all()


def test_agreement_is_inclusive_and_can_be_chosen():
    seven, ten = mask("#######..."), mask("##########")
    assert overlap(seven, ten) == pytest.approx(0.7)
    assert (fuse(seven, ten) == seven).all()
    assert (fuse(seven, ten, agreement=0.71) == ten).all()


def test_masks_of_two_shapes_are_refused():
    with pytest.raises(InputError, match="one shape"):
        fuse(NONE, NONE.T)


def test_overlap():
    assert overlap(FOUR, FOUR) == overlap(NONE, NONE) == 1
    assert overlap(FOUR, NONE) == 0
    assert overlap(FOUR, SHIFTED) == pytest.approx(2 / 5)


@pytest.mark.parametrize("agreement", ["0.7", 1.5, None, True])
def test_an_agreement_that_cannot_be_used(agreement):
    with pytest.raises(InputError, match="agreement"):
        fuse(FOUR, FIVE, agreement=agreement)
