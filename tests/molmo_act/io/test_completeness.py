"""Files that lose frames without a word of the decoder say so."""

from __future__ import annotations

from itertools import islice

import pytest

from molmo_act.io.completeness import has_disposition, open_content
from molmo_act.io.frames import read_frames
from tests.support.video_files import write_shades

av = pytest.importorskip("av", reason="needs the extra video")
COUNT = 24


def read(content: bytes) -> tuple[int, bool]:
    reader = read_frames(content)
    return sum(1 for _ in reader), bool(reader.damage)


@pytest.fixture(scope="module", params=[("a.mkv", "libx264"), ("a.webm", "libvpx-vp9")], ids=["mkv", "webm"])
def video(request, tmp_path_factory) -> bytes:
    name, codec = request.param
    path = tmp_path_factory.mktemp("video") / name
    return write_shades(path, COUNT, codec=codec, options={"g": "6"}).read_bytes()


def blocks_of(video: bytes) -> list[int]:
    """Where the blocks of the one track begin; their times and flags follow."""
    first = video.index(b"\x1fC\xb6u")
    return [at for at in range(first, len(video) - 4) if video[at] == 0xA3 and 0x81 in video[at + 2 : at + 4]]


def test_one_byte_never_loses_frames_without_a_word(video):
    assert read(video) == (COUNT, False)
    lost = 0
    for at in islice(blocks_of(video), 1, None, 3):
        for place in (at, at + 1, at + 2):  # the id, the length, the track
            broken = bytearray(video)
            broken[place] ^= 0xFF
            count, damaged = read(bytes(broken))
            assert damaged or count == COUNT, place
            lost += count < COUNT
    assert lost


@pytest.mark.parametrize("begin", [-300, -120])
def test_a_part_that_is_overwritten_is_damage(video, begin):
    broken = bytearray(video)
    broken[begin : begin + 100] = bytes(100)
    count, damaged = read(bytes(broken))
    assert damaged or count == COUNT


def test_files_and_their_content(tmp_path):
    path = write_shades(tmp_path / "a.mkv", 2)
    with open_content(path) as file, open_content(path.read_bytes()) as content:
        assert file.read() == content.read()
    with av.open(str(path)) as container:
        assert not has_disposition(container.streams.video[0], "default", "attached_pic")
