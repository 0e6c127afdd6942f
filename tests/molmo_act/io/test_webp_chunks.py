"""What is left of an animated WebP that was cut off becomes a whole file."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from molmo_act.io.webp_chunks import without_torn_frame


@pytest.fixture(scope="module")
def whole() -> bytes:
    rng = np.random.default_rng(0)
    first, *others = (Image.fromarray(rng.integers(0, 255, (24, 32, 3), np.uint8)) for _ in range(5))
    buffer = io.BytesIO()
    first.save(buffer, "WEBP", save_all=True, append_images=others, duration=100, lossless=True)
    return buffer.getvalue()


def test_a_cut_gives_the_frames_before_it(whole):
    counts = []
    for length in range(len(whole) // 4, len(whole), 97):
        kept = without_torn_frame(whole[:length])
        assert kept is not None
        with Image.open(io.BytesIO(kept)) as image:
            counts.append(image.n_frames)
            for index in range(image.n_frames):
                image.seek(index)
                image.load()
    assert counts == sorted(counts)
    assert set(counts) == {1, 2, 3, 4}


def test_what_is_left_alone(whole):
    still = io.BytesIO()
    Image.new("RGB", (8, 8)).save(still, "WEBP")
    for content in (whole, b"", b"RIFF", b"text" * 9, still.getvalue()[:-2], whole[:60]):
        assert without_torn_frame(content) is None
