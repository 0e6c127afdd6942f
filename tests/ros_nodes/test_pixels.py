"""Camera messages to pixels: exact values, and one clear error for each way to be wrong."""

from __future__ import annotations

import array
import io
import sys

import numpy as np
import pytest
from PIL import Image as Pictures

pytest.importorskip("sensor_msgs", reason="needs the extra ros")
from sensor_msgs.msg import CompressedImage, Image

from molmo_act.errors import ImageError, MissingExtraError
from ros_nodes import pixels

RGB = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
ALPHA = np.full((2, 3, 1), 77, np.uint8)


def image(sent: np.ndarray, layout: str, padding: int = 0, **fields: object) -> Image:
    """A message of the pixels (rows, columns, channels), rows padded with bytes of 200."""
    rows = sent.reshape(len(sent), -1).view(np.uint8)
    padded = np.pad(rows, ((0, 0), (0, padding)), constant_values=200)
    message = Image(height=sent.shape[0], width=sent.shape[1], encoding=layout, step=padded.shape[1])
    message.data = array.array("B", padded.tobytes())
    for name, value in fields.items():
        setattr(message, name, value)
    return message


def file(picture: Pictures.Image | np.ndarray, kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    drawn = Pictures.fromarray(picture) if isinstance(picture, np.ndarray) else picture
    drawn.save(stream, kind, **options)
    return stream.getvalue()


def compressed(data: bytes, kind: str = "jpeg") -> CompressedImage:
    return CompressedImage(format=kind, data=array.array("B", data))


@pytest.mark.parametrize("padding", [0, 5])
@pytest.mark.parametrize(
    ("encoding", "sent", "expected"),
    [
        ("rgb8", RGB, RGB),
        ("bgr8", RGB[..., ::-1], RGB),
        ("rgba8", np.concatenate([RGB, ALPHA], axis=2), RGB),  # alpha is ignored
        ("bgra8", np.concatenate([RGB[..., ::-1], ALPHA], axis=2), RGB),
        ("mono8", RGB[..., :1], RGB[..., [0, 0, 0]]),  # grey in all three channels
        ("8UC1", RGB[..., :1], RGB[..., [0, 0, 0]]),
        ("8UC3", RGB[..., ::-1], RGB),  # OpenCV's order
    ],
)
def test_image_of_every_encoding_and_with_padded_rows(encoding, sent, expected, padding):
    rgb = pixels.image_to_rgb(image(sent, encoding, padding))
    np.testing.assert_array_equal(rgb, expected)
    assert rgb.dtype == np.uint8
    assert rgb.flags.c_contiguous
    assert rgb.flags.writeable, "torch warns of read-only memory"


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize(
    ("encoding", "channels", "expected"),
    [
        ("mono16", [0], RGB[..., [0, 0, 0]]),
        ("rgb16", [0, 1, 2], RGB),
        ("bgr16", [2, 1, 0], RGB),
        ("rgba16", [0, 1, 2, 0], RGB),
    ],
)
def test_of_sixteen_bits_the_high_byte_counts(encoding, channels, expected, order):
    deep = (RGB.astype(np.uint16) * 256 + 201).astype(f"{order}u2")
    message = image(np.ascontiguousarray(deep[..., channels]), encoding, 4, is_bigendian=int(order == ">"))
    np.testing.assert_array_equal(pixels.image_to_rgb(message), expected)


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("order", ["rggb", "bggr", "gbrg", "grbg"])
def test_mosaic_of_one_colour_is_that_colour(order, bits):
    pytest.importorskip("cv2", reason="needs the extra ros")
    mosaic = np.empty((6, 8, 1), f"<u{bits // 8}")
    for place, letter in enumerate(order):  # rows from the top, in each from the left
        mosaic[place // 2 :: 2, place % 2 :: 2] = {"r": 200, "g": 100, "b": 50}[letter] << (bits - 8)
    rgb = pixels.image_to_rgb(image(mosaic, f"bayer_{order}{bits}", 2))
    assert (rgb == (200, 100, 50)).all()


def test_mosaic_of_odd_size_is_refused():
    pytest.importorskip("cv2", reason="needs the extra ros")
    with pytest.raises(ImageError, match="5 × 4 pixels; expected even numbers"):
        pixels.image_to_rgb(image(np.zeros((4, 5, 1), np.uint8), "bayer_rggb8"))


@pytest.mark.parametrize(
    ("encoding", "four_bytes"),  # of two neighbouring pixels, of a strong red: Y 81, U 90, V 240
    [
        ("yuv422", (90, 81, 240, 81)),
        ("uyvy", (90, 81, 240, 81)),
        ("yuv422_yuy2", (81, 90, 81, 240)),
        ("yuyv", (81, 90, 81, 240)),
    ],
)
def test_yuv_of_red_is_red(encoding, four_bytes):
    pytest.importorskip("cv2", reason="needs the extra ros")
    sent = np.tile(np.array(four_bytes, np.uint8).reshape(1, 2, 2), (3, 2, 1))
    rgb = pixels.image_to_rgb(image(sent, encoding))
    np.testing.assert_allclose(rgb, np.broadcast_to((254, 0, 0), (3, 4, 3)), atol=2)


def test_without_opencv_a_mosaic_names_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(MissingExtraError, match=r'bayer_rggb8.*pip install "molmo-act\[ros\]"'):
        pixels.image_to_rgb(image(np.zeros((4, 4, 1), np.uint8), "bayer_rggb8"))


def test_either_kind_of_message_is_read():
    np.testing.assert_array_equal(pixels.to_rgb(image(RGB, "rgb8")), RGB)
    np.testing.assert_array_equal(pixels.to_rgb(compressed(file(RGB, "PNG"))), RGB)


def test_byte_order_does_not_matter_for_bytes():
    np.testing.assert_array_equal(pixels.image_to_rgb(image(RGB, "rgb8", is_bigendian=1)), RGB)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"encoding": "16UC1"}, "encoding '16UC1'; expected one of rgb8, bgr8, rgba8, bgra8, mono8"),
        ({"encoding": ""}, "encoding ''; expected one of"),
        ({"width": 0}, "0 × 2 pixels; expected at least 1 × 1"),
        ({"height": 0}, "3 × 0 pixels; expected at least 1 × 1"),
        ({"step": 8}, "step 8; 3 pixels of rgb8 need at least 9"),  # rows would overlap
        ({"step": 0}, "step 0; 3 pixels of rgb8 need at least 9"),
        ({"step": 12}, "18 bytes of data; expected 24 (2 rows of step 12)"),  # says padding, has none
        ({"data": array.array("B")}, "0 bytes of data; expected 18"),
        ({"data": array.array("B", bytes(17))}, "17 bytes of data; expected 18"),
        ({"data": array.array("B", bytes(19))}, "19 bytes of data; expected 18"),
        ({"width": 2**32 - 1}, "step 9; 4294967295 pixels of rgb8 need at least"),
    ],
)
def test_image_with_a_fault_says_which(fields, told):
    with pytest.raises(ImageError) as caught:
        pixels.image_to_rgb(image(RGB, "rgb8", **fields))
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("picture", "kind", "expected"),
    [
        (RGB, "PNG", RGB),
        (RGB[..., 0], "PNG", RGB[..., [0, 0, 0]]),  # grey
        (np.concatenate([RGB, ALPHA], axis=2), "PNG", RGB),  # alpha is ignored
        (Pictures.fromarray(RGB[..., 0]).convert("1"), "PNG", np.zeros_like(RGB)),  # bits
        (Pictures.fromarray(RGB).quantize(6), "PNG", RGB),  # palette of all six colours
        (RGB, "WEBP", RGB),  # lossless below
        (RGB[..., 0].astype(np.uint16) * 256 + 7, "PNG", RGB[..., [0, 0, 0]]),  # 16 bits: the high byte
    ],
)
def test_compressed_image_of_every_kind(picture, kind, expected):
    options = {"lossless": True} if kind == "WEBP" else {}
    rgb = pixels.compressed_to_rgb(compressed(file(picture, kind, **options), kind))
    np.testing.assert_array_equal(rgb, expected)
    assert rgb.flags.writeable


def test_jpeg_is_close_and_its_exif_orientation_is_not_applied():
    wide = np.zeros((16, 64, 3), np.uint8)
    wide[:, 32:] = (250, 30, 30)
    exif = Pictures.Exif()
    exif[0x0112] = 6  # to be shown rotated by 90 degrees
    rgb = pixels.compressed_to_rgb(compressed(file(wide, "JPEG", quality=95, exif=exif)))
    assert np.abs(rgb.astype(int) - wide).mean() < 4
    assert rgb.shape == wide.shape


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "holds no data"),
        (b"\0" * 100, "unknown file format"),
        (file(np.zeros((64, 64, 3), np.uint8), "JPEG")[:400], "cannot be decoded"),  # truncated in its tables
        (file(np.zeros((64, 64, 3), np.uint8), "JPEG")[:-20], "truncated"),
        (file(np.zeros((64, 64, 3), np.uint8), "PNG")[:-20], "cannot be decoded"),
        (file(np.zeros((4, 4, 3), np.uint8), "TIFF"), "unknown file format"),
        (file(Pictures.new("1", (20_000, 20_000)), "PNG"), "cannot be decoded"),  # a decompression bomb
    ],
)
def test_compressed_image_with_a_fault_says_which(data, told):
    with pytest.raises(ImageError) as caught:
        pixels.compressed_to_rgb(compressed(data))
    assert told in str(caught.value)
    assert "0x" not in str(caught.value), "an address tells a reader nothing"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_damaged_files_raise_nothing_but_image_errors(kind):
    rng = np.random.default_rng(5)
    whole = file(rng.integers(0, 255, (24, 24, 3), np.uint8), kind)
    outcomes = set()
    for _ in range(300):
        damaged = bytearray(whole[: rng.integers(1, len(whole) + 1)])
        for place in rng.integers(0, len(damaged), 3):
            damaged[place] = rng.integers(256)
        try:
            outcomes.add(pixels.compressed_to_rgb(compressed(bytes(damaged))).ndim)
        except ImageError:
            outcomes.add("refused")
    assert "refused" in outcomes
