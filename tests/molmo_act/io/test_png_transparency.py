"""PNG with a transparent colour or palette, of any depth: white there, the stored colour elsewhere."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from molmo_act.io.image import to_rgb
from molmo_act.io.video_reader import every_frame


def png_of(
    kind: int, bits: int, rows: list[list[int]], clear: bytes, palette: np.ndarray | None = None
) -> bytes:
    """A PNG of a colour type (0 grey, 2 colour, 3 palette) and depth; rows of samples, and its tRNS."""
    width = len(rows[0]) // (3 if kind == 2 else 1)
    lines = ["".join(f"{sample:0{bits}b}" for sample in row) for row in rows]
    padded = [line + "0" * (-len(line) % 8) for line in lines]
    data = b"".join(b"\0" + int(line, 2).to_bytes(len(line) // 8, "big") for line in padded)
    chunks = {
        b"IHDR": struct.pack(">IIBBBBB", width, len(rows), bits, kind, 0, 0, 0),
        **({} if palette is None else {b"PLTE": palette.astype(np.uint8).tobytes()}),
        b"tRNS": clear,
        b"IDAT": zlib.compress(data),
        b"IEND": b"",
    }
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(name, data) for name, data in chunks.items())


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def every_way(content: bytes, folder: Path) -> list[np.ndarray]:
    """The pixels of a file by its content, its path, and by Pillow: before and after it decodes."""
    (folder / "a.png").write_bytes(content)
    image = Image.open(io.BytesIO(content))
    return [to_rgb(given) for given in (content, folder / "a.png", image, image)]


GREYS = [
    *((bits, clear) for bits in (1, 2, 4, 8) for clear in (0, 1, 2, 3, 9, 15) if clear < 2**bits),
    *((2, 9), (4, 0x105), (8, 0x105)),  # bits beyond those of a sample do not count
]


@pytest.mark.parametrize(("bits", "clear"), GREYS)
def test_a_transparent_grey_of_few_bits_is_laid_on_white(bits: int, clear: int, tmp_path) -> None:
    most = 2**bits - 1
    rows = np.array([np.arange(16), np.arange(16)[::-1]]) & most
    expected = np.where(rows == clear & most, 255, rows * 255 // most)
    content = png_of(0, bits, rows.tolist(), struct.pack(">H", clear))
    for found in every_way(content, tmp_path):
        assert np.array_equal(found, np.repeat(expected[..., None], 3, axis=2))


@pytest.mark.parametrize("entries", [1, 2, 3, 4])
@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_transparent_entries_of_a_palette_are_laid_on_white(bits: int, entries: int, tmp_path) -> None:
    rng = np.random.default_rng(bits)
    size = min(2**bits, 16)
    colors, alpha = rng.integers(0, 256, (size, 3)), np.full(size, 255)
    alpha[:entries] = rng.choice([0, 51, 255], entries)[:size]
    rows = np.arange(2 * 15).reshape(2, 15) % size  # of a width that fills no byte
    opacity = alpha[rows][..., None]
    expected = (colors[rows] * opacity + 255 * (255 - opacity) + 127) // 255
    clear = alpha[:entries].astype(np.uint8).tobytes()
    for found in every_way(png_of(3, bits, rows.tolist(), clear, colors), tmp_path):
        assert np.array_equal(found, expected)


def test_a_transparent_colour_of_8_bit_is_laid_on_white(tmp_path) -> None:
    content = png_of(2, 8, [[1, 2, 3, 3, 2, 1, 1, 2, 4]], struct.pack(">3H", 1, 2, 3))
    for found in every_way(content, tmp_path):
        assert found.tolist() == [[[255, 255, 255], [3, 2, 1], [1, 2, 4]]]


def test_an_animated_png_of_few_bits(tmp_path) -> None:
    first = png_of(0, 4, [[0, 5, 15]], struct.pack(">H", 5))
    marks = [at for at in range(len(first)) if first[at : at + 4] in (b"IDAT", b"IEND")]
    before, data = first[: marks[0] - 4], first[marks[0] + 4 : marks[1] - 8]
    shown = struct.pack(">IIIIHHBB", 3, 1, 0, 0, 1, 10, 0, 0)
    content = b"".join(
        [
            before,
            chunk(b"acTL", struct.pack(">II", 3, 0)),
            chunk(b"fcTL", struct.pack(">I", 0) + shown),
            chunk(b"IDAT", data),
            *(
                chunk(b"fcTL", struct.pack(">I", index) + shown)
                + chunk(b"fdAT", struct.pack(">I", index + 1) + data)
                for index in (1, 3)
            ),
            chunk(b"IEND", b""),
        ]
    )
    (tmp_path / "a.png").write_bytes(content)
    with Image.open(tmp_path / "a.png") as image:
        frames = []
        for index in range(3):
            image.seek(index)
            frames.append(to_rgb(image)[0, :, 0].tolist())
    assert frames == [[0, 255, 255]] * 3
    assert [pixels[0, :, 0].tolist() for _, pixels in every_frame(tmp_path / "a.png")] == frames


def png_of_16_bit(colors: int, samples: list[int], clear: list[int]) -> bytes:
    """A PNG of one row, with the samples of one colour that is transparent."""
    return png_of(0 if colors == 1 else 2, 16, [samples], struct.pack(f">{colors}H", *clear))


def test_transparent_colours_of_16_bit_are_laid_on_white() -> None:
    grey = png_of_16_bit(1, [20_000, 257], [20_000])
    assert to_rgb(grey)[0, :, 0].tolist() == [255, 1]
    color = png_of_16_bit(3, [20_000, 30_000, 40_000, 257, 514, 771], [20_000, 30_000, 40_000])
    assert to_rgb(color).tolist() == [[[255, 255, 255], [1, 2, 3]]]
