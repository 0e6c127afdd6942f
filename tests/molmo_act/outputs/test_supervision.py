"""to_supervision: what the real package gets, draws and filters."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from molmo_act import InputError, MissingExtraError, Points, Tracks


@pytest.fixture
def points() -> Points:
    return Points(xy=[[10.5, 20.5], [39.5, 0.5]], score=[0.9, 0.4], image_size=[(40, 30)], query="mug")


@pytest.fixture
def tracks() -> Tracks:
    return Tracks(
        timestamp=1.5,
        frame_index=45,
        image_size=(64, 48),
        xy=[[10.5, 20.5], [30.0, 40.0], [5, 5]],
        object_id=[2, 5, 9],
        score=[0.9, 0.4, 0.5],
        visible=[True, False, True],
        age=[0.0, 1.25, 0],
        source=["grounded"] * 3,
        query=["mug", "cup", None],
    )


def test_each_point_is_an_object_of_one_key_point(points):
    sv = pytest.importorskip("supervision")
    found = points.to_supervision()
    assert isinstance(found, sv.KeyPoints)
    assert found.xy.tolist() == [[[10.5, 20.5]], [[39.5, 0.5]]]
    assert found.keypoint_confidence.tolist() == points.score[:, None].tolist()
    assert found.data["class_name"].tolist() == ["mug", "mug"]
    assert len(found.as_detections()) == 2
    image = np.zeros((30, 40, 3), np.uint8)
    drawn = sv.VertexAnnotator(color=sv.Color.WHITE, radius=1).annotate(image.copy(), found)
    assert drawn[20, 10].all()
    assert not drawn[25, 25].any()


def test_each_point_is_the_middle_of_a_box_within_the_image(points):
    sv = pytest.importorskip("supervision")
    found = points.to_supervision("detections", box_size=10)
    assert isinstance(found, sv.Detections)
    assert found.xyxy.tolist() == [[5.5, 15.5, 15.5, 25.5], [34.5, 0, 40, 5.5]]
    assert found[found.confidence > 0.5].data["object_id"].tolist() == [1]
    assert found.data["class_name"].tolist() == ["mug", "mug"]
    assert points.to_supervision("detections").xyxy.tolist() == [[10.5, 20.5] * 2, [39.5, 0.5] * 2]
    drawn = sv.DotAnnotator(color=sv.Color.WHITE, radius=1).annotate(
        np.zeros((30, 40, 3), np.uint8), points.to_supervision("detections")
    )
    assert drawn[20, 10].all()


def test_visible_objects_keep_their_numbers(tracks):
    sv = pytest.importorskip("supervision")
    found = tracks.to_supervision(box_size=4)
    assert isinstance(found, sv.Detections)
    assert found.tracker_id.tolist() == [2, 9]
    assert found.data["class_name"].tolist() == ["mug", ""]
    assert found.class_id.tolist() == [1, 0]
    assert len(tracks[[]].to_supervision()) == 0


def test_no_points_are_no_objects(points):
    pytest.importorskip("supervision")
    none = points[[]]
    assert len(none.to_supervision()) == len(none.to_supervision("detections", box_size=8)) == 0


def test_nothing_of_the_points_is_shared(points):
    pytest.importorskip("supervision")
    points.to_supervision().xy[:] = 0
    points.to_supervision("detections").confidence[:] = 0
    assert points.xy[0].tolist() == [10.5, 20.5]
    assert points.score[0] == np.float32(0.9)


def test_what_cannot_be_given(points):
    pytest.importorskip("supervision")
    with pytest.raises(InputError, match="expected 'key_points' or 'detections'"):
        points.to_supervision("masks")
    for size in (-1, float("nan"), float("inf"), "8", True):
        with pytest.raises(InputError, match="box_size is"):
            points.to_supervision("detections", box_size=size)
    two = Points(xy=[[1, 1]], score=[1], image_size=[(8, 8)] * 2, query="it")
    with pytest.raises(InputError, match=r"of 2 images.*by_image"):
        two.to_supervision()


def test_the_error_names_the_extra(points, monkeypatch):
    monkeypatch.setitem(sys.modules, "supervision", None)
    with pytest.raises(MissingExtraError, match=r"supervision\]"):
        points.to_supervision()
