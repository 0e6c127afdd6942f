"""MPEG-TS that was joined of whole recordings is whole, and one that lacks packets is not."""

from __future__ import annotations

import io
from fractions import Fraction

import numpy as np
import pytest

from molmo_act.io.frames import read_frames
from molmo_act.io.mpegts import is_only_joined, packet_form
from tests.support.video_files import SIZE, shade_image

av = pytest.importorskip("av", reason="needs the extra video")
PACKET = 188


def segment(first: int, count: int = 10) -> bytes:
    """A recording whose times begin at a frame, at 10 frames per second."""
    content = io.BytesIO()
    with av.open(content, "w", format="mpegts") as container:
        stream = container.add_stream("libx264", rate=10, options={"g": "5", "bf": "0"})
        (stream.width, stream.height), stream.pix_fmt = SIZE, "yuv420p"
        for index in range(first, first + count):
            frame = av.VideoFrame.from_ndarray(shade_image(index), format="rgb24")
            frame = frame.reformat(format="yuv420p")
            frame.pts, frame.time_base = index, Fraction(1, 10)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return content.getvalue()


@pytest.fixture(scope="module")
def parts() -> list[bytes]:
    return [segment(0), segment(10), segment(20)]


def packets(content: bytes) -> np.ndarray:
    return np.frombuffer(content, np.uint8).reshape(-1, PACKET)


def test_joined_recordings_are_whole(parts):
    reader = read_frames(b"".join(parts))
    assert len(list(reader)) == 30
    assert not reader.damage


def test_joined_recordings_of_which_a_packet_is_missing_are_damaged(parts):
    joined = packets(b"".join(parts))
    video = np.flatnonzero(((joined[:, 1] & 31) == 1) & (joined[:, 2] == 0))
    for at in video[2:-1:7]:
        reader = read_frames(np.delete(joined, at, axis=0).tobytes())
        list(reader)
        assert reader.damage, at


@pytest.mark.parametrize("form", [188, 192, 204])
def test_forms_of_packets(parts, form):
    plain = packets(b"".join(parts))
    more = np.zeros((len(plain), form - PACKET), np.uint8)
    content = np.hstack((more, plain) if form == 192 else (plain, more))
    assert packet_form(io.BytesIO(content.tobytes())) == (form, 4 if form == 192 else 0)
    assert is_only_joined(io.BytesIO(content.tobytes()))
    lost = np.delete(content, 8, axis=0)
    assert not is_only_joined(io.BytesIO(lost.tobytes()))


def test_chunks_go_on_from_one_another(parts, monkeypatch):
    monkeypatch.setattr("molmo_act.io.mpegts._CHUNK", 3)
    content = b"".join(parts)
    assert is_only_joined(io.BytesIO(content))
    assert not is_only_joined(io.BytesIO(content[: 8 * PACKET] + content[9 * PACKET :]))


def test_what_is_none():
    assert packet_form(io.BytesIO(b"GGG")) is None
    assert not is_only_joined(io.BytesIO(b"a text"))
    assert not is_only_joined(io.BytesIO((b"G\x80" + bytes(186)) * 5))
