"""Fusing and carrying masks, on masks small enough to draw by hand and on rendered clips."""

from __future__ import annotations

import numpy as np
import pytest

from molmo_act.errors import InputError
from molmo_act.masks import GrabCut, fuse, masks_between, overlap, point_of_mask
from tests.molmo_act.tracking.moving_dots import FPS, RED, Dot, draw


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


class Shrinking:
    """Carries one row of pixels and loses one a frame; notes what it was asked."""

    def __init__(self):
        self.asked = []

    def __call__(self, frames, xy):
        self.asked.append((int(frames[0][0, 0, 0]), len(frames), tuple(xy)))
        height, width = frames[0].shape[:2]
        found = np.zeros((len(frames), height, width), bool)
        for index in range(len(frames)):
            found[index, 0, : max(width - index, 0)] = True
        return found


FRAMES = [np.full((2, 10, 3), number, np.uint8) for number in range(7)]


def test_masks_are_carried_from_every_point_both_ways():
    propagate = Shrinking()
    found = masks_between(propagate, FRAMES, {1: np.array([1.5, 0.5]), 4: np.array([4.5, 0.5])})
    # (first frame, how many, from where): before the first point, behind the last one, and between them
    assert propagate.asked == [
        (1, 2, (1.5, 0.5)), (4, 3, (4.5, 0.5)), (1, 4, (1.5, 0.5)), (4, 4, (4.5, 0.5)),
    ]  # fmt: skip
    # On frames with a point the mask is the one it gave. Frame 2 is one step from the left, two from the
    # right: 9 pixels and 8 agree, and 8 are kept; frame 3 likewise. Outside, one side alone counts.
    assert found[:, 0].sum(axis=1).tolist() == [9, 10, 8, 8, 10, 9, 8]


def test_one_point_is_enough():
    found = masks_between(Shrinking(), FRAMES, {0: np.array([1.5, 0.5])})
    assert found[:, 0].sum(axis=1).tolist() == [10, 9, 8, 7, 6, 5, 4]


@pytest.mark.parametrize(
    ("points", "words"),
    [
        ({}, "No frame has a point"),
        ({9: np.array([1, 1])}, "lies on frame 9"),
        ({0: np.array([10.0, 1])}, "outside of frame 0"),
        ({0: np.array([np.nan, 1])}, "outside of frame 0"),
    ],
)
def test_points_that_cannot_start_a_mask(points, words):
    with pytest.raises(InputError, match=words):
        masks_between(Shrinking(), FRAMES, points)


# --- GrabCut ------------------------------------------------------------------------------------------------

WALKER = Dot("red", RED, lambda t: (60 + 100 * t, 120 + 40 * t), radius=20.0)


def truth(time):
    rows, columns = np.mgrid[:240, :320] + 0.5
    x, y = WALKER.path(time)
    return np.hypot(columns - x, rows - y) <= WALKER.radius


def test_grabcut_carries_a_mask_along():
    frames = [draw([WALKER], index / FPS) for index in range(20)]
    masks = GrabCut()(frames, WALKER.at(0))
    assert min(overlap(found, truth(index / FPS)) for index, found in enumerate(masks)) > 0.9


def test_grabcut_gives_the_same_masks_every_time():
    dull = Dot("dull", (150, 110, 90), WALKER.path, radius=30.0)  # hardly to be told from the ground
    frames = [draw([dull], index / FPS) for index in range(6)]
    first = GrabCut()(frames, dull.at(0))
    assert all((GrabCut()(frames, dull.at(0)) == first).all() for _ in range(4))


def test_grabcut_says_nothing_once_the_thing_is_gone():
    frames = [draw([WALKER] if index < 5 else [], index / FPS) for index in range(8)]
    masks = GrabCut()(frames, WALKER.at(0))
    assert masks[:5].any(axis=(1, 2)).all()
    assert not masks[5:].any()


def test_both_ways_bridge_what_one_way_loses():
    frames = [
        draw([WALKER], index / FPS, wall=(100, 150) if 8 <= index < 16 else None) for index in range(24)
    ]
    points = {0: WALKER.at(0), 23: WALKER.at(23 / FPS)}
    forwards = GrabCut()(frames, points[0])
    both = masks_between(GrabCut(), frames, points)
    assert not forwards[20].any()
    assert overlap(both[20], truth(20 / FPS)) > 0.85
    assert overlap(both[3], truth(3 / FPS)) > 0.85


# --- masks → points -----------------------------------------------------------------------------------------


def test_the_point_from_which_the_mask_is_found_again_is_chosen():
    two_parts = np.zeros((40, 60), bool)
    two_parts[5:35, 5:25] = two_parts[10:20, 40:50] = True  # a large part, and a small one

    def segment(
        point,
    ):  # finds the part around the point, and all of it only from the right half of the large one
        found = np.zeros_like(two_parts)
        if point[0] > 15 and point[0] < 25:
            return two_parts
        found[5:35, 5:25] = True
        return found if point[0] < 25 else ~found

    for seed in range(5):
        x, y = point_of_mask(two_parts, segment, np.random.default_rng(seed), candidates=12)
        assert two_parts[int(y), int(x)]
        assert 15 < x < 25


def test_a_single_candidate_is_the_deepest_pixel():
    square = np.zeros((21, 21), bool)
    square[3:18, 3:18] = True
    point = point_of_mask(square, lambda _: square, np.random.default_rng(0), candidates=1)
    assert point.tolist() == [10.5, 10.5]


def test_an_empty_mask_has_no_point():
    with pytest.raises(InputError, match="empty"):
        point_of_mask(NONE, lambda _: NONE, np.random.default_rng(0))
