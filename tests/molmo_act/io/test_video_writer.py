"""Videos are written whole or not at all, with every frame at its own time."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from molmo_act import InputError
from molmo_act.io.video_reader import every_frame
from molmo_act.io.video_writer import check_video_path, video_writer

av = pytest.importorskip("av", reason="needs the extra video")


def picture(shade, size=(64, 48)):
    return np.full((size[1], size[0], 3), shade, np.uint8)


def test_a_failed_video_leaves_nothing(tmp_path):
    def write_and_fail():
        with video_writer(tmp_path / "clip.mp4") as writer:
            writer.write(picture(1), 0.0)
            raise RuntimeError("no more")

    with pytest.raises(RuntimeError, match="no more"):
        write_and_fail()
    assert list(tmp_path.iterdir()) == []


def test_odd_sides_lose_a_row_and_other_sizes_are_refused(tmp_path):
    def write():
        with video_writer(tmp_path / "clip.mp4") as writer:
            writer.write(picture(1, (65, 49)), 0.0)
            writer.write(picture(1, (64, 48)), 0.1)
            writer.write(picture(1, (32, 48)), 0.2)

    with pytest.raises(InputError, match="one size"):
        write()
    with video_writer(tmp_path / "clip.mp4") as writer:
        writer.write(picture(90, (65, 49)), 0.0)
    [(_, frame)] = every_frame(tmp_path / "clip.mp4")
    assert frame.shape == (48, 64, 3)


@pytest.mark.parametrize("name", ["clip.gif", "no_such_folder/clip.mp4"])
def test_where_no_video_is_written(tmp_path, name):
    with pytest.raises(InputError, match="Cannot write"), video_writer(tmp_path / name):
        pass


def test_uneven_times_are_kept_in_matroska_too(tmp_path):
    times = [0.0, 1 / 3, 0.5, 1.00001]
    with video_writer(tmp_path / "clip.mkv") as writer:
        for time in times:
            writer.write(picture(50), time)
    # Matroska counts in milliseconds
    assert [time for time, _ in every_frame(tmp_path / "clip.mkv")] == pytest.approx(times, abs=1e-3)


@pytest.mark.parametrize("name", ["clip.mp4", "clip.MOV", "a.b.mkv"])
def test_paths_that_a_video_can_be_written_to(tmp_path, name):
    assert check_video_path(tmp_path / name) == tmp_path / name


def test_a_missing_pyav_is_said_before_anything_is_written(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(ImportError, match=r"\[video\]"), video_writer(tmp_path / "clip.mp4"):
        pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "name", ["12:30.mp4", "http:x.mkv", "file:x.mov", "-x.mp4", "%03d.mp4", "pipe:1.mp4"]
)
def test_names_that_mean_something_to_ffmpeg(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    with video_writer(name) as writer:
        writer.write(picture(50), 0.0)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert len(list(every_frame(name))) == 1


@pytest.mark.parametrize(
    ("frame", "timestamp", "words"),
    [
        (None, 0.0, "frame is None; expected an array of RGB pixels"),
        (np.zeros((8, 8), np.uint8), 0.0, "expected an array of RGB pixels"),
        (np.zeros((8, 8, 3)), 0.0, "expected an array of RGB pixels"),
        (np.zeros((8, 8, 3), np.uint8), "1", "timestamp is '1'; expected seconds"),
        (np.zeros((8, 8, 3), np.uint8), float("nan"), "timestamp is nan; expected seconds"),
    ],
)
def test_frames_and_times_of_wrong_kinds(tmp_path, frame, timestamp, words):
    with pytest.raises(InputError, match=words), video_writer(tmp_path / "a.mp4") as writer:
        writer.write(frame, timestamp)
    assert list(tmp_path.iterdir()) == []


def black(width, height):
    return np.zeros((height, width, 3), np.uint8)


@pytest.mark.parametrize(
    ("frames", "message"),
    [
        ([], r"No frame was given to the video writer"),
        ([(black(64, 1), 0)], "A frame has 64×1 pixels; a video takes at least 2×2"),
        ([(black(1, 64), 0)], "A frame has 1×64 pixels"),
        ([(black(64, 0), 0)], "A frame has 64×0 pixels"),
        ([(black(64, 48), 0), (black(48, 64), 1)], "A frame of 48×64 pixels cannot follow one of 64×48"),
        ([(black(64, 48), 0), (black(65, 49), 1)], "A frame of 65×49 pixels cannot follow one of 64×48"),
        ([(black(64, 48), 1e30)], "timestamp is 1e"),
        ([(black(64, 48), "0")], "timestamp is '0'"),
    ],
)
def test_frames_that_cannot_be_written(tmp_path, frames, message):
    def write():
        with video_writer(tmp_path / "a.mp4") as writer:
            for frame, timestamp in frames:
                writer.write(frame, timestamp)

    with pytest.raises(InputError, match=message):
        write()
    assert list(tmp_path.iterdir()) == []
