"""Frames from files that are written here, folders and lists."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from molmo_act import ImageError, InputError
from molmo_act.modeling.video_file import every_frame
from molmo_act.sources import count_frames, read_frames
from molmo_act.video_writing import video_writer

av = pytest.importorskip("av", reason="needs the extra video")

UNEVEN = [0.0, 0.1, 0.5, 0.55, 1.25]
SHADES = [20, 60, 100, 140, 180]


def picture(shade, size=(64, 48)):
    return np.full((size[1], size[0], 3), shade, np.uint8)


@pytest.fixture
def clip(tmp_path):
    with video_writer(tmp_path / "clip.mp4") as writer:
        for time, shade in zip(UNEVEN, SHADES, strict=True):
            writer.write(picture(shade), time)
    return tmp_path / "clip.mp4"


def test_a_file_gives_every_frame_at_its_own_time(clip):
    frames, times = zip(*read_frames(clip), strict=True)
    assert times == pytest.approx(UNEVEN, abs=1e-4)
    assert [round(frame.mean() / 40 - 0.5) * 40 + 20 for frame in frames] == SHADES
    assert all(frame.shape == (48, 64, 3) and frame.dtype == np.uint8 for frame in frames)
    assert count_frames(clip) == 5


def test_a_part_of_a_file(clip):
    times = [time for _, time in read_frames(clip, start=0.1, end=0.52)]
    assert times == pytest.approx([0.1, 0.5], abs=1e-4)


def test_a_folder_in_natural_order(tmp_path):
    for number in (10, 9, 100, 1):
        Image.fromarray(picture(number)).save(tmp_path / f"frame_{number}.png")
    (tmp_path / "notes.txt").write_text("not a picture")
    found = [(int(frame[0, 0, 0]), time) for frame, time in read_frames(tmp_path, fps=10)]
    assert found == [(1, 0.0), (9, 0.1), (10, 0.2), (100, 0.3)]
    assert count_frames(tmp_path) == 4


@pytest.mark.parametrize(
    "video", [[picture(1), Image.fromarray(picture(2))], np.stack([picture(1), picture(2)])]
)
def test_pictures_in_order(video):
    assert [(int(frame[0, 0, 0]), time) for frame, time in read_frames(video, fps=2)] == [(1, 0.0), (2, 0.5)]
    assert count_frames(video) == 2


def audio_only(path):
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=16000)
        samples = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        samples.sample_rate = 16000
        container.mux(stream.encode(samples))
        container.mux(stream.encode(None))


def without_frames(path):
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=30)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        container.start_encoding()


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (lambda path: None, "no video file"),
        (lambda path: path.write_bytes(b""), "not a video"),
        (lambda path: path.write_text("a text"), "not a video"),
        (audio_only, "no video stream"),
        (without_frames, "no frame|not a video|no video"),
        (lambda path: path.mkdir(), "holds no picture"),
    ],
)
def test_what_holds_no_video(tmp_path, write, message):
    path = tmp_path / "clip.mp4"
    write(path)
    with pytest.raises(InputError, match=message):
        list(read_frames(path))


def test_a_truncated_file(clip):
    content = clip.read_bytes()
    clip.write_bytes(content[: len(content) // 2])
    with pytest.raises(InputError, match=r"clip\.mp4"):
        list(read_frames(clip))


def test_no_pictures_and_broken_ones():
    with pytest.raises(InputError, match="no frame"):
        list(read_frames([]))
    with pytest.raises(ImageError):
        list(read_frames([picture(1), None]))


@pytest.mark.parametrize(
    ("video", "words"),
    [
        (None, "is a NoneType"),
        (3, "is a int"),
        (b"clip.mp4", "is a bytes"),
        ((picture(1) for _ in range(2)), r"is a generator.*follow"),
        (picture(1), r"shape \(48, 64, 3\)"),
    ],
)
def test_what_is_no_video(video, words):
    with pytest.raises(InputError, match=words):
        list(read_frames(video))
    with pytest.raises(InputError, match=words):
        count_frames(video)


@pytest.mark.parametrize(
    "options",
    [{"fps": 0}, {"fps": float("nan")}, {"start": -1}, {"start": 2, "end": 1}, {"end": float("nan")}],
)
def test_numbers_out_of_range(options):
    with pytest.raises(InputError):
        read_frames([picture(1)], **options)


def test_a_start_behind_the_end(clip):
    with pytest.raises(InputError, match=r"ends at 1\.25 s"):
        list(read_frames(clip, start=5))


def test_frames_that_go_back_in_time_are_left_out(tmp_path, monkeypatch, caplog):
    path = tmp_path / "clip.mkv"
    monkeypatch.setattr(
        "molmo_act.sources.every_frame",
        lambda path: ((time, picture(1)) for time in (0.0, 0.2, 0.1, 0.15, 0.2, 0.3)),
    )
    assert [time for _, time in read_frames(path)] == [0.0, 0.2, 0.3]
    assert "3 frames of the video go back in time and were left out" in caplog.text
    assert len(caplog.records) == 2  # not one for every frame of half a film


# --- writing ------------------------------------------------------------------------------------------------


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
