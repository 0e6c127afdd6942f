"""Tracks: shapes, reading, conversion."""

from __future__ import annotations

import numpy as np
import pytest

from molmo_act import InputError, Points, Tracks

TWO = {
    "timestamp": 1.5,
    "frame_index": 45,
    "image_size": (64, 48),
    "xy": [[10.5, 20.5], [30.0, 40.0]],
    "object_id": [2, 5],
    "score": [0.9, 0.4],
    "visible": [True, False],
    "age": [0.0, 1.25],
    "source": ["grounded", "propagated"],
    "query": ["mug", None],
}
NONE = {
    **TWO,
    **{name: [] for name in ("xy", "object_id", "score", "visible", "age", "source", "query")},
}


def test_reading_one_by_one():
    tracks = Tracks(**TWO)
    first, second = tracks
    assert (first.x, first.y, first.object_id, first.visible, first.source) == (
        10.5,
        20.5,
        2,
        True,
        "grounded",
    )
    assert (second.query, second.age) == (None, 1.25)
    assert tracks.xy.dtype == np.float32
    assert not tracks.xy.flags.writeable


def test_some_of_the_objects_are_tracks():
    tracks = Tracks(**TWO)
    for some in (tracks[:1], tracks[tracks.visible], tracks[[0]]):
        assert isinstance(some, Tracks)
        assert list(some) == [tracks[0]]
        assert (some.timestamp, some.frame_index, some.image_size) == (1.5, 45, (64, 48))
    assert len(tracks[[]]) == 0
    with pytest.raises(IndexError):
        tracks[[2]]


def test_no_object_is_a_normal_answer():
    tracks = Tracks(**NONE)
    assert (len(tracks), tracks.xy.shape, tracks.visible.dtype) == (0, (0, 2), bool)
    assert len(tracks.to_points()) == 0


def test_points_are_the_visible_objects():
    points = Tracks(**TWO).to_points()
    assert isinstance(points, Points)
    assert points.object_id.tolist() == [2]
    assert points.timestamp.tolist() == [1.5]
    assert points.query == "mug"


def test_only_the_visible_are_drawn():
    both = {**TWO, "image_size": (400, 300), "xy": [[100, 150], [300, 150]]}
    drawn = np.asarray(Tracks(**both).draw(np.zeros((300, 400, 3), np.uint8)))
    assert drawn[145:155, 95:105].any()
    assert not drawn[145:155, 295:305].any()


@pytest.mark.parametrize("change", [{"score": [0.9]}, {"xy": [[1, 2, 3]]}, {"source": []}, {"query": ["a"]}])
def test_lengths_that_differ_are_refused(change):
    with pytest.raises(InputError, match=next(iter(change))):
        Tracks(**{**TWO, **change})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"score": [0.9, 1.4]}, "Tracks.score holds 1.4"),
        ({"xy": [[1, 2], [float("nan"), 2]]}, "Tracks.xy holds NaN"),
        ({"visible": [True, 2]}, "Tracks.visible holds what bool cannot"),
        ({"image_size": (64, 0)}, "Tracks.image_size is 64×0"),
        ({"object_id": [1, -1]}, "Tracks.object_id holds -1"),
        ({"age": [-1, 0]}, "Tracks.age holds -1; expected seconds of at least 0"),
        ({"age": [0, np.inf]}, "Tracks.age holds inf"),
        ({"timestamp": np.inf}, "Tracks.timestamp holds inf; expected seconds"),
        ({"source": ["grounded", "x"]}, "One of Tracks.source is 'x'; expected 'grounded' or 'propagated'"),
    ],
)
def test_values_that_cannot_be(change, message):
    with pytest.raises(InputError, match=message):
        Tracks(**{**TWO, **change})


WRONG = {
    "timestamp": [None, "a", [1]],
    "frame_index": [None, "a", 1.5, -1],
    "image_size": [None, 5, "ab", (8,)],
    "source": [None, 5, "g", [5], [None]],
    "query": [None, 5, "m", [5], ["a", "b"]],
    "visible": [None, "a", ["yes"]],
    "truncated": [None, "no"],
    "damaged": ["no"],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name in WRONG for value in WRONG[name]])
def test_arguments_of_a_wrong_type(name, value):
    right = {"timestamp": 0.5, "frame_index": 1, "image_size": (64, 48), "xy": [[1, 2]], "object_id": [1]}
    right |= {"score": [0.5], "visible": [True], "age": [0], "source": ["grounded"], "query": [None]}
    assert len(Tracks(**right)) == 1
    with pytest.raises(InputError, match=rf"Tracks\.{name}"):
        Tracks(**right | {name: value})
