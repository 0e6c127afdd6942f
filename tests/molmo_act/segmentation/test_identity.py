"""Numbers of objects from one sampled frame to the next."""

from __future__ import annotations

import numpy as np

from molmo_act.outputs.points import Points
from molmo_act.segmentation.identity import Identities, SampledObjects, contains, tube_overlap

IMAGE = np.zeros((40, 60, 3), np.uint8)


def seen(*queries: str, score: float = 0.5) -> SampledObjects:
    answers = [Points([(5, 5)], [score], [(60, 40)], query) for query in queries]
    return SampledObjects.of(answers, IMAGE)


def test_points_are_moved_into_the_frame_by_what_rounding_carried_them_out():
    found = SampledObjects.of([Points([(60, 40), (-0.1, 3)], [0.5, 0.5], [(60, 40)], "mug")], IMAGE)
    assert (found.xy.astype(int) == [[59, 39], [0, 3]]).all()


def test_objects_are_paired_by_how_much_agrees_and_never_across_queries():
    identities = Identities()
    left = identities.number(seen("mug", "mug", "plate"))
    assert left.object_id.tolist() == [1, 2, 3]
    agreement = np.array([[0.6, 0.6, 0.9], [0.9, 0.8, 0.9], [1, 1, 0.8]])  # 0.6 + 0.9 > 0.6 + 0.8
    assert identities.number(seen("mug", "mug", "plate"), (left, agreement)).object_id.tolist() == [2, 1, 3]


def test_what_hardly_agrees_is_another_object():
    identities = Identities()
    left = identities.number(seen("mug", "mug"))
    right = identities.number(seen("mug", "mug"), (left, np.array([[0.9, 0], [0, 0.1]])))
    assert right.object_id.tolist() == [1, 3]


def test_an_object_that_was_lost_keeps_its_number_unless_the_frame_before_shows_it():
    identities = Identities()
    both = identities.number(seen("mug", "mug"))
    one, two = both.select([0]), both.select([1])
    candidates = ((one, np.array([[0.4, 0.0]])), (two, np.array([[0.9, 0.5]])))
    found = identities.number(seen("mug", "mug"), *candidates)
    assert found.object_id.tolist() == [1, 2]


def test_an_only_object_keeps_its_number_wherever_it_goes():
    identities = Identities()
    left = identities.number(seen("mug"))
    nothing = identities.number(seen(), (left, np.zeros((1, 0))))
    again = identities.number(seen("mug"), (nothing, np.zeros((0, 1))))
    assert again.object_id.tolist() == [1]
    two = identities.number(seen("mug", "mug"), (again, np.array([[0.1, 0.8]])))
    assert two.object_id.tolist() == [2, 1]
    one = identities.number(seen("mug"), (two, np.zeros((2, 1))))
    assert one.object_id.tolist() == [3]  # there were two, and it is neither of them


def test_of_points_of_one_query_on_one_mask_the_best_stays():
    objects = SampledObjects.of(
        [Points([(5, 5), (6, 5), (30, 5)], [0.2, 0.9, 0.1], [(60, 40)], "mug"),
         Points([(5, 5)], [0.1], [(60, 40)], "cup")], IMAGE
    )  # fmt: skip
    masks = np.zeros((4, 40, 60), bool)
    masks[[0, 1, 3], 2:9, 2:9] = masks[2, 2:9, 27:33] = True
    assert objects.distinct(masks, 0.7) == [1, 2, 3]
    masks[:2] = False  # empty masks say nothing
    assert objects.distinct(masks, 0.7) == [0, 1, 2, 3]


def test_agreement_of_masks_along_the_time():
    one, other = np.zeros((2, 1, 3, 4, 5), bool)
    one[0, 0, :2] = one[0, 1, :2] = other[0, 1, :2] = True
    assert tube_overlap(one, other).tolist() == [[0.5]]
    assert tube_overlap(other, other * 0 > 1).tolist() == [[0]]
    assert contains(one[:, 0], np.array([[4.9, 1.9], [0, 2.0]])).tolist() == [[1, 0]]
