"""Asking nano about a clip in every way, and a model that writes points as text."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from model.data.errors import SkippedRow
from model.evaluation import asking_videos
from model.evaluation.asking import Asker
from model.evaluation.benchmark import Case
from model.evaluation.video_sources import ShownVideo
from model.evaluation.video_standins import SIZE, clips, write_frames, write_video
from molmo_act.model_options import ModelOptions


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    """nano, a case, and its clip as a video of twice the size in which it is scored."""
    standin = clips(np.random.default_rng(1), 2)[0]
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    write_video(path, standin)
    options = ModelOptions(prompt="point")
    case = Case(0, {}, f"Track {standin.query} at 1 fps", standin.query)
    half = SIZE[0] // 2, SIZE[1] // 2
    return (
        Asker(options.load(), options, propagator="grabcut"),
        [case],
        [ShownVideo(path, half, 2.0)],
        standin,
    )


def test_points_are_in_pixels_of_the_row(asked):
    asker, cases, videos, standin = asked
    [found] = asking_videos.point(asker, cases, videos)
    assert found.points
    direct = asker.model.point_in_video(videos[0].source, standin.query, prompt="point")
    assert [point[2:] for point in found.points] == [(p.x / 2, p.y / 2) for p in direct]
    assert [point[1] for point in found.points] == [p.timestamp for p in direct]


def test_tracks_counts_and_masks(asked):
    asker, cases, videos, _ = asked
    [tracks] = asking_videos.track(asker, cases, videos)
    assert tracks.points
    assert all(0 <= x <= SIZE[0] / 2 and 0 <= y <= SIZE[1] / 2 for _, _, x, y in tracks.points)
    [count] = asking_videos.count(asker, cases, videos)
    assert int(count.text) >= 1
    [masks] = asking_videos.segment(asker, cases, videos)
    assert (len(masks.extra["masks"]), masks.extra["size"]) == (12, list(SIZE))
    assert type(masks).from_json(masks.to_json()) == masks


def test_a_model_that_writes_points_is_read_by_the_official_reader(asked):
    """The text is kept as written; the benchmark reads it when it scores."""
    _, cases, videos, _ = asked
    text = '<tracks coords="0.0 1 500 500">a</tracks>'
    model = SimpleNamespace(
        runtime=SimpleNamespace(has_grounding_tokens=False, config=SimpleNamespace()),
        name="text",
        chat=None,
        answer=lambda source, prompt, **options: SimpleNamespace(
            written=text + prompt, truncated=False, damaged=False
        ),
    )
    asker = Asker(model, ModelOptions())
    [found] = asking_videos.track(asker, cases, videos)
    assert (found.text, found.points) == (text + cases[0].prompt, ())
    assert found.extra == {asking_videos.WRITTEN: True}
    assert asking_videos.count(asker, cases, videos)[0].text == found.text


def test_a_video_that_is_cut_off_and_a_frame_that_cannot_be_read_are_reasons(asked, tmp_path):
    asker, cases, [video], standin = asked
    write_frames(tmp_path / "frames", standin)
    (tmp_path / "frames/00003.jpg").write_bytes(b"broken")
    with pytest.raises(SkippedRow, match="a frame of the video cannot be read"):
        asking_videos.point(asker, cases, [replace(video, source=tmp_path / "frames")])
    data = bytearray(video.source.read_bytes())
    start = data.index(b"mdat") + 4
    last_third = start + (int.from_bytes(data[start - 8 : start - 4], "big") - 8) * 2 // 3
    data[last_third : last_third + 2000] = bytes(2000)
    (tmp_path / "hole.mp4").write_bytes(data)
    with pytest.raises(SkippedRow, match="video is damaged"):
        asking_videos.segment(asker, cases, [replace(video, source=tmp_path / "hole.mp4")])
