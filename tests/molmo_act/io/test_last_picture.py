"""Streams that state no length: whole ones never count as damaged, ones cut within a picture mostly do."""

from __future__ import annotations

import io
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from molmo_act.errors import InputError
from molmo_act.io import last_picture
from molmo_act.io.frames import read_frames

av = pytest.importorskip("av", reason="needs the extra video")
COUNT, RATE = 12, 25
X264 = [
    {},
    {"preset": "ultrafast", "tune": "zerolatency"},
    {"g": "4", "bf": "3", "x264-params": "open-gop=1:b-pyramid=2"},
    {"x264-params": "slices=3"},
    {"x264-params": "intra-refresh=1:bframes=0"},
    {"x264-params": "cabac=0:interlaced=1:tff=1"},
    {"x264-params": "aud=1:nal-hrd=cbr:vbv-maxrate=400:vbv-bufsize=400", "b": "400000"},
]
MPEG2: list[dict[str, str]] = [{}, {"g": "5", "bf": "2"}, {"flags": "+ildct+ilme", "bf": "2"}]
KINDS = [
    *(("h264", "libx264", options) for options in X264),
    *(("mpeg", "libx264", options) for options in X264[:3]),
    *(("mpegts", "libx264", options) for options in X264[:4]),
    ("nut", "libx264", {}),
    ("hevc", "libx265", {"x265-params": "log-level=none"}),
    ("hevc", "libx265", {"x265-params": "log-level=none:keyint=4:bframes=2"}),
    *(("mpeg2video", "mpeg2video", options) for options in MPEG2),
    *((kind, "mpeg2video", MPEG2[1]) for kind in ("mpeg", "vob", "mpegts", "nut")),
    ("mpeg", "mpeg1video", {"bf": "2"}),
    ("m4v", "mpeg4", {"bf": "2"}),
    ("nut", "mpeg4", {"g": "4"}),
    ("nut", "rawvideo", {}),
    ("nut", "ffv1", {}),
]


def stream_of(format: str, codec: str, options: dict[str, str]) -> bytes:
    """Something that moves, with enough detail for packets of some size."""
    rng = np.random.default_rng(0)
    image = np.kron(rng.integers(0, 255, (12, 16, 3)).astype(np.uint8), np.ones((8, 8, 1), np.uint8))
    content = io.BytesIO()
    with av.open(content, "w", format=format) as container:
        stream: Any = container.add_stream(codec, rate=RATE, options=options)
        stream.width, stream.height, stream.pix_fmt = 128, 96, "yuv420p"
        for index in range(COUNT):
            frame = av.VideoFrame.from_ndarray(np.roll(image, 3 * index, 1), format="rgb24")
            frame = frame.reformat(format="yuv420p")
            frame.pts, frame.time_base = index, Fraction(1, RATE)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return content.getvalue()


def read(content: bytes) -> tuple[int, bool]:
    reader = read_frames(content)
    try:
        return sum(1 for _ in reader), bool(reader.damage)
    except InputError:
        return 0, True


@pytest.mark.parametrize(("format", "codec", "options"), KINDS)
def test_whole_streams_are_whole(format, codec, options):
    assert read(stream_of(format, codec, options)) == (COUNT, False)


@pytest.mark.parametrize(
    "after",
    [b"\0" * 9, b"\0\0\0\1\x0a", b"\0\0\0\1\x0a\0\0\0\1\x0b", b"\0\0\0\1\x0c\xff\xff\xff\x80"],
    ids=["zeros", "end of sequence", "end of stream", "filler"],
)
def test_what_may_stand_at_the_end_is_no_picture(after):
    assert read(stream_of("h264", "libx264", {}) + after) == (COUNT, False)


CUT = [kind for kind in KINDS if kind[1] != "libx265" and kind[2] != X264[-1]]  # that one ends in filler


@pytest.mark.parametrize(("format", "codec", "options"), CUT)
def test_most_cuts_are_noticed(format, codec, options):
    """All but those between two pictures, behind the last, or at the end of a part of one."""
    whole = stream_of(format, codec, options)
    cuts = np.linspace(0.4, 0.98, 25)
    missed = [share for share in cuts if not damaged_or_whole(whole[: int(share * len(whole))])]
    assert len(missed) <= 4, missed


def test_some_cuts_of_bare_hevc_are_noticed():
    """Its decoder takes no notice of the others."""
    whole = stream_of(*KINDS[[kind[0] for kind in KINDS].index("hevc")])
    cuts = np.linspace(0.4, 0.98, 30)
    assert sum(damaged_or_whole(whole[: int(share * len(whole))]) for share in cuts) >= 6


def damaged_or_whole(content: bytes) -> bool:
    count, damaged = read(content)
    return damaged or count == COUNT


def test_what_is_too_long_is_not_judged(monkeypatch):
    whole = stream_of("h264", "libx264", X264[3])
    torn = whole[: int(0.7 * len(whole))]
    assert read(torn)[1]
    monkeypatch.setattr(last_picture, "_MOST_BYTES", 1000)
    assert not read(torn)[1]
