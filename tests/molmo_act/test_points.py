"""Points as a value: what it holds, how it is read, and what it refuses."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from molmo_act import InputError, Point, Points


def points(**changes) -> Points:
    given = {"xy": [[1.5, 2.5], [7, 3]], "score": [0.25, 0.75], "image_size": [(8, 6)], "query": "mug"}
    return Points(**given | changes)


def test_defaults():
    found = points()
    assert found.object_id.tolist() == [1, 2]
    assert found.image_index.tolist() == [0, 0]
    assert found.timestamp is None
    assert found.heatmaps is None
    assert (found.absent, found.text, dict(found.timing_ms)) == (0.0, "", {})
    assert found.image_size == ((8, 6),)


def test_types_and_shapes():
    found = points(
        object_id=[3, 3], image_index=[0, 1], timestamp=[0, 0.5], image_size=np.array([[8, 6]] * 2)
    )
    assert found.xy.dtype == found.score.dtype == np.float32
    assert found.object_id.dtype == found.image_index.dtype == np.int64
    assert found.timestamp.dtype == np.float64
    assert found.image_size == ((8, 6), (8, 6))


def test_iterating_gives_single_points_with_plain_numbers():
    first, second = points(timestamp=[0.5, 1.5], image_index=[0, 4], object_id=[7, 9])
    assert first == Point(x=1.5, y=2.5, object_id=7, score=0.25, image_index=0, timestamp=0.5)
    assert second == Point(x=7.0, y=3.0, object_id=9, score=0.75, image_index=4, timestamp=1.5)
    assert {type(value) for value in dataclasses.astuple(second)} == {int, float}
    assert points()[-1].x == 7
    with pytest.raises(IndexError):
        points()[2]


def test_best():
    assert points().best.object_id == 2
    assert points(xy=[], score=[]).best is None


@pytest.mark.parametrize("nothing", [[], np.zeros((0, 2)), np.zeros(0)])
def test_no_points_is_a_normal_answer(nothing):
    found = points(xy=nothing, score=[], object_id=[], timestamp=[], absent=0.9)
    assert not found
    assert len(found) == 0
    assert list(found) == []
    assert found.xy.shape == (0, 2)
    assert found.score.shape == found.object_id.shape == found.timestamp.shape == (0,)


def test_nothing_can_be_changed_from_outside():
    xy = np.array([[1.5, 2.5]])
    found = points(xy=xy, score=[1])
    xy[:] = 0
    assert found.xy.tolist() == [[1.5, 2.5]]
    with pytest.raises(ValueError, match="read-only"):
        found.xy[0, 0] = 3
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.query = "cup"
    with pytest.raises(TypeError):
        found.timing_ms["decode"] = 1


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"xy": [1.5, 2.5]}, "xy"),  # one point must be given as a list of one
        ({"xy": [[1, 2, 3]], "score": [1]}, "xy"),  # no third coordinate
        ({"score": [0.5]}, "score"),  # a score for each
        ({"score": [[0.5, 0.5]]}, "score"),
        ({"object_id": [1]}, "object_id"),
        ({"image_index": [0, 0, 0]}, "image_index"),
        ({"timestamp": [0.5]}, "timestamp"),
        ({"xy": []}, "score"),  # scores of no points
    ],
)
def test_arrays_that_do_not_belong_together(changes, named):
    with pytest.raises(InputError, match=f"Points.{named} has shape"):
        points(**changes)


def test_drawing_on_the_picture():
    picture = np.full((60, 80, 3), 255, np.uint8)
    drawn = points(xy=[[40, 30]], score=[0.5], image_size=[(80, 60)]).draw(picture)
    assert drawn.size == (80, 60)
    changed = (np.asarray(drawn) != 255).any(-1)
    assert changed[28:33, 38:43].any()
    assert not changed[:15].any()


def test_drawing_the_heat_map():
    picture = np.full((60, 80, 3), 255, np.uint8)
    heat = np.zeros((3, 4), np.float32)
    heat[2, 3] = 1
    drawn = np.asarray(points(heatmaps=[heat], image_size=[(80, 60)]).draw_heatmap(picture)).astype(int)
    corner, middle = drawn[50, 70], drawn[10, 10]
    assert abs(corner - middle).sum() > 60
    with pytest.raises(InputError, match="no heat map"):
        points().draw_heatmap(picture)
    for image_index, shown, message in ((1, picture, "the query had 1"), (0, picture[:50], "had 80×60")):
        with pytest.raises(InputError, match=message):
            points(heatmaps=[heat], image_size=[(80, 60)]).draw_heatmap(shown, image_index)


def test_answers_without_points_may_have_features_and_lists_that_are_empty():
    nothing = Points(
        xy=[], score=[], image_size=[(3, 3)], query="it", absent=1.0, features=np.zeros((0, 4), np.float32)
    )
    assert len(nothing) == 0
    assert nothing.features.shape == (0, 4)
    with pytest.raises(InputError, match=r"Points.score has shape \(0,\)"):
        Points(xy=[(1, 1), (2, 2)], score=[], image_size=[(3, 3)], query="it", absent=0.0)


@pytest.mark.parametrize(
    "selection", [slice(1, None), np.array([False, True]), [False, True], [1], np.array([-1])]
)
def test_some_of_the_points_are_points(selection):
    found = points(object_id=[7, 9], timestamp=[0.5, 1.5], features=np.eye(2), absent=0.25)
    some = found[selection]
    assert isinstance(some, Points)
    assert list(some) == [found[1]]
    assert some.features.tolist() == [[0, 1]]
    assert (some.query, some.absent, some.image_size) == (found.query, found.absent, found.image_size)


def test_none_of_the_points_are_points():
    assert len(points()[[]]) == len(points()[points().score > 1]) == len(points(xy=[], score=[])[:2]) == 0


@pytest.mark.parametrize("selection", [[2], [True], "all"])
def test_points_that_are_not_there_cannot_be_chosen(selection):
    with pytest.raises(IndexError):
        points()[selection]


def test_printing_leaves_out_what_nobody_reads():
    printed = repr(points(heatmaps=[np.zeros((3, 4), np.float32)], features=np.zeros((2, 512), np.float32)))
    assert "score=" in printed
    assert "features" not in printed
    assert "heatmaps" not in printed
