"""Frames get their times from what their container stores; test_video_decoder has the containers."""

from __future__ import annotations

from fractions import Fraction
from types import SimpleNamespace

import pytest

from molmo_act.io.video_clock import VideoClock


def frame(pts: int | None, dts: int | None, duration: int = 0) -> SimpleNamespace:
    return SimpleNamespace(pts=pts, dts=dts, duration=duration, time_base=Fraction(1, 10))


def stream(rate: int | None = 5) -> SimpleNamespace:
    return SimpleNamespace(
        guessed_rate=rate, average_rate=None, codec_context=SimpleNamespace(framerate=rate)
    )


@pytest.mark.parametrize(
    ("container", "expected"),
    [
        ("matroska,webm", [0.1, 0.4, 0.3]),  # as stored, backwards too: who reads leaves such frames out
        ("avi", [0.2, 0.3, 0.4]),  # stores times of decoding alone
    ],
)
def test_which_stamp_counts(container: str, expected: list[float]) -> None:
    clock = VideoClock(container, stream(), "a clip")
    stamps = [(1, 2), (4, 3), (3, 4)]
    assert [float(clock.seconds(frame(*stamp))) for stamp in stamps] == expected


def test_frames_without_a_stamp_follow_the_last_one() -> None:
    clock = VideoClock("mpeg", stream(), "a clip")
    times = [
        float(clock.seconds(one))
        for one in (frame(7, 7, 3), frame(None, None, 3), frame(None, None), frame(20, 0))
    ]
    assert times == pytest.approx([0.7, 1.0, 1.3, 2.0])  # then by the stream's rate of 5
    assert float(clock.length(frame(1, 1))) == pytest.approx(0.2)


def test_a_stream_that_says_nothing_of_time_is_said_once(caplog) -> None:
    clock = VideoClock("hevc", stream(None), "'clip.hevc'")
    assert [float(clock.seconds(frame(None, None))) for _ in range(3)] == pytest.approx([0, 0.04, 0.08])
    assert [record.getMessage() for record in caplog.records] == [
        "The video 'clip.hevc' says neither when its frames are shown nor how many there are per second; "
        "25 per second are assumed."
    ]
