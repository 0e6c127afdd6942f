"""What is remembered of objects that sampled frames did not show."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from molmo_act.outputs.points import Points
from molmo_act.segmentation.identity import Identities, SampledObjects
from molmo_act.segmentation.lost import MOST, PATIENCE, LostObjects

IMAGE = np.zeros((40, 60, 3), np.uint8)


def box(*columns: int) -> np.ndarray:
    """bool (N, 40, 60): a square at each column; none where it is negative."""
    masks = np.zeros((len(columns), 40, 60), bool)
    for mask, column in zip(masks, columns, strict=True):
        if column >= 0:
            mask[10:20, column : column + 10] = True
    return masks


def objects(count: int) -> SampledObjects:
    answer = Points([(15.5, 15.5)] * count, [0.5] * count, [(60, 40)], "box")
    return Identities().number(SampledObjects.of([answer], IMAGE))


def lost(*tube: int) -> LostObjects:
    """One object that was lost, whose mask was propagated like this up to the sampled frame."""
    nothing = LostObjects.none(IMAGE)
    return nothing.after(np.zeros((0, len(tube), 40, 60), bool), objects(1), box(*tube)[None], ())


def test_a_followed_object_starts_inside_its_newest_mask():
    found = lost(0, 5)
    assert found.followed == [0]
    x, y = found.objects.xy[0]
    assert (9 <= x <= 11, 14 <= y <= 16) == (True, True)
    assert (found.masks == box(5)).all()


def test_one_whose_mask_is_empty_is_known_by_its_place():
    found = lost(0, 7, -1)
    assert found.followed == []
    right, tubes = objects(2), np.zeros((0, 2, 40, 60), bool)
    backwards = np.stack([box(30, 9), box(7, 40)])  # now at 9 and at 40
    agreement = found.agreement(tubes, right, backwards)
    assert agreement.round(2).tolist() == [[0.67, 0.0]]
    inside = right.at(np.array([[8.0, 12.0], [50.0, 12.0]]))
    assert found.agreement(tubes, inside, None).tolist() == [[1, 0]]


def test_one_that_was_never_seen_is_forgotten():
    assert len(lost(-1, -1).objects) == 0


def test_an_object_is_followed_for_so_many_sampled_frames_and_its_place_kept():
    found, nobody = lost(0, 1), objects(1).select([])
    for misses in range(1, PATIENCE + 3):
        tubes = np.array([box(misses, misses + 1)] * len(found.followed), bool).reshape(-1, 2, 40, 60)
        found = found.after(tubes, nobody, np.zeros((0, 2, 40, 60), bool), ())
        assert found.followed == ([0] if misses < PATIENCE else [])
    assert (found.masks == box(PATIENCE + 1)).all()


def test_what_is_seen_again_is_lost_no_more():
    assert len(lost(0, 1).after(box(1, 2)[None], objects(1).select([]), box()[:, None], [1]).objects) == 0


def test_no_more_than_so_many_are_remembered():
    many = objects(MOST + 5)
    many = replace(many, object_id=np.arange(1, MOST + 6))
    found = LostObjects.none(IMAGE).after(
        np.zeros((0, 1, 40, 60), bool), many, np.repeat(box(3)[None], MOST + 5, axis=0), ()
    )
    assert found.objects.object_id.tolist() == list(range(6, MOST + 6))
