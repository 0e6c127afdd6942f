"""Live sources give their newest frames, and come back after they were lost."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from molmo_act.errors import InputError, MolmoActError
from molmo_act.io.camera import Camera, as_camera, is_live
from molmo_act.io.frames import count_frames, read_frames
from tests.support.rtsp_server import rtsp_server

pytest.importorskip("av", reason="needs the extra video")
pytest.importorskip("cv2", reason="needs the extra video")


def camera_threads() -> int:
    return sum(thread.name == "camera" for thread in threading.enumerate())


@pytest.mark.parametrize("source", [-1, 10**30, True, None, 3.5, b"x", "", np.int64(-2)])
def test_what_is_no_camera(source) -> None:
    """OpenCV ended the process for some of these."""
    with pytest.raises(InputError, match="expected the number of a camera from 0 to 999"):
        Camera(source)


def test_numbers_of_numpy_are_numbers() -> None:
    assert repr(Camera(np.int64(3))) == "Camera(3)"


def test_a_stream_of_the_network() -> None:
    with rtsp_server(500) as server:
        frames = read_frames(server.url, end=1.0)
        found = list(frames)
    times = [time for _, time in found]
    assert len(found) > 5
    assert times[0] == 0.0
    assert np.all(np.diff(times) > 0)
    assert all(frame.shape == (48, 64, 3) and abs(frame.mean() - 120) < 4 for frame, _ in found)
    assert count_frames("rtsp://127.0.0.1/camera") is None


def test_a_slow_reader_gets_the_newest_frame() -> None:
    with rtsp_server(500) as server:
        times = []
        for _, seconds in Camera(server.url):
            times.append(seconds)
            if len(times) == 5:
                break
            time.sleep(0.3)
    assert np.diff(times).min() > 0.2  # and not 1/25 s, one of a queue that grows


def test_a_lost_stream_comes_back_and_times_go_on(caplog) -> None:
    with rtsp_server(15, 500) as server:
        times = []
        for _, seconds in Camera(server.url, wait=0.05):
            times.append(seconds)
            if server.sessions == 2 and len(times) > 30:
                break
    assert server.sessions == 2
    assert np.all(np.diff(times) > 0)
    assert caplog.text.count("was lost") == 1


def test_a_stream_that_stays_away_is_given_up() -> None:
    with rtsp_server(10) as server:
        camera = Camera(server.url, reconnect=2, wait=0.05, timeout=2)
        frames = iter(camera)
        next(frames)
        server.shutdown()
        server.server_close()
        with pytest.raises(InputError, match=r"camera|Camera"):
            for _ in frames:
                pass


def test_without_reconnecting_the_end_is_an_error() -> None:
    with rtsp_server(5) as server, pytest.raises(InputError, match="sends no more frames"):
        list(Camera(server.url, reconnect=0))
    assert server.sessions == 1


def test_a_source_that_was_never_there_is_refused_at_once() -> None:
    began = time.monotonic()
    for source in (97, "/dev/no-video", "rtsp://127.0.0.1:9/camera"):
        with pytest.raises(MolmoActError, match="camera"):
            list(Camera(source, wait=60))
    assert time.monotonic() - began < 20


def test_the_source_is_closed_with_the_iteration() -> None:
    with rtsp_server(500) as server:
        frames = iter(Camera(server.url))
        next(frames)
        assert camera_threads() == 1
        frames.close()
        assert camera_threads() == 0


def test_a_fault_in_the_reading_thread_reaches_the_caller(monkeypatch) -> None:
    def broken(self):
        yield from ()
        raise RuntimeError("a fault")

    monkeypatch.setattr(Camera, "_open", broken)
    with pytest.raises(RuntimeError, match="a fault"):
        list(Camera(0))


def test_what_is_live(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "1").mkdir()  # a folder of images
    for value in (0, "0", 3, "/dev/null", "rtsp://camera", "RTSPS://camera", "udp://0.0.0.0:5", Camera(0)):
        assert is_live(value), value
    for value in (True, "1", "", "clip.mp4", "https://camera/stream", "99999", None, 1.0, b"0", [0], "a\0"):
        assert not is_live(value), value
    assert repr(as_camera("0")) == repr(Camera(0)) == "Camera(0)"
    assert repr(as_camera("/dev/null")) == "Camera('/dev/null')"


def test_a_password_is_not_said() -> None:
    camera = Camera("rtsp://me:s3cret@127.0.0.1:9/a@b", timeout=2)
    assert repr(camera) == "Camera('rtsp://me:…@127.0.0.1:9/a@b')"
    with pytest.raises(InputError) as caught:
        list(camera)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("options", [{"reconnect": -1}, {"wait": -1}, {"timeout": 0}, {"timeout": "1"}])
def test_numbers_out_of_range(options) -> None:
    with pytest.raises(InputError, match=next(iter(options))):
        Camera(0, **options)
