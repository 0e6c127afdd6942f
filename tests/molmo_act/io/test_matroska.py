"""What Matroska and WebM files say they hold is counted, and what is broken in them is found."""

from __future__ import annotations

import io

import numpy as np
import pytest

from molmo_act.io.matroska import ebml_length, stored_frames
from tests.support.video_files import write_shades

av = pytest.importorskip("av", reason="needs the extra video")

HEAD = b"\x1aE\xdf\xa3\x80"
TRACKS = b"\x16T\xaek\x88\xae\x86\xd7\x81\x01\x83\x81\x01"
BLOCK = b"\xa3\x85\x81\0\0\x80x"


def stored(content: bytes):
    return stored_frames(io.BytesIO(content))


def segment(content: bytes, length: bytes | None = None) -> bytes:
    return HEAD + b"\x18S\x80g" + (length or bytes([0x80 | len(content)])) + content


def cluster(content: bytes, length: bytes | None = None) -> bytes:
    return b"\x1fC\xb6u" + (length or bytes([0x80 | len(content)])) + content


@pytest.mark.parametrize(("name", "codec"), [("a.mkv", "libx264"), ("a.webm", "libvpx-vp9")])
def test_files_of_ffmpeg(name, codec, tmp_path):
    found = stored(write_shades(tmp_path / name, 24, codec=codec, options={"g": "6"}).read_bytes())
    assert (found.fault, found.video, found.frames) == ("", [1], {1: 24})


@pytest.mark.parametrize(
    "content",
    [
        segment(TRACKS + cluster(BLOCK + BLOCK)),
        segment(TRACKS + cluster(BLOCK) + cluster(BLOCK)),
        segment(TRACKS + cluster(b"\xa0\x87\xa1" + BLOCK[1:] + BLOCK)),  # a group, and a block
        segment(TRACKS + cluster(BLOCK, b"\xff") + cluster(BLOCK, b"\xff"), b"\xff"),  # a live recording
        segment(TRACKS + cluster(BLOCK, b"\xff") + cluster(BLOCK)),
        segment(TRACKS + b"\xec\x82\0\0" + cluster(BLOCK + b"\xec\x80" + BLOCK)),
        segment(TRACKS + cluster(BLOCK + BLOCK + b"\xa3\x84\x81\0\0\x80")),  # an empty block
    ],
)
def test_whole_files(content):
    found = stored(content)
    assert (found.fault, found.video, found.frames) == ("", [1], {1: 2})


@pytest.mark.parametrize(
    "content",
    [
        segment(TRACKS + cluster(b"\xa3\x85\x82\0\0\x80x")),  # of another track
        segment(TRACKS + cluster(b"\xa3\x86\x81\0\0\x80x")),  # longer than its cluster
        segment(TRACKS + cluster(b"\x5c\x85\x81\0\0\x80x")),  # nothing that is known
        segment(TRACKS + cluster(BLOCK) + bytes(9)),
        segment(TRACKS + cluster(BLOCK, b"\xff")[:-1], b"\xff"),  # cut within a block
        HEAD + b"text",
    ],
)
def test_broken_files(content):
    assert stored(content).fault


def test_lengths():
    assert ebml_length(io.BytesIO(b"..\x40\x02"), 2) == (2, 4)
    assert ebml_length(io.BytesIO(b"\xff"), 0) == (0, 1)
    assert ebml_length(io.BytesIO(b""), 0) == (0, 1)


def test_anything():
    rng = np.random.default_rng(0)
    good = segment(TRACKS + cluster(BLOCK + BLOCK))
    for _ in range(500):
        content = bytearray(good)
        content[rng.integers(len(good))] = rng.integers(256)
        stored(bytes(content[: rng.integers(len(good) + 1)]) + rng.bytes(rng.integers(9)))
