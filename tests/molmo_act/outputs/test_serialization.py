"""Points and tracks as JSON: what stands there, that it is strict, and that it can be read back."""

from __future__ import annotations

import json
import random

import numpy as np
import pytest

from molmo_act import InputError, Points, Tracks

NAN = float("nan")
FRAMES = Points(
    xy=[[1.23456, 2.0], [3, 4]],
    score=[1 / 3, NAN],
    object_id=[2, 1],
    image_index=[1, 0],
    timestamp=[0.1234567, 0.0],
    image_size=[(8, 6), (9, 7)],
    query="café 😀",
    absent=NAN,
    text='<points coords="1"/>',
    features=np.eye(2),
    heatmaps=[np.zeros((1, 1))] * 2,
    timing_ms={"prefill": 1.23456, "decode": NAN},
    truncated=np.True_,
)
TRACKS = Tracks(
    timestamp=1.5,
    frame_index=45,
    image_size=(64, 48),
    xy=[[10.5, 20.5], [30.0, 40.0]],
    object_id=[2, 5],
    score=[0.9, NAN],
    visible=[True, False],
    age=[0.0, NAN],
    source=["grounded", "propagated"],
    query=["mug", None],
)


def strict(text: str) -> dict:
    def refuse(constant):
        raise ValueError(constant)

    return json.loads(text, parse_constant=refuse)


def test_points_hold_everything_but_big_arrays_and_what_is_not_known_is_null():
    assert strict(FRAMES.to_json()) == {
        "query": "café 😀",
        "image_size": [[8, 6], [9, 7]],
        "points": [
            {"x": 1.235, "y": 2, "object_id": 2, "score": 0.333333, "image_index": 1, "timestamp": 0.123457},
            {"x": 3, "y": 4, "object_id": 1, "score": None, "image_index": 0, "timestamp": 0},
        ],
        "absent": None,
        "truncated": True,
        "ended_by_order": False,
        "damaged": False,
        "text": '<points coords="1"/>',
        "timing_ms": {"prefill": 1.235, "decode": None},
    }


def test_tracks_hold_everything():
    kept = strict(TRACKS.to_json())
    assert (kept["timestamp"], kept["frame_index"], kept["image_size"]) == (1.5, 45, [64, 48])
    assert kept["tracks"][1] == {
        "x": 30.0, "y": 40.0, "object_id": 5, "score": None, "visible": False, "age": None,
        "source": "propagated", "query": None,
    }  # fmt: skip


@pytest.mark.parametrize("value", [FRAMES, FRAMES[:0], TRACKS, TRACKS[[]]])
def test_json_is_one_line_of_ascii(value):
    line = value.to_json()
    assert line.isascii()
    assert "\n" not in line


@pytest.mark.parametrize("value", [FRAMES, FRAMES[:0], FRAMES.by_image()[0], TRACKS, TRACKS[[]]])
def test_what_is_read_back_says_the_same(value):
    again = type(value).from_dict(strict(value.to_json()))
    assert again.to_json() == value.to_json()


def test_points_of_any_size_are_the_same_to_a_thousandth_of_a_pixel():
    rng = np.random.default_rng(5)
    xy = rng.random((2000, 2)) * 10.0 ** rng.integers(-2, 6, (2000, 1))
    points = Points(xy=xy, score=rng.random(2000), image_size=[(999_999, 999_999)], query="it")
    again = Points.from_dict(json.loads(points.to_json()))
    assert (np.abs(again.xy - points.xy) <= 0.0005 + np.spacing(points.xy)).all()
    assert again.to_json() == points.to_json()


def test_other_keys_are_left_alone():
    assert Points.from_dict({"model": "nano", **FRAMES.to_dict()}).query == FRAMES.query


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "'points' is missing in {}"),
        ([], r"'points' is missing in \[\]"),
        ({**FRAMES.to_dict(), "points": {}}, "'points' is {}; expected a list"),
        ({**FRAMES.to_dict(), "points": [1]}, "'points' holds 1"),
        ({**FRAMES.to_dict(), "points": [{"x": 1}]}, "'timestamp' is missing"),
        ({**FRAMES.to_dict(), "image_size": [8, 6]}, "'image_size' holds 8"),
        ({**FRAMES.to_dict(), "query": None}, "'query' is None; expected a str"),
        ({**FRAMES.to_dict(), "absent": "0.5"}, "'absent' is '0.5'; expected a number"),
        ({**FRAMES.to_dict(), "absent": 2}, "Points.absent holds 2"),
        ({**FRAMES.to_dict(), "absent": 10**5000}, "'absent' has too many digits"),
        ({**FRAMES.to_dict(), "image_size": [[10**5000, 5]]}, "'image_size' is a number of too many digits"),
        ({**FRAMES.to_dict(), "image_size": [[True, 5]]}, "'image_size' is True"),
    ],
)
def test_what_to_dict_never_gave_is_refused(values, message):
    with pytest.raises(InputError, match=message):
        Points.from_dict(values)


def test_no_damage_gets_past_the_reader():
    """Values of every key are replaced by others: a value of the tree, or an InputError, nothing else."""
    rng = random.Random(3)
    others = [None, -1, 0.5, NAN, True, "", "a", [], [[]], {}, {"x": 1}, 10**400, [None, None]]
    refused = 0
    for _ in range(3000):
        cls, values = rng.choice([(Points, json.loads(FRAMES.to_json())), (Tracks, TRACKS.to_dict())])
        place = rng.choice([values, *values.get("points", []), *values.get("tracks", [])])
        place[rng.choice(sorted(place))] = rng.choice(others)
        try:
            strict(cls.from_dict(values).to_json())
        except InputError:
            refused += 1
    assert refused > 1000
