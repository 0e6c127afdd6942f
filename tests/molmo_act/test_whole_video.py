"""Asking about whole videos: the recorded answer of the original comes back as points and tracks."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from molmo_act import InputError, PointingModel, Points, QueryError
from molmo_act.engine import Limits
from molmo_act.whole_video import is_video
from tests.tiny_checkpoint import load_case, tiny_model, tiny_processor

FRAMES = load_case("video_four")[0][0]["content"][1]["video"]
RECORDED = load_case("video_four")[2]["greedy_points"]  # rows [object id, seconds, x, y]
FPS = 2.0
QUERY = "the cat in the video."  # behind "Track " this is the recorded prompt


@pytest.fixture(scope="module")
def model() -> PointingModel:
    return PointingModel(tiny_model(), tiny_processor(), "tiny")


def rows_of(history):
    return [[one.object_id, tracks.timestamp, one.x, one.y] for tracks in history for one in tracks]


def test_tracks_are_those_of_the_original(model):
    history = model.track(FRAMES, QUERY, whole=True, fps=FPS)
    np.testing.assert_allclose(rows_of(history), RECORDED, atol=1e-3)
    assert [tracks.timestamp for tracks in history] == [0.0, 0.5, 1.0, 1.5]
    assert [tracks.frame_index for tracks in history] == [0, 1, 2, 3]
    assert [len(tracks) for tracks in history] == [1, 1, 2, 1]
    assert all(tracks.image_size == (128, 96) and set(tracks.source) == {"grounded"} for tracks in history)


def test_several_queries_have_numbers_of_their_own(model):
    both = model.track(FRAMES, [QUERY, QUERY], whole=True, fps=FPS)
    assert [len(tracks) for tracks in both] == [2, 2, 4, 2]
    numbers = sorted(one.object_id for tracks in both for one in tracks)
    assert numbers == list(range(1, 11))


@pytest.fixture
def folder(tmp_path):
    for index, frame in enumerate(np.asarray(FRAMES)):
        Image.fromarray(frame).save(tmp_path / f"{index}.png")
    return tmp_path


def test_a_folder_of_pictures_gives_the_same(model, folder):
    found = rows_of(model.track(folder, QUERY, whole=True, fps=FPS))
    np.testing.assert_allclose(found, RECORDED, atol=1e-3)


def test_pictures_of_several_sizes_and_what_is_no_video(model, folder):
    Image.new("RGB", (30, 20)).save(folder / "9.png")
    with pytest.raises(InputError, match="expected one size"):
        model.point(folder, "the cat")
    with pytest.raises(InputError, match="is a NoneType"):
        model.track(None, "the cat", whole=True)


def test_points_of_a_video_carry_seconds_and_frames(model, folder):
    points = model.point(folder, "the cat", fps=FPS)
    assert len(points.image_size) == 4
    assert (points.timestamp == points.image_index / FPS).all()
    assert model.count(folder, "the cat", fps=FPS) == len(set(points.object_id))
    two = model.point(str(folder), ["the cat", "the cat"], fps=FPS)
    assert [one.text for one in two] == [points.text] * 2


def test_a_video_is_read_once_for_several_queries(model, folder, monkeypatch):
    queries = ["the cat", QUERY, "a boat"]
    alone = [model.point(folder, query, fps=FPS) for query in queries]
    looks, look = [], model.model.model.look
    monkeypatch.setattr(model.model.model, "look", lambda *args: looks.append(1) or look(*args))
    together = model.point(folder, queries, fps=FPS)
    assert len(looks) == 1
    assert [one.text for one in together] == [one.text for one in alone]
    for ours, theirs in zip(together, alone, strict=True):
        np.testing.assert_allclose(ours.xy, theirs.xy, atol=1e-3)
        np.testing.assert_allclose(ours.score, theirs.score, atol=1e-4)
        assert (ours.timestamp == theirs.timestamp).all()
    assert model.point(folder, [], fps=FPS) == []


def test_pictures_of_several_sizes_are_no_video(model, folder):
    Image.fromarray(np.asarray(FRAMES)[0, :50]).save(folder / "9.png")
    with pytest.raises(InputError, match=r"frames of the video have sizes \[\(128, 50\), \(128, 96\)\]"):
        model.point(folder, "the cat", fps=FPS)


def test_a_video_is_not_cut_into_crops(model, folder):
    with pytest.raises(InputError, match=r"max_crops says how .* Leave it out for a video"):
        model.point(folder, "the cat", fps=FPS, max_crops=2)


def test_a_thing_that_is_seen_on_several_frames_counts_once(model, monkeypatch):
    twice = Points(
        np.zeros((3, 2)), np.ones(3), [(128, 96)] * 2, "cats", object_id=[1, 2, 1], image_index=[0, 0, 1]
    )
    monkeypatch.setattr(model, "point", lambda video, query, **options: twice)
    assert model.count("film.mp4", "cats") == 2


def test_a_part_of_a_video_is_asked_about_with_the_times_of_the_whole(model, folder):
    points = model.point(folder, "the cat", fps=FPS, start=0.5, end=1.0)
    assert len(points.image_size) == 2
    assert len(points)
    assert set(points.timestamp) <= {0.5, 1.0}
    history = model.track(FRAMES, QUERY, whole=True, fps=FPS, start=0.5, end=1.0)
    shown = {"video": FRAMES[1:3], "timestamps": [0.5, 1.0]}
    content = [{"type": "text", "text": f"Track {QUERY}"}, {"type": "video", **shown}]
    inputs = tiny_processor().apply_chat_template(
        [{"role": "user", "content": content}], tokenize=True, add_generation_prompt=True, return_dict=True
    )
    [row] = model.engine.answer(inputs, limits=Limits(2048)).rows
    assert sum(len(tracks) for tracks in history) == len(row.features)


def test_fewer_frames_can_be_asked_for(model, folder):
    assert len(model.point(folder, "the cat", fps=FPS, max_frames=2).image_size) == 2


@pytest.mark.parametrize(
    ("video", "query", "error"),
    [
        ("no.mp4", "cat", InputError),
        (np.zeros((0, 8, 8, 3), np.uint8), "cat", InputError),
        (np.zeros((2, 8, 8, 3), np.uint8), " ", QueryError),
    ],
)
def test_what_cannot_be_asked(model, video, query, error):
    with pytest.raises(error):
        model.track(video, query, whole=True)


def test_a_video_longer_than_the_model_reads(model, monkeypatch):
    monkeypatch.setattr(model.model.config.text_config, "max_position_embeddings", 50)
    with pytest.raises(InputError, match="max_frames"):
        model.track(FRAMES, QUERY, whole=True, fps=FPS)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("clip.mp4", True),
        ("clip.MOV", True),
        ("picture.png", False),
        (".", True),  # a folder
        (np.zeros((4, 4, 3), np.uint8), False),
        (["a.mp4", "b.mp4"], False),  # a batch
    ],
)
def test_what_is_a_video(value, expected):
    assert is_video(value) is expected


def test_without_whole_every_frame_comes_back(model):
    history = model.track(FRAMES, "the cat", fps=FPS)
    assert [tracks.timestamp for tracks in history] == [0.0, 0.5, 1.0, 1.5]
    part = model.track(FRAMES, "the cat", fps=FPS, start=0.5, end=1.0)
    assert [tracks.timestamp for tracks in part] == [0.5, 1.0]
