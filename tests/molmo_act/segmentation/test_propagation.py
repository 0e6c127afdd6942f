"""Propagation both ways, on masks small enough to count by hand."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from molmo_act.errors import InputError
from molmo_act.segmentation.propagation import masks_between


class Shrinking:
    """Propagates one row of pixels for each object and loses one a frame; notes what it was asked."""

    def __init__(self):
        self.asked = []

    def __call__(self, frames, xy):
        self.asked += [(int(frames[0][0, 0, 0]), len(frames), tuple(point)) for point in xy]
        height, width = frames[0].shape[:2]
        found = np.zeros((len(xy), len(frames), height, width), bool)
        for index in range(len(frames)):
            found[:, index, 0, : max(width - index, 0)] = True
        return found


FRAMES = [np.full((2, 10, 3), number, np.uint8) for number in range(7)]


def test_masks_are_propagated_both_ways_between_points_and_forwards_behind_the_last():
    propagate = Shrinking()
    found = masks_between(propagate, FRAMES, {1: np.array([1.5, 0.5]), 4: np.array([4.5, 0.5])})
    # (first frame, how many, from where): between the points, and behind the last one
    assert propagate.asked == [(1, 3, (1.5, 0.5)), (4, 3, (4.5, 0.5)), (4, 3, (4.5, 0.5))]
    # On frames with a point the mask is the one it gave. Frame 2 is one step from the left, two from the
    # right: 9 pixels and 8 agree, and 8 are kept; frame 3 likewise. Before the first point there is none.
    assert found[:, 0].sum(axis=1).tolist() == [0, 10, 8, 8, 10, 9, 8]


def test_forwards_only_masks_come_from_the_point_before():
    propagate, points = Shrinking(), {1: np.array([1.5, 0.5]), 4: np.array([4.5, 0.5])}
    found = masks_between(propagate, FRAMES, points, bidirectional=False)
    assert propagate.asked == [(1, 3, (1.5, 0.5)), (4, 3, (4.5, 0.5))]
    assert found[:, 0].sum(axis=1).tolist() == [0, 10, 9, 8, 10, 9, 8]


def test_a_frame_on_which_the_model_saw_nothing_is_empty_and_those_around_it_come_from_the_other_side():
    point = np.array([1.5, 0.5])
    looks = {0: point, 2: None, 4: point, 6: None}
    assert masks_between(Shrinking(), FRAMES, looks)[:, 0].sum(axis=1).tolist() == [10, 9, 0, 9, 10, 9, 0]
    forwards = masks_between(Shrinking(), FRAMES, looks, bidirectional=False)
    assert forwards[:, 0].sum(axis=1).tolist() == [10, 9, 0, 0, 10, 9, 0]
    assert not masks_between(Shrinking(), FRAMES, {0: None, 3: None}).any()


SCHEDULE = json.loads(Path("tests/data/videomolmo_infer_schedule.json").read_text())


@pytest.mark.parametrize("run", SCHEDULE["runs"], ids=lambda run: f"{run['total_frames']} frames")
def test_masks_are_those_of_the_official_code(run):
    """`SCHEDULE` is what VideoMolmo's infer.py wrote; its stand-in for SAM 2 marks one row of each frame.

    The code cuts videos to 100 frames.
    """
    width, height = SCHEDULE["image_wh"]
    frames = [np.full((height, width, 3), index, np.uint8) for index in range(len(run["mask_rows"]))]
    objects = max(len(points) for points in run["points_file"].values())
    union = np.zeros((len(frames), height, width), bool)
    for number in range(objects):

        def rows(part, xy, number=number):
            masks = np.zeros((1, len(part), height, width), bool)
            for mask, frame in zip(masks[0], part, strict=True):
                mask[(int(frame[0, 0, 0]) + number) % height] = True
            return masks

        points = {
            int(frame): np.array(found[number]) if number < len(found) else None
            for frame, found in run["points_file"].items()
        }
        union |= masks_between(rows, frames, points, bidirectional=False)
    marked = [np.flatnonzero(mask.any(axis=1)).tolist() for mask in union]
    assert marked == [sorted(rows) for rows in run["mask_rows"].values()]
    assert (union.any(axis=2) == union.all(axis=2)).all()


def test_one_point_is_enough():
    found = masks_between(Shrinking(), FRAMES, {0: np.array([1.5, 0.5])})
    assert found[:, 0].sum(axis=1).tolist() == [10, 9, 8, 7, 6, 5, 4]


@pytest.mark.parametrize(
    ("points", "words"),
    [
        ({}, "No frame has a point"),
        ({9: np.array([1, 1])}, "lies on frame 9"),
        ({0: np.array([10.0, 1])}, "outside of its frame"),
        ({0: np.array([np.nan, 1])}, "coordinate of points"),
        ({0: (1, "1")}, "coordinate of points"),
        ({0: 5}, "expected a point"),
        ({"0": (1, 1)}, "index of a frame"),
        ({-1: (1, 1)}, "index of a frame"),
        ({True: (1, 1)}, "index of a frame"),
        ([(1, 1)], "expected a mapping"),
        (None, "expected a mapping"),
    ],
)
def test_points_that_cannot_start_a_mask(points, words):
    with pytest.raises(InputError, match=words):
        masks_between(Shrinking(), FRAMES, points)


@pytest.mark.parametrize(
    "options", [{"agreement": "0.7"}, {"agreement": 1.5}, {"agreement": None}, {"bidirectional": 1}]
)
def test_options_of_the_wrong_kind_are_refused(options):
    with pytest.raises(InputError, match=next(iter(options))):
        masks_between(Shrinking(), FRAMES, {0: (1, 1)}, **options)


def test_masks_of_a_propagator_are_checked():
    with pytest.raises(InputError, match="gave uint8 masks"):
        masks_between(lambda frames, xy: np.zeros((1, 7, 2, 10), np.uint8), FRAMES, {0: (1, 1)})
    with pytest.raises(InputError, match="gave bool masks of shape"):
        masks_between(lambda frames, xy: np.zeros((1, 6, 2, 10), bool), FRAMES, {0: (1, 1)})
