"""model.segment: masks of what nano points at, and what cannot be used."""

from __future__ import annotations

import numpy as np
import pytest

import molmo_act
from molmo_act import InputError, Masks, QueryError
from molmo_act.errors import CheckpointError
from molmo_act.segmentation.fusion import overlap
from tests.support.moving_dots import BLUE, FPS, RED, Dot, draw

DOTS = [
    Dot("red", RED, lambda t: (60 + 90 * t, 120), radius=20),
    Dot("blue", BLUE, lambda t: (250 - 90 * t, 60), radius=20),
]
CLIP = [draw(DOTS, index / FPS) for index in range(12)]
QUERIES = ["the red circle", "the blue circle"]


@pytest.fixture(scope="module")
def nano() -> molmo_act.PointingModel:
    return molmo_act.load(device="cpu")


@pytest.fixture(scope="module")
def masks(nano) -> Masks:
    found: Masks = nano.segment(CLIP, QUERIES, rate=5, propagator="grabcut")
    return found


def disc(dot: Dot, time: float) -> np.ndarray:
    rows, columns = np.mgrid[:240, :320] + 0.5
    x, y = dot.path(time)
    return np.hypot(columns - x, rows - y) <= dot.radius


def test_every_frame_has_the_masks_of_both_queries(masks):
    assert (masks.frames, masks.image_size) == (12, (320, 240))
    assert np.flatnonzero(masks.sampled).tolist() == [0, 5, 10]
    assert masks.timestamp == pytest.approx(np.arange(12) / FPS)
    assert list(zip(masks.object_id, masks.query, strict=True)) == [(1, QUERIES[0]), (2, QUERIES[1])] * 12
    for mask in masks:
        dot = DOTS[mask.object_id - 1]
        assert overlap(mask.to_array(), disc(dot, mask.frame_index / FPS)) > 0.85
        assert 0 < mask.score <= 1


def test_frames_come_with_their_masks_one_by_one(nano, masks):
    found = list(nano.segment_frames(CLIP, QUERIES, rate=5, propagator="grabcut", end=0.2))
    assert len(found) == 7
    for index, (frame, shown) in enumerate(found):
        assert (frame == CLIP[index]).all()
        assert shown.on(0).object_id.tolist() == [1, 2]
    assert found[3][1].counts == masks.on(3).counts


def test_what_is_not_there_has_no_mask(nano):
    masks = nano.segment(CLIP[:3], "the green circle", propagator="grabcut")
    assert (masks.frames, len(masks)) == (3, 0)


def test_a_stream_has_masks_where_it_is_asked_for_them(nano):
    with nano.tracker(QUERIES[0], masks="grabcut", synchronous=True) as tracker:
        for index, frame in enumerate(CLIP[:4]):
            found = tracker.update(frame, index / FPS).masks
    assert found.object_id.tolist() == [1]
    assert nano.track(CLIP[:2], QUERIES[0])[1].masks is None
    assert len(nano.track(CLIP[:2], QUERIES[0], masks="grabcut")[1].masks) == 1


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"rate": 0}, "rate is 0"),
        ({"rate": 2.5}, "rate is 2.5"),
        ({"propagator": "sam"}, "propagator is 'sam'"),
        ({"agreement": 7}, "agreement is 7"),
        ({"bidirectional": "no"}, "bidirectional is 'no'"),
        ({"max_points": 0}, "max_points is 0"),
        ({"max_crops": 2.5}, "max_crops is 2.5"),
        ({"exactly": 1}, r"exactly=1 was given to segment\(\)"),
        ({"start": 9}, "start"),
        ({"propagator": lambda frames, xy: np.zeros((1, 2, 3, 4), bool)}, "masks of shape"),
    ],
)
def test_what_cannot_be_used(nano, options, says):
    with pytest.raises(InputError, match=says):
        nano.segment(CLIP, "the red circle", **{"propagator": "grabcut", **options})


def test_errors_come_before_the_model_is_asked(nano):
    with pytest.raises(QueryError):
        nano.segment(CLIP, "", propagator="grabcut")
    with pytest.raises(InputError, match="has no end"):
        nano.segment(0, "mug", propagator="grabcut")
    with pytest.raises(InputError, match="does not exist"):
        nano.segment("missing.mp4", "mug", propagator="grabcut")
    with pytest.raises(TypeError, match=r"segment\(\) got an unexpected keyword argument 'rates'"):
        nano.segment(CLIP, "mug", rates=2)
    with pytest.raises(InputError, match=r"masks is .* stream\(\)"):
        nano.tracker("mug", masks=lambda frames, xy: None)


def test_missing_weights_are_named_without_half_a_minute_of_retries(nano, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda seconds: pytest.fail("the hub is asked again"))
    monkeypatch.setattr("molmo_act.segmentation.sam2.Sam2Propagator.example", "nowhere/to-be-found")
    with pytest.raises(
        CheckpointError, match=r"nowhere/to-be-found' cannot be loaded as a SAM 2 video model"
    ):
        nano.segment(CLIP, "mug")
