"""What a file is, is told by its content; `point` and `track` use the same test."""

from __future__ import annotations

import io
import sys

import numpy as np
import pytest
from PIL import Image

from molmo_act.io.media_kind import MediaKind, folder_of, is_video, media_kind
from tests.molmo_act.io.test_animation import animated
from tests.support.video_files import shade_image, write_shades

pytest.importorskip("av", reason="needs the extra video")

IMAGE, ANIMATION, VIDEO, FOLDER, UNKNOWN = MediaKind


def still(kind: str) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(shade_image(3)).save(buffer, kind)
    return buffer.getvalue()


@pytest.mark.parametrize("name", ["x", "x.png", "x.mp4", "x.txt"])
def test_names_do_not_count(tmp_path, name: str) -> None:
    path = tmp_path / name
    for kind in ("PNG", "JPEG", "WEBP", "GIF", "TIFF", "AVIF", "BMP", "PPM", "JPEG2000"):
        path.write_bytes(still(kind))
        assert media_kind(path) is media_kind(still(kind)) is IMAGE, kind
    for kind in ("GIF", "WEBP", "PNG", "AVIF"):
        path.write_bytes(animated(kind))
        assert media_kind(path) is media_kind(animated(kind)) is ANIMATION, kind


@pytest.mark.parametrize(
    ("format", "codec"),
    [
        *(
            (name, "libx264")
            for name in ("mp4", "matroska", "avi", "mpegts", "mpeg", "flv", "asf", "nut", "h264")
        ),
        ("hevc", "libx265"),
        ("ivf", "libvpx"),
    ],
)
def test_videos_of_any_name(tmp_path, format: str, codec: str) -> None:
    options = {"x265-params": "log-level=none"} if codec == "libx265" else {}
    for name in ("clip", "clip.png", "clip.txt"):
        path = write_shades(tmp_path / name, 5, format=format, codec=codec, rate=25, options=options)
        assert media_kind(path) is VIDEO
        assert media_kind(path.read_bytes()) is VIDEO
        assert is_video(path)


def test_a_stream_of_jpeg_files_goes_by_its_name(tmp_path) -> None:
    path = write_shades(tmp_path / "clip.mjpeg", 3, codec="mjpeg", format="mjpeg")
    assert media_kind(path) is VIDEO


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"hello, I am text" * 9, UNKNOWN),
        (b"Python is a language, and P3 a printer" * 9, IMAGE),  # begins like a PPM; nothing else it could be
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", UNKNOWN),
        (b"\x89PNG\r\n\x1a\n", IMAGE),  # a damaged one, so that the error speaks of an image
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", IMAGE),
        (b"\0" * 99, UNKNOWN),
        (b"", UNKNOWN),
    ],
)
def test_what_is_neither_or_damaged(tmp_path, content: bytes, expected: MediaKind) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    assert media_kind(path) is expected
    assert not is_video(path)
    damaged = tmp_path / "clip.mp4"  # only here its name counts
    damaged.write_bytes(content)
    assert media_kind(damaged) is VIDEO


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("no such clip.MOV", True),  # so that the error speaks of a video
        ("no such picture.png", False),
        (".", True),  # a folder
        ("", False),
        ("https://example.org/clip", False),
        (np.zeros((4, 4, 3), np.uint8), False),
        (["a.mp4", "b.mp4"], False),  # a batch
        (None, False),
        (0, False),
    ],
)
def test_what_is_a_video(value: object, expected: bool) -> None:
    assert is_video(value) is expected


def test_looking_does_not_use_up_a_file_object(tmp_path) -> None:
    class Pipe(io.RawIOBase):
        reads = 0

        def read(self, size: int = -1) -> bytes:
            self.reads += 1
            return still("PNG")

    pipe = Pipe()
    assert not is_video(pipe)
    assert pipe.reads == 0
    path = write_shades(tmp_path / "clip", 3, format="mp4")
    with path.open("rb") as file:
        assert is_video(file)
        assert is_video(file)


def test_without_pyav_images_are_still_told(tmp_path, monkeypatch) -> None:
    path = write_shades(tmp_path / "clip.mp4", 3)
    monkeypatch.setitem(sys.modules, "av", None)
    assert is_video(path)
    assert media_kind(still("PNG")) is IMAGE
    assert media_kind(animated("WEBP")) is ANIMATION


def test_folders(tmp_path) -> None:
    assert folder_of(tmp_path) == folder_of(str(tmp_path)) == folder_of(tmp_path.as_uri()) == tmp_path
    assert media_kind(tmp_path) is FOLDER
    assert not any(
        map(folder_of, ("", None, 3, "no such folder", "x" * 9999, "a\0b", "file://[bad", "data:,a"))
    )
