"""Frames from files that are written here, folders and lists."""

from __future__ import annotations

import io
import math
import os
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from molmo_act import ImageError, InputError
from molmo_act.io.camera import Camera
from molmo_act.io.frames import count_frames, read_frames, until_lost
from molmo_act.io.video_writer import video_writer
from tests.support.rtsp_server import rtsp_server
from tests.support.video_files import index_of, write_shades

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


@pytest.mark.parametrize("options", [{"end": 5.0}, {"start": 2.0, "end": 9.0}, {"start": 10.2, "end": 10.4}])
def test_a_part_without_a_frame(options):
    timed = [(picture(shade), time) for shade, time in ((20, 10.0), (60, 10.5))]
    with pytest.raises(InputError, match=r"No frame of the video is shown .* next is at 10\.[05]0 s"):
        list(read_frames(timed, **options))
    assert len(list(read_frames(timed, start=10.2, end=10.5))) == 1


def test_a_folder_by_its_url(tmp_path):
    for index, shade in enumerate(SHADES[:2]):
        Image.fromarray(picture(shade)).save(tmp_path / f"{index}.png")
    assert [int(frame.mean()) for frame, _ in read_frames(tmp_path.as_uri())] == SHADES[:2]
    assert count_frames(tmp_path.as_uri()) == 2


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
def test_images_in_order(video):
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
        (lambda path: None, "does not exist"),
        (lambda path: path.write_bytes(b""), "is empty"),
        (lambda path: path.write_text("a text"), "not a video"),
        (audio_only, "no video stream"),
        (without_frames, "no frame|not a video|no video"),
        (lambda path: path.mkdir(), "holds no image"),
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


def test_no_images_and_broken_ones():
    with pytest.raises(InputError, match="no frame"):
        list(read_frames([]))
    with pytest.raises(ImageError):
        list(read_frames([picture(1), None]))


@pytest.mark.parametrize(
    ("video", "words"),
    [
        (None, "is a NoneType"),
        ("", "empty string"),
        (2.5, "is a float"),
        (True, "is a bool"),
        (b"clip.mp4", "given as 8 bytes is not a video"),
        ({0.0: picture(1)}, "is a dict"),
        ({1, 2}, "is a set"),
        (iter(()), "has no frame"),
        ([(picture(1), "soon")], "time of a frame"),
        ([(picture(1), math.nan)], "time of a frame"),
        (picture(1), r"shape \(48, 64, 3\)"),
    ],
)
def test_what_is_no_video(video, words):
    with pytest.raises(InputError, match=words):
        list(read_frames(video))


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
        "molmo_act.io.frames.every_frame",
        lambda path, damage: ((time, picture(1)) for time in (0.0, 0.2, 0.1, 0.15, 0.2, 0.3)),
    )
    assert [time for _, time in read_frames(path)] == [0.0, 0.2, 0.3]
    assert "3 frames of the video go back in time and were left out" in caplog.text
    assert len(caplog.records) == 2  # not one for every frame of half a video


@pytest.mark.parametrize("wrapped", [list, iter, tuple])
def test_frames_that_come_one_by_one(wrapped):
    frames = [picture(1), Image.fromarray(picture(2)), picture(3)]
    found = [(int(frame[0, 0, 0]), time) for frame, time in read_frames(wrapped(frames), fps=2)]
    assert found == [(1, 0.0), (2, 0.5), (3, 1.0)]
    timed = [(picture(1), 5.0), (picture(2), np.float32(5.25)), (picture(3), 7)]
    found = [(int(frame[0, 0, 0]), time) for frame, time in read_frames(wrapped(timed), fps=2, end=6.0)]
    assert found == [(1, 5.0), (2, 5.25)]
    assert count_frames(wrapped(frames)) == (None if wrapped is iter else 3)


def test_an_iterator_is_read_no_further_than_is_asked_for():
    asked = []

    def frames():
        for index in range(100):
            asked.append(index)
            yield picture(index)

    reader = read_frames(frames(), fps=10)
    assert asked == []
    next(reader)
    assert asked == [0]


def test_an_iterator_that_fails_halfway():
    def frames():
        yield picture(1)
        raise RuntimeError("the camera fell down")

    reader = read_frames(frames())
    next(reader)
    with pytest.raises(RuntimeError, match="fell down"):
        next(reader)


def test_files_of_every_kind_are_read_alike(clip):
    expected = [(int(frame.mean()), time) for frame, time in read_frames(clip)]
    content = clip.read_bytes()
    for source in (clip.as_uri(), content, io.BytesIO(content), str(clip)):
        assert [(int(frame.mean()), time) for frame, time in read_frames(source)] == expected
        assert count_frames(source) == 5


# --- folders ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "suffix", [".jfif", ".gif", ".jp2", ".pgm", ".jpe", ".apng", ".tiff", ".avif", ".PNG", ".frame", ""]
)
def test_a_frame_of_any_ending_has_its_place(tmp_path, suffix):
    kinds = {".gif": "GIF", ".jp2": "JPEG2000", ".pgm": "PPM", ".tiff": "TIFF", ".avif": "AVIF"}
    kind = "JPEG" if suffix.startswith(".j") and suffix != ".jp2" else kinds.get(suffix, "PNG")
    for number in range(5):
        Image.fromarray(picture(number * 40)).save(tmp_path / f"{number}.png")
    Image.fromarray(picture(80)).convert("L").save(tmp_path / f"2{suffix}", kind)
    if suffix != ".png":
        (tmp_path / "2.png").unlink(missing_ok=suffix == ".PNG")
    found = [(round(frame[..., 0].mean() / 40), time) for frame, time in read_frames(tmp_path, fps=10)]
    assert found == [(index, index / 10) for index in range(5)]
    assert count_frames(tmp_path) == 5


def test_digits_that_are_no_numbers(tmp_path):
    for number, name in enumerate(["1²3", "1²10", "٣", "²"]):
        Image.fromarray(picture(number)).save(tmp_path / f"{name}.png")
    assert sorted(int(frame[0, 0, 0]) for frame, _ in read_frames(tmp_path)) == [0, 1, 2, 3]


def test_what_is_no_frame_of_a_folder(tmp_path):
    for number in range(3):
        Image.fromarray(picture(number)).save(tmp_path / f"{number}.png")
        (tmp_path / f"._{number}.png").write_bytes(b"\0\x05\x16\x07 what macOS leaves on foreign disks")
    (tmp_path / "Thumbs.db").write_bytes(b"\xd0\xcf\x11\xe0" * 9)
    (tmp_path / "times.csv").write_text("P3, a text that begins like a PPM")
    (tmp_path / "more.png").mkdir()
    (tmp_path / ".hidden.png").write_bytes((tmp_path / "0.png").read_bytes())
    (tmp_path / "times.csv").unlink()
    assert [int(frame[0, 0, 0]) for frame, _ in read_frames(tmp_path)] == [0, 1, 2]


@pytest.mark.parametrize("name", ["1.tga", "1.pcx", "1.qoi", "1.xbm", "1.sgi"])
def test_a_frame_of_a_format_that_is_not_read_is_not_left_out_in_silence(tmp_path, name):
    for number in (0, 2):
        Image.fromarray(picture(number)).save(tmp_path / f"{number}.png")
    Image.fromarray(picture(1)).convert("1" if "xbm" in name else "RGB").save(tmp_path / name)
    with pytest.raises(ImageError, match=rf"{name}.*expected an image such as PNG"):
        list(read_frames(tmp_path))


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"no image"),
        lambda path: path.symlink_to("nowhere"),
    ],
)
def test_a_damaged_frame_is_not_left_out_in_silence(tmp_path, damage):
    for number in (0, 2):
        Image.fromarray(picture(number)).save(tmp_path / f"{number}.jpg")
    damage(tmp_path / "1.jpg")
    with pytest.raises(ImageError, match=r"1\.jpg"):
        list(read_frames(tmp_path))


def test_an_empty_path_is_not_the_current_folder(tmp_path, monkeypatch):
    Image.fromarray(picture(1)).save(tmp_path / "1.png")
    monkeypatch.chdir(tmp_path)
    for read in (lambda: list(read_frames("")), lambda: count_frames("")):
        with pytest.raises(InputError, match="empty string"):
            read()
    assert len(list(read_frames("."))) == len(list(read_frames(Path()))) == 1


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
def test_a_folder_without_rights(tmp_path):
    tmp_path.chmod(0)
    try:
        with pytest.raises(InputError, match="cannot be read"):
            list(read_frames(tmp_path))
    finally:
        tmp_path.chmod(0o700)


# --- damage and pipes ---------------------------------------------------------------------------------------


def test_damage_is_told_by_the_reader(tmp_path):
    path = write_shades(tmp_path / "clip.mkv", 28, rate=5, options={"g": "5", "bf": "0"})
    reader = read_frames(path)
    assert len(list(reader)) == 28
    assert not reader.damage
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 3 // 4])
    reader = read_frames(path)
    frames = [index_of(frame) for frame, _ in reader]
    assert frames == list(range(len(frames)))
    assert 0 < len(frames) < 28
    assert reader.damage


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_named_pipe_is_read_as_it_comes(tmp_path):
    content = write_shades(tmp_path / "clip.ts", 20, rate=25).read_bytes()
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    thread = threading.Thread(target=pipe.write_bytes, args=(content,))
    thread.start()
    assert count_frames(pipe) is None
    frames, times = zip(*read_frames(pipe), strict=True)
    thread.join()
    assert [index_of(frame) for frame in frames] == list(range(20))
    assert times == pytest.approx(np.arange(20) / 25, abs=1e-3)


def test_what_came_before_a_camera_was_lost_is_kept(caplog) -> None:
    pytest.importorskip("av", reason="needs the extra video")
    with rtsp_server(10) as server:
        reader = read_frames(Camera(server.url, reconnect=0))
        found = list(until_lost(reader))
    assert len(found) >= 1
    assert "it was lost" in str(reader.damage)
    with pytest.raises(InputError):  # of a camera that was never there nothing is kept
        list(until_lost(read_frames(Camera(server.url, reconnect=0, timeout=1))))


def test_a_file_that_is_opened_as_text_is_no_list_of_paths(tmp_path):
    path = tmp_path / "frames.txt"
    path.write_text("1.png\n2.png\n")
    with path.open() as file, pytest.raises(InputError, match=r"frames\.txt', opened as text; .*'rb'"):
        next(read_frames(file))
