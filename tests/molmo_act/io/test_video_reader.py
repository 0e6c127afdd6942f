"""Frames taken out of real video files, written here."""

from __future__ import annotations

import struct
import sys
from fractions import Fraction

import numpy as np
import pytest

from molmo_act.errors import InputError, MissingExtraError
from molmo_act.io.video_reader import FramesAt, every_frame, video_duration

av = pytest.importorskip("av", reason="needs the extra video")

SHADES = [10, 60, 110, 160, 210]


def write_video(path, times, shades=SHADES, size=(64, 48), suffix_codec="mpeg4", form="yuv420p", seconds=0.0):
    """One grey frame per moment; the left half is 30 brighter, so that turning shows."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(suffix_codec, rate=30)
        stream.width, stream.height, stream.pix_fmt = *size, form
        stream.codec_context.time_base = Fraction(1, 1000)
        for time, shade in zip(times, shades, strict=True):
            pixels = np.full((size[1], size[0], 3), shade, np.uint8)
            pixels[:, : size[0] // 2] += 30
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = round(time * 1000), Fraction(1, 1000)
            for packet in stream.encode(frame):
                packet.duration = round(seconds / packet.time_base)
                container.mux(packet)
        container.mux(stream.encode(None))
    return path


def shades(frames):
    """The nearest shade of the right half of each frame."""
    return [min(SHADES, key=lambda shade: abs(shade - frame[:, -8:].mean())) for frame in frames]


def test_the_frame_on_show_is_taken(tmp_path):
    # uneven spacing: the times of the file count, not the number of the frame
    path = write_video(tmp_path / "clip.mp4", [0.0, 0.1, 0.5, 0.6, 1.0])
    frames = FramesAt(path, (0.0, 0.05, 0.1, 0.49, 0.5, 0.59, 0.99, 1.0, 7.0))
    assert shades(frames) == [10, 10, 60, 60, 110, 110, 160, 210, 210]
    assert [frame.shape for frame in frames] == [(48, 64, 3)] * len(frames)
    assert all(frame.dtype == np.uint8 for frame in frames)


def test_duration(tmp_path):
    assert video_duration(write_video(tmp_path / "clip.mp4", [0.0, 0.5, 1.0, 1.5, 2.0])) == pytest.approx(
        2, abs=0.6
    )


def test_duration_counts_from_the_first_frame_and_not_from_the_clock_of_the_file(tmp_path):
    times = [100.0, 100.5, 101.0, 101.5, 102.0]
    path = write_video(tmp_path / "clip.mkv", times)
    assert video_duration(path) == pytest.approx(2, abs=0.6)
    assert [time for time, _ in every_frame(path)] == pytest.approx([0, 0.5, 1, 1.5, 2], abs=1e-3)


def test_frames_that_change_their_size_are_refused_where_one_size_is_needed(tmp_path):
    small = write_video(tmp_path / "small.mjpeg", [0.0], [10], suffix_codec="mjpeg", form="yuvj420p")
    large = write_video(tmp_path / "large.mjpeg", [0.0], [60], (128, 96), "mjpeg", "yuvj420p")
    joined = tmp_path / "joined.mjpeg"
    joined.write_bytes(small.read_bytes() + large.read_bytes())
    frames = FramesAt(joined, (0.0, 1.0))
    with pytest.raises(InputError, match="change their size"):
        list(frames)
    assert [frame.shape[:2] for _, frame in every_frame(joined)] == [(48, 64), (96, 128)]


@pytest.mark.parametrize("times", [[0.0, 5.0, 10.0], [0.0]])
def test_images_that_are_shown_for_long_are_no_cut_off_file(tmp_path, caplog, times):
    path = write_video(tmp_path / "clip.mp4", times, SHADES[: len(times)], seconds=5)
    assert len(list(every_frame(path))) == len(times)
    assert not caplog.text


def test_a_file_that_was_cut_off_says_so(tmp_path, caplog):
    path = write_video(tmp_path / "clip.mkv", np.arange(50) / 10, SHADES * 10)
    assert len(list(every_frame(path))) == 50
    assert not caplog.text
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    assert len(list(every_frame(path))) < 50
    assert "may be cut off" in caplog.text
    assert video_duration(path) < 4  # of what is there


@pytest.mark.parametrize(
    ("form", "shown"), [("gray", 60), ("gray16le", 60), ("gbrp16le", 60), ("yuv420p10le", 60), ("bgra", 255)]
)
def test_forms_of_pixels(tmp_path, form, shown):
    """Grey, 16 bits and 10 bits are shown as they are, and what is transparent lies on white."""
    pixels = np.full((48, 64, 4), (60, 60, 60, 0), np.uint8)
    with av.open(str(tmp_path / "clip.mkv"), "w") as container:
        stream = container.add_stream("ffv1", rate=30)
        stream.width, stream.height, stream.pix_fmt = 64, 48, form
        frame = av.VideoFrame.from_ndarray(pixels if form == "bgra" else pixels[..., :3].copy(),
                                           format="rgba" if form == "bgra" else "rgb24")  # fmt: skip
        container.mux(stream.encode(frame.reformat(format=form)))
        container.mux(stream.encode(None))
    [(_, frame)] = every_frame(tmp_path / "clip.mkv")
    assert (frame.shape, frame.dtype) == ((48, 64, 3), np.uint8)
    assert abs(frame.mean() - shown) < 3


def test_a_video_recorded_sideways_is_turned_upright(tmp_path):
    path = write_video(tmp_path / "clip.mp4", [0.0, 0.1, 0.2, 0.3, 0.4])
    content = bytearray(path.read_bytes())
    matrix = content.index(b"tkhd") + 44  # the display matrix of the track header, 16.16 fixed point
    quarter_turn_clockwise = struct.pack(">9i", 0, 1 << 16, 0, -1 << 16, 0, 0, 48 << 16, 0, 1 << 30)
    content[matrix : matrix + 36] = quarter_turn_clockwise
    path.write_bytes(content)

    (frame,) = FramesAt(path, (0.0,))
    assert frame.shape == (64, 48, 3)
    assert frame[:20].mean() > frame[-20:].mean() + 20, "the bright left half must now be on top"


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "does not exist"), (b"", "is empty"), (b"a text, not a film" * 50, "not a video")],
)
def test_what_is_no_video_is_refused(tmp_path, content, message):
    path = tmp_path / "clip.mp4"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=message):
        list(FramesAt(path, (0.0,)))


def test_a_sound_file_is_refused(tmp_path):
    path = tmp_path / "sound.wav"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), layout="mono")
        frame.sample_rate = 8000
        container.mux(stream.encode(frame))
    with pytest.raises(InputError, match="no video stream"):
        video_duration(path)


def test_without_pyav_the_extra_is_named(tmp_path, monkeypatch):
    write_video(tmp_path / "clip.mp4", [0.0], [10])
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(MissingExtraError, match=r"\[video\]"):
        video_duration(tmp_path / "clip.mp4")


def test_the_longer_sound_of_a_video_is_no_damage(tmp_path, caplog):
    path = tmp_path / "clip.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        sound = container.add_stream("pcm_s16le", rate=8000)
        samples = av.AudioFrame.from_ndarray(np.zeros((1, 8000 * 5), np.int16), layout="mono")
        samples.sample_rate = 8000
        for shade in SHADES:
            image = av.VideoFrame.from_ndarray(np.full((48, 64, 3), shade, np.uint8), format="rgb24")
            container.mux(stream.encode(image))
        container.mux(stream.encode(None))
        container.mux(sound.encode(samples))
        container.mux(sound.encode(None))
    frames = FramesAt(path, (0.0, 0.2, 9.0))
    assert shades(frames) == [10, 110, 210]
    assert not frames.damage
    assert not caplog.text
