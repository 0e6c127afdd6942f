"""JPEGs that are cut between two scans are told from whole ones without an end marker."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest
from PIL import Image

from molmo_act.errors import ImageError
from molmo_act.io.image import to_rgb
from molmo_act.io.jpeg_scans import has_all_scans

PIXELS = np.random.default_rng(0).integers(0, 255, (40, 60, 3), np.uint8).repeat(3, 0).repeat(3, 1)


def jpeg(mode: str = "RGB", **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(PIXELS).convert(mode).save(buffer, "JPEG", **options)
    return buffer.getvalue()


def scan_starts(content: bytes) -> list[int]:
    return [found.start() for found in re.finditer(rb"\xff\xda", content)]


KINDS = [
    pytest.param(jpeg("L"), 1, id="grey"),
    pytest.param(jpeg(), 1, id="baseline"),
    pytest.param(jpeg(restart_marker_rows=1), 1, id="restarts"),
    pytest.param(jpeg("L", progressive=True), 6, id="grey progressive"),
    pytest.param(jpeg(progressive=True), 10, id="progressive"),
    pytest.param(jpeg("CMYK", progressive=True), 10, id="CMYK progressive"),
]


@pytest.mark.parametrize(("content", "scans"), KINDS)
@pytest.mark.parametrize("end", [0, 1, 2], ids=["whole", "half an end marker", "no end marker"])
def test_whole_files(content, scans, end):
    cut = content[: len(content) - end]
    assert len(scan_starts(content)) >= scans
    assert has_all_scans(cut)
    np.testing.assert_array_equal(to_rgb(cut), to_rgb(content))


@pytest.mark.parametrize(("content", "scans"), KINDS)
def test_files_cut_between_scans(content, scans):
    for start in scan_starts(content):
        assert not has_all_scans(content[:start])
        with pytest.raises(ImageError, match=r"truncated|cannot be read as an image"):
            to_rgb(content[:start])


def test_a_scan_for_each_colour():
    """Sequential files may have them, too: the luminance alone is no whole image."""
    frame = bytes([8, 0, 1, 0, 1, 3, *(1, 0x11, 0), *(2, 0x11, 0), *(3, 0x11, 0)])
    scans = [bytes([1, component, 0, 0, 63, 0]) for component in (1, 2, 3)]
    parts = [segment(0xC0, frame), *(segment(0xDA, scan) + b"\x12\xff\x00\x34" for scan in scans)]
    whole = b"\xff\xd8" + b"".join(parts)
    assert has_all_scans(whole)
    assert not has_all_scans(whole[: -len(parts[-1])])


def segment(marker: int, content: bytes) -> bytes:
    return bytes([0xFF, marker]) + (len(content) + 2).to_bytes(2, "big") + content


def test_anything():
    rng = np.random.default_rng(1)
    content = jpeg(progressive=True)
    for _ in range(300):
        damaged = bytearray(content[: rng.integers(len(content))])
        for place in rng.integers(0, max(len(damaged), 1), 20) if damaged else ():
            damaged[place] = rng.choice([0, 0xFF, 0xDA, 0xC2, 3])
        assert has_all_scans(bytes(damaged)) in (True, False)
