"""Frames of real files: turned, in order, at their times, and kept where a file is damaged."""

from __future__ import annotations

import os
import pickle
import struct
import threading
from fractions import Fraction
from http.server import BaseHTTPRequestHandler, HTTPServer

import numpy as np
import pytest

from molmo_act.errors import InputError
from molmo_act.io.damage import Damage
from molmo_act.io.video_decoder import decode_raw, duration, frame_count, is_video_file
from molmo_act.io.video_reader import FramesAt, every_frame, video_duration
from tests.molmo_act.io.test_display_matrix import EIGHT, matrix_of, shown
from tests.molmo_act.io.test_image import turned_file
from tests.support.video_files import SIZE, index_of, shade_image, write_shades

av = pytest.importorskip("av", reason="needs the extra video")

B_FRAMES = {"bf": "3", "b-adapt": "0"}


def read(source, damage: Damage | None = None) -> tuple[list[float], list[int]]:
    """Times and numbers of all frames."""
    frames = list(every_frame(source, damage))
    return [time for time, _ in frames], [index_of(frame) for _, frame in frames]


# --- turning ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", ["mp4", "mov"])
@pytest.mark.parametrize(("turned", "across", "down"), EIGHT)
def test_all_eight_display_matrices(tmp_path, suffix: str, turned: bool, across: int, down: int) -> None:
    corners = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
    corners[:16, :16], corners[:16, -16:], corners[-16:, :16] = 80, 160, 240  # one in four stays black
    matrix = matrix_of(turned, across, down)
    path = tmp_path / f"clip.{suffix}"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=10, options={"crf": "1"})
        (stream.width, stream.height), stream.pix_fmt = SIZE, "yuv420p"
        container.mux(stream.encode(av.VideoFrame.from_ndarray(corners, format="rgb24")))
        container.mux(stream.encode(None))
    content = bytearray(path.read_bytes())
    at = content.index(b"tkhd") + 44  # in the header of the track, big-endian
    content[at : at + 36] = struct.pack(">9i", *matrix)
    path.write_bytes(content)
    [(_, frame)] = every_frame(path)
    expected = shown(corners, matrix)
    assert frame.shape == expected.shape
    assert np.abs(frame.astype(int) - expected).max() < 30
    [at] = FramesAt(path, (0.0,))
    np.testing.assert_array_equal(at, frame)


@pytest.mark.parametrize("orientation", [None, 1, 3, 6, 8])
def test_frames_with_an_exif_block_of_their_own(tmp_path, orientation: int | None) -> None:
    upright = np.zeros((48, 64, 3), np.uint8)
    upright[:, :32] = 200
    path = tmp_path / "clip.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mjpeg", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuvj420p"
        if orientation in (6, 8):
            stream.width, stream.height = 48, 64
        for index in range(3):
            packet = av.Packet(turned_file(orientation or 1, upright, "JPEG"))
            packet.pts = packet.dts = index
            packet.time_base, packet.stream = Fraction(1, 10), stream
            container.mux(packet)
    frames = [frame for _, frame in every_frame(path)]
    assert len(frames) == 3
    assert all(np.abs(frame.astype(int) - upright).max() < 60 for frame in frames)


def test_a_codec_that_ffmpeg_does_not_know(tmp_path) -> None:
    path = write_shades(tmp_path / "clip.mkv", 3)
    path.write_bytes(path.read_bytes().replace(b"V_MPEG4/ISO/AVC", b"V_MPEG9/ISO/AVC"))
    with pytest.raises(InputError, match="does not know"):
        read(path)


# --- times --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "suffix", ["avi", "asf", "wmv", "mxf", "mpg", "mp4", "mkv", "ts", "flv", "nut", "mov"]
)
@pytest.mark.parametrize("options", [{}, B_FRAMES], ids=["without", "with B-frames"])
def test_every_frame_in_order_at_its_time(tmp_path, suffix: str, options: dict[str, str], caplog) -> None:
    path = write_shades(tmp_path / f"clip.{suffix}", 20, rate=25, options=options)
    times, indices = read(path)
    assert indices == list(range(20))
    assert times == pytest.approx(np.arange(20) / 25, abs=2e-3)
    assert video_duration(path) == pytest.approx(20 / 25, abs=0.1)
    assert not caplog.text


@pytest.mark.parametrize("rate", [10, 30])
@pytest.mark.parametrize("options", [{}, B_FRAMES], ids=["without", "with B-frames"])
@pytest.mark.parametrize(("format", "codec"), [("h264", "libx264"), ("hevc", "libx265")])
def test_streams_without_a_container_go_by_their_own_rate(
    tmp_path, format, codec, options, rate, caplog
) -> None:
    if codec == "libx265":
        options = {"x265-params": "log-level=none:bframes=" + ("3" if options else "0")}
    path = write_shades(
        tmp_path / f"clip.{format}", 20, codec=codec, format=format, rate=rate, options=options
    )
    times, indices = read(path)
    assert indices == list(range(20))
    assert times == pytest.approx(np.arange(20) / rate, abs=1e-6)
    assert video_duration(path) == pytest.approx(20 / rate, abs=1e-6)
    assert [index_of(frame) for frame in FramesAt(path, (0.0, 10 / rate))] == [0, 10]
    assert not caplog.text


def test_a_stream_that_says_no_rate_says_so(tmp_path, caplog) -> None:
    options = {"x265-params": "log-level=none:vui-timing-info=0"}
    path = write_shades(tmp_path / "clip.hevc", 5, codec="libx265", format="hevc", options=options)
    times, _ = read(path)
    assert times == pytest.approx(np.arange(5) / 25)
    assert "25 per second are assumed" in caplog.text
    assert len(caplog.records) == 1


# --- damage -------------------------------------------------------------------------------------------------


def with_a_damaged_packet(path, number: int, codec: str = "libx264"):
    """Writes 28 frames, of which one packet, not a keyframe, holds something else."""
    whole = write_shades(path.with_suffix(".whole.mkv"), 28, codec=codec, options={"g": "5", "bf": "0"})
    with av.open(str(whole)) as source, av.open(str(path), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for index, packet in enumerate(p for p in source.demux(video=0) if p.size):
            if index == number:
                broken = av.Packet(b"\x00\x00\x00\x02\x09\xff" * 8)
                broken.pts, broken.dts, broken.time_base = packet.pts, packet.dts, packet.time_base
                packet = broken
            packet.stream = stream
            target.mux(packet)
    return path


@pytest.mark.parametrize("number", [12, 26])
def test_a_damaged_packet_costs_its_own_frames_only(tmp_path, caplog, number: int) -> None:
    path = with_a_damaged_packet(tmp_path / "clip.mkv", number)
    damage = Damage("the clip")
    times, indices = read(path, damage)
    assert times == pytest.approx([index / 10 for index in range(28) if index != number], abs=2e-3)
    assert indices[:number] == list(range(number))
    if number == 12:
        assert indices[14:] == list(range(15, 28))  # right again from the next keyframe on
    assert damage
    assert "cannot be decoded" in str(damage)
    assert caplog.text.count("is damaged") == 1


def test_a_file_whose_end_is_garbage_keeps_what_comes_before(tmp_path, caplog) -> None:
    path = write_shades(tmp_path / "clip.mp4", 28, options={"g": "5", "bf": "0"})
    with av.open(str(path)) as container:
        places = [packet.pos for packet in container.demux(video=0) if packet.size]
    content = bytearray(path.read_bytes())
    content[places[20] : places[27]] = bytes(places[27] - places[20])
    path.write_bytes(bytes(content))
    damage = Damage("the clip")
    _, indices = read(path, damage)
    assert indices[:20] == list(range(20))
    assert damage
    assert "is damaged" in caplog.text
    frames = list(FramesAt(path, (0.0, 1.0, 2.5)))  # what is missing is the last frame that there is
    assert [index_of(frame) for frame in frames[:2]] == [0, 10]
    assert len(frames) == 3


def test_a_file_that_is_damaged_from_its_first_frame_is_refused(tmp_path) -> None:
    path = write_shades(tmp_path / "clip.mp4", 5, options={"bf": "0"})
    content = bytearray(path.read_bytes())
    with av.open(str(path)) as container:
        for packet in container.demux(video=0):
            if packet.size:
                content[packet.pos : packet.pos + packet.size] = b"\x55" * packet.size
    path.write_bytes(bytes(content))
    with pytest.raises(InputError, match="no frame that can be decoded"):
        read(path)


def test_an_intact_file_is_not_called_damaged(tmp_path) -> None:
    damage = Damage("the clip")
    read(write_shades(tmp_path / "clip.mp4"), damage)
    assert not damage
    assert str(damage) == ""


# --- names and content --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["12:30.mp4", "http:x.mp4", "file:x.mp4", "-x.mp4", "%03d.mp4", "a|b ü.mp4"])
def test_names_that_mean_something_to_ffmpeg(tmp_path, monkeypatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    os.rename(write_shades(tmp_path / "clip.mp4", 3), name)
    assert read(name)[1] == [0, 1, 2]
    assert video_duration(name) == pytest.approx(0.3)
    assert [index_of(frame) for frame in FramesAt(name, (0.1,))] == [1]


def test_content_instead_of_a_path(tmp_path) -> None:
    path = write_shades(tmp_path / "clip.mp4", 5)
    content = path.read_bytes()
    assert read(content) == read(path)
    frames = FramesAt(content, (0.0, 0.2))
    assert [index_of(frame) for frame in frames] == [index_of(frame) for frame in frames] == [0, 2]
    assert len(list(pickle.loads(pickle.dumps(frames)))) == 2
    assert frame_count(content, "") == frame_count(path, "") == 5
    with path.open("rb") as file:
        assert read(file) == read(path)


def test_content_reads_no_other_files(tmp_path) -> None:
    clip = write_shades(tmp_path / "clip.ts", 5, rate=25)
    playlist = f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{clip}\n#EXT-X-ENDLIST\n".encode()
    with pytest.raises(InputError):
        read(playlist)
    with pytest.raises(InputError):
        read(b"ffconcat version 1.0\nfile clip.ts\n")


def test_a_playlist_reads_nothing_from_the_network(tmp_path) -> None:
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    playlist = tmp_path / "clip.m3u8"
    playlist.write_text(
        f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://127.0.0.1:{server.server_port}/a.ts\n#EXT-X-ENDLIST\n"
    )
    try:
        for source in (playlist, playlist.read_bytes()):
            with pytest.raises(InputError):
                read(source)
    finally:
        server.shutdown()
        server.server_close()
    assert asked == []


@pytest.mark.parametrize("suffix", [".txt", ".nfo", ".png", ".mp4", ".sdp", ".bin"])
def test_a_text_is_no_video(tmp_path, suffix: str) -> None:
    path = tmp_path / f"notes{suffix}"
    path.write_text("v=0\nhello, I am text\n" * 40)
    assert not is_video_file(path)
    with pytest.raises(InputError, match="not a video"):
        list(decode_raw(path, "notes", Damage("notes")))


# --- covers -------------------------------------------------------------------------------------------------


def call_a_cover(stream) -> None:
    try:
        stream.disposition = av.stream.Disposition.attached_pic
    except (AttributeError, TypeError):
        pytest.skip("this PyAV can read covers, but not write them")


def with_cover(path, videos: int):
    """An MP4 with the cover of an album before its video, or without a video."""
    with av.open(str(path), "w") as container:
        streams = []
        for codec, count in [("mjpeg", 1), ("libx264", videos)][: 2 if videos else 1]:
            stream = container.add_stream(codec, rate=10)
            (stream.width, stream.height), stream.pix_fmt = SIZE, "yuvj420p" if count == 1 else "yuv420p"
            streams.append((stream, count))
        call_a_cover(streams[0][0])
        for stream, count in streams:
            for index in range(count):
                pixels = shade_image(25) if count == 1 else shade_image(index)
                container.mux(
                    stream.encode(av.VideoFrame.from_ndarray(pixels).reformat(format=stream.pix_fmt))
                )
            container.mux(stream.encode(None))
    return path


def test_a_still_cover_is_not_the_video(tmp_path) -> None:
    path = with_cover(tmp_path / "clip.mp4", 5)
    assert read(path)[1] == [0, 1, 2, 3, 4]
    assert duration(path, "") == pytest.approx(0.5)


def test_a_song_with_a_cover_is_no_video(tmp_path) -> None:
    path = tmp_path / "song.m4a"
    with av.open(str(path), "w", format="mp4") as container:
        sound = container.add_stream("aac", rate=16000)
        cover = container.add_stream("mjpeg", rate=1)
        (cover.width, cover.height), cover.pix_fmt = SIZE, "yuvj420p"
        call_a_cover(cover)
        container.mux(cover.encode(av.VideoFrame.from_ndarray(shade_image(9)).reformat(format="yuvj420p")))
        container.mux(cover.encode(None))
        samples = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        samples.sample_rate = 16000
        container.mux(sound.encode(samples))
        container.mux(sound.encode(None))
    assert not is_video_file(path)
    with pytest.raises(InputError, match="only a still cover"):
        read(path)
