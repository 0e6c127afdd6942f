"""Points as a value: what it holds, how it is read, and what it refuses."""

from __future__ import annotations

import dataclasses
import json

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
    sizes = [(8, 6)] * 5
    first, second = points(timestamp=[0.5, 1.5], image_index=[0, 4], object_id=[7, 9], image_size=sizes)
    assert first == Point(x=1.5, y=2.5, object_id=7, score=0.25, image_index=0, timestamp=0.5)
    assert second == Point(x=7.0, y=3.0, object_id=9, score=0.75, image_index=4, timestamp=1.5)
    assert {type(value) for value in dataclasses.astuple(second)[:-1]} == {int, float}
    assert second.source is None
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


def test_drawing_on_the_image():
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
    for image_index, shown, message in (
        (1, picture, "expected a whole number from 0 to 0"),
        (0, picture[:50], "had 80×60"),
    ):
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


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"score": [0.5, 1.5]}, r"Points.score holds 1.5; expected probabilities between 0 and 1"),
        ({"score": [-0.25, 0.5]}, r"Points.score holds -0.25"),
        ({"score": [0.5, float("inf")]}, "Points.score holds inf"),
        ({"score": ["high", "low"]}, "Points.score cannot be used"),
        ({"absent": 1.5}, "Points.absent holds 1.5"),
        ({"xy": [[1, 2], [3, float("nan")]]}, "Points.xy holds NaN"),
        ({"xy": [[1, 2], [3, 1e300]]}, "Points.xy holds NaN or infinity"),
        ({"xy": [[1, 2], [3]]}, "Points.xy cannot be used"),
        ({"object_id": [1, 2.5]}, "Points.object_id holds what int64 cannot"),
        ({"object_id": [1, float("nan")]}, "Points.object_id holds what int64 cannot"),
        ({"object_id": [1, -1]}, "Points.object_id holds -1; expected numbers of objects"),
        ({"timestamp": [0, np.inf]}, "Points.timestamp holds inf; expected seconds"),
        ({"image_index": [0, 1]}, r"Points.image_index holds 1, but Points.image_size holds 1"),
        ({"image_index": [0, -1]}, r"Points.image_index holds -1"),
        ({"image_size": [(0, 6)]}, "Points.image_size is 0×6"),
        ({"image_size": [(8, 6, 3)]}, r"Points.image_size has shape \(3,\)"),
        ({"image_size": (8, 6)}, r"Points.image_size has shape \(\)"),  # a list of sizes is wanted
    ],
)
def test_values_that_cannot_be(changes, message):
    with pytest.raises(InputError, match=message):
        points(**changes)


def test_probabilities_a_rounding_beside_their_range_are_cut_to_it():
    assert points(score=[1 + 1e-7, -1e-9]).score.tolist() == [1, 0]


def test_a_score_that_is_not_known_passes_no_bound_and_is_not_the_best():
    found = points(score=[float("nan"), 0.25])
    assert len(found[found.score >= 0]) == 1
    assert found.best == found[1]
    assert points(score=[float("nan")] * 2).best is not None


def test_normalized_is_in_shares_of_the_image_that_each_point_lies_in():
    found = points(xy=[[4, 3], [50, 20]], image_index=[0, 1], image_size=[(8, 6), (100, 200)])
    assert found.normalized.tolist() == [[0.5, 0.5], [0.5, np.float32(0.1)]]
    assert not found.normalized.flags.writeable
    assert points(xy=[], score=[]).normalized.shape == (0, 2)


def test_points_of_several_images_are_split_by_image():
    heat = [np.full((1, 1), value, np.float32) for value in (1, 2, 3)]
    found = points(
        xy=[[1, 1], [2, 2], [3, 3]],
        score=[0.1, 0.2, 0.3],
        object_id=[1, 2, 1],
        image_index=[2, 0, 2],
        timestamp=[1.0, 0.0, 1.0],
        features=np.eye(3),
        image_size=[(8, 6), (9, 7), (10, 8)],
        heatmaps=heat,
        absent=0.25,
        truncated=True,
    )
    first, second, third = found.by_image()
    assert (first.xy.tolist(), second.xy.tolist(), third.xy.tolist()) == ([[2, 2]], [], [[1, 1], [3, 3]])
    assert [part.image_size for part in (first, second, third)] == [((8, 6),), ((9, 7),), ((10, 8),)]
    assert (third.image_index.tolist(), third.object_id.tolist()) == ([0, 0], [1, 1])
    assert (third.timestamp.tolist(), third.features.tolist()) == ([1, 1], [[1, 0, 0], [0, 0, 1]])
    assert [float(part.heatmaps[0][0, 0]) for part in (first, second, third)] == [1, 2, 3]
    assert (third.absent, third.truncated, third.query) == (0.25, True, "mug")
    assert third.draw(np.zeros((8, 10, 3), np.uint8)).size == (10, 8)
    [only] = points().by_image()
    assert list(only) == list(points())


WRONG = {
    "image_size": [None, 5, "ab", (8, 6), [None], [(8,)], [("8", "6")], [(8.5, 6)], [(0, 6)]],
    "xy": [None, "a", 5, [["a", "b"]], [[1]], {}],
    "query": [None, 5, ["mug"]],
    "text": [None, 5],
    "heatmaps": [5, "ab", [5], [None]],
    "timing_ms": [None, 5, [1], {"prefill": "1"}, {5: 1}],
    "truncated": [None, "no", 5],
    "ended_by_order": ["no"],
    "damaged": ["no"],
    "source": ["model", ["model", "text"]],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name in WRONG for value in WRONG[name]])
def test_arguments_of_a_wrong_type(name, value):
    right = {"xy": [[1, 2]], "score": [0.5], "image_size": [(8, 6)], "query": "mug"}
    with pytest.raises(InputError, match=rf"^Points\.{name}"):
        Points(**right | {name: value})


def test_sources_stay_with_their_points():
    points = Points(
        xy=[[1, 1], [2, 2]], score=[0.1, 0.9], image_size=[(8, 6)], query="Save", source=["model", "both"]
    )
    assert [point.source for point in points] == ["model", "both"]
    assert points[points.score > 0.5].source == ("both",)
    assert points.best.source == "both"
    assert Points.from_dict(json.loads(points.to_json())).source == ("model", "both")
    assert points.by_image()[0].source == ("model", "both")


def test_without_a_reader_there_is_no_source():
    points = Points(xy=[[1, 1]], score=[0.1], image_size=[(8, 6)], query="Save")
    assert points.source is None
    assert points[0].source is None
    assert "source" not in points.to_dict()["points"][0]
    assert Points(xy=[], score=[], image_size=[(8, 6)], query="Save", source=()).source is None


@pytest.mark.parametrize("source", [[1], ["eyes"]])
def test_unknown_sources_are_refused(source):
    with pytest.raises(InputError, match=r"^One of Points\.source is (1|'eyes'); expected"):
        Points(xy=[[1, 1]], score=[0.1], image_size=[(8, 6)], query="Save", source=source)
