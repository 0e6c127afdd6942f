"""Asking about whole videos: the recorded answer of the original comes back as points and tracks."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from molmo_act import InputError, PointingModel, Points, QueryError, Tracks
from molmo_act.generation.limits import GenerationLimits
from tests.molmo_act.io.test_video_decoder import with_a_damaged_packet
from tests.support.rtsp_server import rtsp_server
from tests.support.tiny_checkpoint import load_case, tiny_model, tiny_processor
from tests.support.video_files import write_shades

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
    history = model.track(FRAMES, QUERY, mode="offline", fps=FPS)
    np.testing.assert_allclose(rows_of(history), RECORDED, atol=1e-3)
    assert [tracks.timestamp for tracks in history] == [0.0, 0.5, 1.0, 1.5]
    assert [tracks.frame_index for tracks in history] == [0, 1, 2, 3]
    assert [len(tracks) for tracks in history] == [1, 1, 2, 1]
    assert all(tracks.image_size == (128, 96) and set(tracks.source) == {"grounded"} for tracks in history)


def test_every_result_of_a_cut_file_says_that_frames_are_missing(model, tmp_path):
    whole = write_shades(tmp_path / "a.mkv", 20, options={"g": "4"})
    (tmp_path / "cut.mkv").write_bytes(whole.read_bytes()[:-400])
    for name, damaged in {"a.mkv": False, "cut.mkv": True}.items():
        options = {"max_frames": 2, "max_points": 1}
        points = model.point_in_video(tmp_path / name, "a", **options)
        tracks = model.track(tmp_path / name, "a", mode="offline", max_frames=2, max_points=6)
        count = model.count_in_video(tmp_path / name, "a", **options)
        assert points.damaged is count.damaged is damaged
        assert points.to_dict()["damaged"] is Points.from_dict(points.to_dict()).damaged is damaged
        assert {one.damaged for one in tracks} == {one.to_points().damaged for one in tracks} == {damaged}
        assert model.point_in_video(tmp_path / name, ["a", "b"], **options)[1].damaged is damaged


@pytest.mark.parametrize("queries", ["the cat", ["the cat", "a dog"]], ids=["one", "several"])
def test_frames_on_which_nothing_is_found_are_tracks_without_objects(model, queries):
    unseen = model.track(FRAMES, queries, mode="offline", fps=FPS, min_score=1.0)
    assert [tracks.timestamp for tracks in unseen] == [0.0, 0.5, 1.0, 1.5]
    assert [tracks.frame_index for tracks in unseen] == [0, 1, 2, 3]
    assert all(tracks.image_size == (128, 96) and not len(tracks) for tracks in unseen)
    assert not any(tracks.truncated for tracks in unseen)
    cut = model.track(FRAMES, queries, mode="offline", fps=FPS, timeout=1e-9)
    assert len(cut) == 4
    assert all(tracks.truncated for tracks in cut)


def test_several_queries_have_numbers_of_their_own(model):
    both = model.track(FRAMES, [QUERY, QUERY], mode="offline", fps=FPS)
    assert [len(tracks) for tracks in both] == [2, 2, 4, 2]
    numbers = sorted(one.object_id for tracks in both for one in tracks)
    assert numbers == list(range(1, 11))


def test_prompts_and_a_certain_number_of_points_in_a_video(model):
    found = model.point_in_video(FRAMES, QUERY, fps=FPS, prompt="track")
    rows = np.column_stack((found.object_id, found.timestamp, found.xy))
    np.testing.assert_allclose(rows, RECORDED, atol=1e-3)
    [forced, other] = model.point_in_video(FRAMES, [QUERY, "a dog"], fps=FPS, prompt="track", exactly=2)
    assert forced.xy.tolist() == found.xy[:2].tolist()
    assert len(other) == 2


@pytest.fixture
def folder(tmp_path):
    for index, frame in enumerate(np.asarray(FRAMES)):
        Image.fromarray(frame).save(tmp_path / f"{index}.png")
    return tmp_path


def test_a_folder_of_images_gives_the_same(model, folder):
    found = rows_of(model.track(folder, QUERY, mode="offline", fps=FPS))
    np.testing.assert_allclose(found, RECORDED, atol=1e-3)


def test_images_of_several_sizes_and_what_is_no_video(model, folder):
    Image.new("RGB", (30, 20)).save(folder / "9.png")
    with pytest.raises(InputError, match="expected one size"):
        model.point_in_video(folder, "the cat")
    with pytest.raises(InputError, match="is a NoneType"):
        model.track(None, "the cat", mode="offline")


def test_points_of_a_video_carry_seconds_and_frames(model, folder):
    points = model.point_in_video(folder, "the cat", fps=FPS)
    assert len(points.image_size) == 4
    assert (points.timestamp == points.image_index / FPS).all()
    assert model.count_in_video(folder, "the cat", fps=FPS) == len(set(points.object_id))
    two = model.point_in_video(str(folder), ["the cat", "the cat"], fps=FPS)
    assert [one.text for one in two] == [points.text] * 2


def test_a_video_is_read_once_for_several_queries(model, folder, monkeypatch):
    queries = ["the cat", QUERY, "a boat"]
    alone = [model.point_in_video(folder, query, fps=FPS) for query in queries]
    looks, look = [], model.model.model.encode_images
    monkeypatch.setattr(model.model.model, "encode_images", lambda *args: looks.append(1) or look(*args))
    together = model.point_in_video(folder, queries, fps=FPS)
    assert len(looks) == 1
    assert [one.text for one in together] == [one.text for one in alone]
    for ours, theirs in zip(together, alone, strict=True):
        np.testing.assert_allclose(ours.xy, theirs.xy, atol=1e-3)
        np.testing.assert_allclose(ours.score, theirs.score, atol=1e-4)
        assert (ours.timestamp == theirs.timestamp).all()
    assert model.point_in_video(folder, [], fps=FPS) == []


def test_images_of_several_sizes_are_no_video(model, folder):
    Image.fromarray(np.asarray(FRAMES)[0, :50]).save(folder / "9.png")
    with pytest.raises(InputError, match=r"frames of the video have sizes \[\(128, 50\), \(128, 96\)\]"):
        model.point_in_video(folder, "the cat", fps=FPS)


def test_images_in_order_are_a_video_as_well(model, folder):
    points = model.point_in_video(folder, "the cat", fps=FPS)
    again = model.point_in_video(FRAMES, "the cat", fps=FPS)
    assert (again.text, again.xy.tolist()) == (points.text, points.xy.tolist())


@pytest.mark.parametrize("verb", ["point", "count"])
def test_the_verbs_for_images_name_those_for_videos(model, folder, verb):
    for given in (folder, str(folder), "clip.mp4", [folder]):
        with pytest.raises(InputError, match=rf"is a video, .* Call {verb}_in_video\(\), or track\(\)"):
            getattr(model, verb)(given, "the cat")


def test_points_of_a_video_are_split_by_frame(model, folder):
    points = model.point_in_video(folder, "the cat", fps=FPS)
    parts = points.by_image()
    assert [len(part) for part in parts] == [int((points.image_index == i).sum()) for i in range(4)]
    assert all(part.image_size == ((128, 96),) for part in parts)


def test_a_thing_that_is_seen_on_several_frames_counts_once(model, monkeypatch):
    twice = Points(
        np.zeros((3, 2)), np.ones(3), [(128, 96)] * 2, "cats", object_id=[1, 2, 1], image_index=[0, 0, 1]
    )
    monkeypatch.setattr(model, "point_in_video", lambda video, query, **options: twice)
    assert model.count_in_video("video.mp4", "cats") == 2


def test_a_part_of_a_video_is_asked_about_with_the_times_of_the_whole(model, folder):
    points = model.point_in_video(folder, "the cat", fps=FPS, start=0.5, end=1.0)
    assert len(points.image_size) == 2
    assert len(points)
    assert set(points.timestamp) <= {0.5, 1.0}
    history = model.track(FRAMES, QUERY, mode="offline", fps=FPS, start=0.5, end=1.0)
    shown = {"video": FRAMES[1:3], "timestamps": [0.5, 1.0]}
    content = [{"type": "text", "text": f"Track {QUERY}"}, {"type": "video", **shown}]
    inputs = tiny_processor().apply_chat_template(
        [{"role": "user", "content": content}], tokenize=True, add_generation_prompt=True, return_dict=True
    )
    [row] = model.runtime.engine.generate(inputs, limits=GenerationLimits(2048)).answers
    assert sum(len(tracks) for tracks in history) == len(row.patch_features)


def test_fewer_frames_can_be_asked_for(model, folder):
    assert len(model.point_in_video(folder, "the cat", fps=FPS, max_frames=2).image_size) == 2


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
        model.track(video, query, mode="offline")


def test_a_video_longer_than_the_model_reads(model, monkeypatch):
    monkeypatch.setattr(model.model.config.text_config, "max_position_embeddings", 50)
    with pytest.raises(InputError, match="max_frames"):
        model.track(FRAMES, QUERY, mode="offline", fps=FPS)


def test_a_stream_gives_every_frame_back(model):
    history = model.track(FRAMES, "the cat", fps=FPS, max_points=1)
    assert [tracks.timestamp for tracks in history] == [0.0, 0.5, 1.0, 1.5]
    part = model.track(FRAMES, "the cat", fps=FPS, start=0.5, end=1.0, max_points=1)
    assert [tracks.timestamp for tracks in part] == [0.5, 1.0]


def test_tracks_counts_and_points_say_that_an_answer_was_not_complete(model, folder, monkeypatch, caplog):
    whole = model.track(FRAMES, QUERY, mode="offline", fps=FPS)
    assert not any(tracks.truncated for tracks in whole)
    monkeypatch.setattr("molmo_act.pointing.videos.TRACK_TOKENS", 12)  # of an answer of 30
    found = model.track(FRAMES, QUERY, mode="offline", fps=FPS)
    assert 0 < sum(map(len, found)) < sum(map(len, whole))
    assert all(tracks.truncated and tracks.to_dict()["truncated"] for tracks in found)
    assert "not complete" in caplog.text
    cut = model.count_in_video(folder, "the cat", fps=FPS, timeout=1e-9)
    assert cut.truncated
    assert not model.count_in_video(folder, "the cat", fps=FPS).truncated


def test_an_answer_may_be_as_long_as_the_official_one(model, monkeypatch):
    limits = []
    generate = model.runtime.engine.generate
    monkeypatch.setattr(
        model.runtime.engine,
        "generate",
        lambda *args, **options: limits.append(options["limits"]) or generate(*args, **options),
    )
    monkeypatch.setattr(model.model.config.text_config, "max_position_embeddings", 36_864)
    model.track(FRAMES, QUERY, mode="offline", fps=FPS)
    monkeypatch.setattr(model.model.config.text_config, "max_position_embeddings", 3_000)
    model.track(FRAMES, QUERY, mode="offline", fps=FPS)
    assert limits[0].max_new_tokens == 4096
    assert 2000 < limits[1].max_new_tokens < 3000  # what the prompt leaves


def test_iterators_and_pairs_of_frames_and_times(model):
    history = model.track(iter(FRAMES), "the cat", fps=FPS, max_points=1)
    assert [tracks.timestamp for tracks in history] == [0.0, 0.5, 1.0, 1.5]
    timed = zip(FRAMES, (3.0, 3.25, 4.0, 9.0), strict=True)
    history = model.track(timed, "the cat", end=8.0, max_points=1)
    assert [tracks.timestamp for tracks in history] == [3.0, 3.25, 4.0]
    np.testing.assert_allclose(
        rows_of(model.track(iter(FRAMES), QUERY, mode="offline", fps=FPS)), RECORDED, atol=1e-3
    )
    with pytest.raises(InputError, match="times of their own"):
        model.track([(FRAMES[0], 0.0)], "the cat", mode="offline")


def test_a_live_source_needs_an_end(model):
    with pytest.raises(InputError, match=r"has no end.*tracker"):
        model.track(0, "the cat")
    with pytest.raises(InputError, match="no end"):
        model.track("rtsp://127.0.0.1:9/camera", "the cat", mode="offline", end=3.0)
    with pytest.raises(InputError, match="camera 97 cannot be opened"):
        model.track(97, "the cat", end=1.0)


def test_a_live_source_is_tracked_until_its_end(model):
    with rtsp_server(500) as server:
        history = model.track(server.url, "the cat", end=1.0, max_points=1)
    assert len(history) > 1
    assert 0 <= history[-1].timestamp <= 1.0
    assert all(tracks.image_size == (64, 48) for tracks in history)


def test_content_of_a_file_instead_of_its_path(model, tmp_path, monkeypatch):
    monkeypatch.setattr("molmo_act.pointing.videos.TRACK_TOKENS", 24)
    path = write_shades(tmp_path / "clip", 6, format="mp4")
    content = path.read_bytes()
    expected, *others = (
        rows_of(model.track(source, QUERY, mode="offline"))
        for source in (path, content, io.BytesIO(content), path.as_uri())
    )
    assert others == [expected] * 3


@pytest.mark.parametrize("verb", ["point", "count"])
def test_point_and_track_tell_videos_by_the_same_test(model, tmp_path, verb):
    clip = write_shades(tmp_path / "clip.png", 3, format="matroska", rate=25)  # a video by its content
    for source in (clip, clip.read_bytes(), tmp_path):
        with pytest.raises(InputError, match=rf"is a video, and {verb}\(\) takes images"):
            getattr(model, verb)(source, "the cat")
    image = tmp_path / "photo.mp4"
    Image.fromarray(np.asarray(FRAMES[0])).save(image, "PNG")  # an image by its content
    getattr(model, verb)(image, "the cat", max_points=1)
    assert len(model.track(clip, "the cat", max_points=1)) == 3
    assert len(model.track(image, "the cat", max_points=1)) == 1


def test_tracks_say_that_frames_of_the_video_are_missing(model, tmp_path):
    whole = write_shades(tmp_path / "whole.mkv", 28, rate=25, options={"g": "5", "bf": "0"})
    assert not any(tracks.damaged for tracks in model.track(whole, "the cat", max_points=1, rate=1))
    history = model.track(with_a_damaged_packet(tmp_path / "a.mkv", 12), "the cat", max_points=1, rate=1)
    assert [tracks.damaged for tracks in history] == [False] * 12 + [True] * 15
    assert Tracks.from_dict(history[-1].to_dict()).damaged
    history = model.track(with_a_damaged_packet(tmp_path / "b.mkv", 27), "the cat", max_points=1, rate=1)
    assert [tracks.damaged for tracks in history] == [False] * 26 + [True]
