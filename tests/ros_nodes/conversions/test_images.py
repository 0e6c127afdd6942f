"""Camera messages to pixels: exact values, and one clear error for each way to be wrong."""

from __future__ import annotations

import array
import sys

import numpy as np
import pytest

pytest.importorskip("sensor_msgs", reason="needs the extra ros")
from builtin_interfaces.msg import Time
from molmo_act_ros.conversions import images as pixels
from molmo_act_ros.conversions.compressed_images import rgb_to_jpeg
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from molmo_act.errors import ImageError, MissingExtraError

HEADER = Header(stamp=Time(sec=7, nanosec=123456789), frame_id="camera")
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


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("bits", [10, 12, 16])
@pytest.mark.parametrize("encoding", ["mono16", "rgb16"])
def test_sensors_of_fewer_bits_are_scaled(encoding, bits, order):
    numbers = np.array([0, 1, 2 ** (bits - 1), 2**bits - 1], np.uint32)
    above = min(2**16 - 1, 2**bits + 5)  # a number that such a sensor cannot give
    sent = np.array([*numbers, above], f"{order}u2")[None, :, None]
    message = image(sent.repeat(3, axis=2) if encoding == "rgb16" else sent, encoding)
    message.is_bigendian = int(order == ">")
    assert pixels.to_rgb(message, bits)[0].tolist() == [[n] * 3 for n in (0, 0, 128, 255, 255)]


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
    with pytest.raises(MissingExtraError, match=r"bayer_rggb8.*pip install .*\[ros\]"):
        pixels.image_to_rgb(image(np.zeros((4, 4, 1), np.uint8), "bayer_rggb8"))


def test_either_kind_of_message_is_read():
    np.testing.assert_array_equal(pixels.to_rgb(image(RGB, "rgb8")), RGB)
    plain = np.full((16, 16, 3), 90, np.uint8)
    np.testing.assert_array_equal(pixels.to_rgb(rgb_to_jpeg(plain, HEADER)), plain)


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


def test_image_to_message_and_back():
    message = pixels.rgb_to_image(RGB[:, ::-1], HEADER)  # not contiguous
    assert (message.width, message.height, message.step, message.encoding) == (3, 2, 9, "rgb8")
    assert message.header == HEADER
    np.testing.assert_array_equal(pixels.image_to_rgb(message), RGB[:, ::-1])


@pytest.mark.parametrize(
    "rgb",
    [
        RGB.astype(np.float32),
        RGB[..., 0],
        np.concatenate([RGB, ALPHA], axis=2),
        RGB[:0],  # no rows
    ],
)
def test_image_of_another_kind_is_refused(rgb):
    with pytest.raises(ImageError, match="expected uint8 RGB"):
        pixels.rgb_to_image(rgb, HEADER)


@pytest.mark.parametrize("padding", [0, 6])
@pytest.mark.parametrize("encoding", ["nv12", "nv21", "nv24"])
def test_semi_planar_colours_are_those_of_opencv(encoding, padding):
    """Of a scene without edges within pairs of pixels, as what is between them is lost in 4:2:0."""
    cv2 = pytest.importorskip("cv2", reason="needs the extra ros")
    rgb = np.random.default_rng(1).integers(30, 226, (12, 16, 3), np.uint8).repeat(2, 0).repeat(2, 1)
    height, width = rgb.shape[:2]
    i420 = cv2.cvtColor(rgb, cv2.COLOR_RGB2YUV_I420)  # brightness, then u, then v
    u, v = (plane.reshape(height // 2, width // 2) for plane in np.split(i420[height:].reshape(-1), 2))
    pair = [v, u] if encoding == "nv21" else [u, v]
    colours = np.dstack(pair)
    if encoding == "nv24":
        colours = colours.repeat(2, 0).repeat(2, 1)
    rows = np.vstack([i420[:height], colours.reshape(-1, width)])
    rows = np.pad(rows, ((0, 0), (0, padding)), constant_values=77) if encoding != "nv24" else rows
    message = Image(height=height, width=width, encoding=encoding, step=rows.shape[1])
    message.data = array.array("B", rows.tobytes())
    assert np.abs(pixels.image_to_rgb(message).astype(int) - rgb).max() <= 6, (
        "8 bits of YUV are fewer colours"
    )
    message.data = message.data[:-1]
    with pytest.raises(ImageError, match=f"encoding {encoding} has step"):
        pixels.image_to_rgb(message)
    message.height = 0
    with pytest.raises(ImageError, match="expected even numbers above 0"):
        pixels.image_to_rgb(message)
