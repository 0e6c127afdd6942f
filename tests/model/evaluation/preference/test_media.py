"""What is shown of images and videos, and where points lie on it."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from PIL import Image

from model.evaluation.preference.items import ShownAnswer, read_items
from model.evaluation.preference.media import (
    LONGEST,
    MOST_FRAMES,
    check_media,
    frames_of,
    placed_points,
    shown_times,
)
from tests.model.evaluation.preference.example import MODELS, write_example

NANO, LARGE, _ = MODELS


@pytest.fixture
def items(tmp_path):
    return read_items(write_example(tmp_path))


def test_an_image(items):
    assert shown_times(items[0]) is None
    frames = frames_of(items[0].media, None)
    assert [(frame.size, frame.seconds) for frame in frames] == [((120, 80), None)]
    assert placed_points(items[0], NANO, frames) == [[0, 0.25, 0.25, 1], [0, 0.5, 0.5, 2]]


def test_a_large_image_is_shown_smaller_and_measured_as_it_was(items):
    Image.new("RGB", (4000, 1000)).save(items[0].media)
    [frame] = frames_of(items[0].media, None)
    assert frame.size == (4000, 1000)
    assert Image.open(io.BytesIO(frame.jpeg)).size == (LONGEST, LONGEST // 4)


def test_frames_at_which_any_answer_points(items):
    video = items[2]
    times = shown_times(video)
    assert times == (0.5, 1.0)
    frames = frames_of(video.media, times)
    assert placed_points(video, LARGE, frames) == [[1, 0.5, 0.5, 1], [0, 5 / 96, 5 / 64, 2]]


def test_many_times_are_thinned_out_and_their_points_left_out(items):
    points = tuple((0.1 * number, 1.0, 1.0) for number in range(18))
    video = replace(items[2], answers={NANO: ShownAnswer("", points), LARGE: ShownAnswer("", ())})
    times = shown_times(video)
    assert (len(times), times[0], times[-1]) == (MOST_FRAMES, 0.0, points[-1][0])
    assert len(placed_points(video, NANO, frames_of(video.media, times))) == MOST_FRAMES


def test_times_outside_of_the_video(items):
    points = ((-3.0, 1.0, 1.0), (99.0, 1.0, 1.0))
    video = replace(items[2], answers={NANO: ShownAnswer("", points), LARGE: ShownAnswer("", ())})
    times = shown_times(video)
    assert times[0] == 0
    assert times[-1] <= 2.01
    placed = placed_points(video, NANO, frames_of(video.media, times))
    assert [point[0] for point in placed] == [len(times) - 1]


def test_without_points_the_whole_video_is_shown(items):
    nothing = ShownAnswer("", ())
    times = shown_times(replace(items[2], answers={NANO: nothing, LARGE: nothing}))
    assert len(times) == MOST_FRAMES


def test_what_cannot_be_decoded_is_said(items):
    assert check_media(items[1]) is None
    for item in (items[0], items[2]):
        item.media.write_bytes(b"nothing")
        assert check_media(item)
