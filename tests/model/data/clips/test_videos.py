"""Drawn clips as videos: what is asked lies where it is drawn, and can be learned from like any video."""

from __future__ import annotations

import numpy as np
import pytest

from model.data.encoding.answer_format import AnswerFormat
from model.data.encoding.video_tree import VideoTreeEncoder
from model.data.registry import open_source
from model.train.models.nano import GEOMETRY, make_processor
from tests.model.train.small_run import make_tokenizer


@pytest.fixture(scope="module")
def videos():
    source = open_source("clips", frames=6)
    return [source.read(0, np.random.default_rng(seed)) for seed in range(6)]


def test_the_same_seed_gives_the_same_video(videos):
    again = open_source("clips", frames=6).read(3, np.random.default_rng(2))
    np.testing.assert_array_equal(again.video.frames, videos[2].video.frames)
    assert [query.text for query in again.queries] == [query.text for query in videos[2].queries]


def test_videos_are_short_and_of_two_frames_a_second(videos):
    for sample in videos:
        assert 2 <= len(sample.video.timestamps) <= 6
        assert set(np.diff(sample.video.timestamps)) <= {0.5}
        assert sample.video.frames.shape[1:3] == sample.video.video_size[::-1]


def test_frame_points_lie_within_their_frames(videos):
    checked = 0
    for sample in videos:
        width, height = sample.video.video_size
        for query in sample.queries:
            for frame_point in query.frame_points:
                x, y = frame_point.point
                assert 0 <= x < width
                assert 0 <= y < height
                assert 0 <= frame_point.frame < len(sample.video.timestamps)
                checked += 1
    assert checked > 20


def test_tracks_hold_every_moment_and_pointing_one_for_each_object(videos):
    for sample in videos:
        by_kind = {kind: [q for q in sample.queries if q.kind == kind] for kind in ("tracking", "pointing")}
        for track, moments in zip(by_kind["tracking"], by_kind["pointing"], strict=False):
            assert track.text == moments.text
            numbers = {frame_point.object_id for frame_point in track.frame_points}
            assert numbers == set(range(1, len(numbers) + 1))
            assert sorted(frame_point.object_id for frame_point in moments.frame_points) == sorted(numbers)
            assert {(s.frame, s.point) for s in moments.frame_points} <= {
                (s.frame, s.point) for s in track.frame_points
            }


def test_some_queries_match_nothing(videos):
    assert any(
        not query.frame_points and query.kind == "pointing" for sample in videos for query in sample.queries
    )


def test_they_are_encoded_like_other_videos(videos):
    tokenizer = make_tokenizer()
    processor = make_processor(tokenizer, GEOMETRY)
    encoder = VideoTreeEncoder(processor, AnswerFormat())
    tree = encoder.encode(videos[0], np.random.default_rng(0), 4)
    assert len(tree.branches) == min(4, len(videos[0].queries))
