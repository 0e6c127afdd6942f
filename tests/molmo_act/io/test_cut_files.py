"""Files that are cut off say so, in every format that states its length, and whole ones never do."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from molmo_act.errors import InputError
from molmo_act.io.cut_files import is_cut_off
from molmo_act.io.frames import read_frames
from tests.support.video_files import write_shades

av = pytest.importorskip("av", reason="needs the extra video")

CODECS = {
    "a.avi": "mpeg4",
    "b.avi": "libx264",
    "a.mkv": "libx264",
    "b.mkv": "mpeg4",
    "a.webm": "libvpx-vp9",
    "a.ts": "libx264",
    "b.ts": "mpeg2video",
    "a.wmv": "wmv2",
    "a.y4m": "wrapped_avframe",
}
ASF = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c") + (122).to_bytes(8, "little") + bytes(6)
PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
ANIMATED = ("webp", "avif", "gif", "png")


def noise(count: int) -> list[Image.Image]:
    rng = np.random.default_rng(0)
    return [Image.fromarray(rng.integers(0, 255, (48, 64, 3), np.uint8)) for _ in range(count)]


def content_of(name: str, folder) -> bytes:
    path = folder / name
    if name in CODECS:
        return write_shades(path, 24, codec=CODECS[name], options={"g": "6"}).read_bytes()
    first, *others = noise(4)
    first.save(path, save_all=True, append_images=others, duration=100)
    return path.read_bytes()


def damage_of(path) -> bool:
    """Whether reading a file says that it is damaged, or fails, as one that has nothing at its beginning."""
    try:
        reader = read_frames(path)
        assert len(list(reader))
    except InputError:
        return True
    return bool(reader.damage)


@pytest.mark.parametrize("name", [*CODECS, *(f"a.{kind}" for kind in ANIMATED)])
def test_files_cut_anywhere_are_damaged(name, tmp_path):
    whole = content_of(name, tmp_path)
    assert not is_cut_off(whole)
    assert not is_cut_off(tmp_path / name)
    assert not damage_of(tmp_path / name)
    for share in (0.6, 0.8, 0.95):
        (tmp_path / name).write_bytes(whole[: int(share * len(whole))])
        assert damage_of(tmp_path / name), share


def test_a_cut_mp4_whose_index_comes_first(tmp_path):
    path = write_shades(tmp_path / "a.mp4", 24, options={"g": "6"})
    with av.open(str(path)) as source, av.open(
        str(tmp_path / "b.mp4"), "w", options={"movflags": "faststart"}
    ) as target:  # fmt: skip
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    whole = (tmp_path / "b.mp4").read_bytes()
    assert not is_cut_off(whole)
    (tmp_path / "b.mp4").write_bytes(whole[:-60])
    assert is_cut_off(tmp_path / "b.mp4")
    assert damage_of(tmp_path / "b.mp4")


@pytest.mark.parametrize("second", [1.0, 0.5])
def test_joined_recordings_lose_what_goes_back_in_time(second, tmp_path):
    part = content_of("b.ts", tmp_path)
    kept = int(second * len(part)) // 188 * 188
    (tmp_path / "joined.ts").write_bytes(part[:kept] + part)
    reader = read_frames(tmp_path / "joined.ts")
    assert not reader.damage
    assert len(list(reader)) < 48
    assert reader.damage


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"RIFF",
        b"RIFF\0\0\0\0AVI ",  # never finished
        b"RIFF\xff\xff\xff\xffAVI ",
        b"RIFF\x05\0\0\0AVI x",  # without the byte that fills up
        b"\x1aE\xdf\xa3",
        b"\x1aE\xdf\xa3\x82ab\x18S\x80g\xffxyz",  # of unknown length
        b"\x1aE\xdf\xa3\x82ab\x18S\x80g\x83xyz",
        b"\x1aE\xdf\xa3\x82abother",
        b"\0\0\0\x08ftyp\0\0\0\0mdat" + bytes(99),  # up to the end
        b"\0\0\0\x08ftyp<html>, and so on",
        b"\0\0\0\x08ftyp\0\0\0\x03mdat",
        b"G" * 188 * 4,
        b"a text",
        b"YUV4MPEG2 W2 H2 Cnew\nFRAME\n1",
        b"YUV4MPEG2 W2 Hx\nFRAME\n1",
        b"YUV4MPEG2 W3 H2 C420jpeg XYSCSS=420JPEG\nFRAME\n" + bytes(10) + b"FRAME Ip\n" + bytes(10),
        b"YUV4MPEG2 W3 H2 C422\nFRAME\n" + bytes(14),
        b"YUV4MPEG2 W3 H2 C444alpha\nFRAME\n" + bytes(24),
        b"YUV4MPEG2 W3 H2 Cmono\nFRAME\n" + bytes(6),
        b"YUV4MPEG2 W3 H2 Cmono10\nFRAME\n" + bytes(12),
        b"YUV4MPEG2 W3 H2 C420p10\nFRAME\n" + bytes(20),
        ASF + bytes(62),
        ASF + PROPERTIES + bytes(24) + (500).to_bytes(8, "little") + bytes(40) + b"\1\0\0\0",  # a broadcast
        ASF + PROPERTIES + bytes(24) + (122).to_bytes(8, "little") + bytes(40) + bytes(4),
    ],
)
def test_whole_or_unknown(content, tmp_path):
    assert not is_cut_off(content)
    (tmp_path / "a").write_bytes(content)
    assert not is_cut_off(tmp_path / "a")


@pytest.mark.parametrize(
    "content",
    [
        b"RIFF\x09\0\0\0AVI x",
        b"\x1aE\xdf\xa3\x82ab\x18S\x80g\x84xyz",
        b"\0\0\0\x08ftyp\0\0\0\x18mdat" + bytes(15),
        b"\0\0\0\x08ftyp\0\0\0\1mdat" + (17 + 99).to_bytes(8, "big") + bytes(99),
        (b"G" + bytes(187)) * 4 + b"G",
        (bytes(4) + b"G" + bytes(187)) * 4 + b"1234",
        b"YUV4MPEG2 W3 H2\nFRAME\n" + bytes(9),
        b"YUV4MPEG2 W3 H2\nFRAME\n" + bytes(10) + b"FRA",
        b"YUV4MPEG2 W3 H2 C420p10\nFRAME\n" + bytes(19),
        ASF + PROPERTIES + bytes(24) + (123).to_bytes(8, "little") + bytes(40) + bytes(4),
    ],
)
def test_cut_off(content):
    assert is_cut_off(content)


def test_anything():
    rng = np.random.default_rng(0)
    starts = [b"RIFF", b"\x1aE\xdf\xa3", b"\0\0\0\x08ftyp", b"G", ASF, b"YUV4MPEG2 W2 H2\nFRAME"]
    for _ in range(500):
        content = starts[rng.integers(len(starts))] + rng.bytes(rng.integers(60))
        assert is_cut_off(content) in (True, False)
    assert is_cut_off(io.BytesIO(b"x").getvalue()) is False
