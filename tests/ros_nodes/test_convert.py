"""Messages to pixels, points to messages: exact values, and one clear error for each way to be wrong."""

from __future__ import annotations

import array
import io

import numpy as np
import pytest
from PIL import Image as Pictures

pytest.importorskip("sensor_msgs", reason="needs the extra ros")
from builtin_interfaces.msg import Time
from sensor_msgs.msg import CompressedImage, Image, PointCloud2, PointField
from std_msgs.msg import Header

from molmo_act.errors import ImageError, InputError
from molmo_act.points import Points
from ros_nodes import convert

HEADER = Header(stamp=Time(sec=7, nanosec=123456789), frame_id="camera")
RGB = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
ALPHA = np.full((2, 3, 1), 77, np.uint8)


def image(pixels: np.ndarray, layout: str, padding: int = 0, **fields: object) -> Image:
    """A message of the pixels (rows, columns, channels), rows padded with bytes of 200."""
    rows = pixels.reshape(len(pixels), -1)
    padded = np.pad(rows, ((0, 0), (0, padding)), constant_values=200)
    message = Image(height=pixels.shape[0], width=pixels.shape[1], encoding=layout, step=padded.shape[1])
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
    ("encoding", "pixels", "expected"),
    [
        ("rgb8", RGB, RGB),
        ("bgr8", RGB[..., ::-1], RGB),
        ("rgba8", np.concatenate([RGB, ALPHA], axis=2), RGB),  # alpha is ignored
        ("bgra8", np.concatenate([RGB[..., ::-1], ALPHA], axis=2), RGB),
        ("mono8", RGB[..., :1], RGB[..., [0, 0, 0]]),  # grey in all three channels
    ],
)
def test_image_of_every_encoding_and_with_padded_rows(encoding, pixels, expected, padding):
    rgb = convert.image_to_rgb(image(pixels, encoding, padding))
    np.testing.assert_array_equal(rgb, expected)
    assert rgb.dtype == np.uint8
    assert rgb.flags.c_contiguous
    assert rgb.flags.writeable, "torch warns of read-only memory"


def test_byte_order_does_not_matter_for_bytes():
    np.testing.assert_array_equal(convert.image_to_rgb(image(RGB, "rgb8", is_bigendian=1)), RGB)


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
        convert.image_to_rgb(image(RGB, "rgb8", **fields))
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
    ],
)
def test_compressed_image_of_every_kind(picture, kind, expected):
    options = {"lossless": True} if kind == "WEBP" else {}
    rgb = convert.compressed_to_rgb(compressed(file(picture, kind, **options), kind))
    np.testing.assert_array_equal(rgb, expected)
    assert rgb.flags.writeable


def test_jpeg_is_close_and_its_exif_orientation_is_not_applied():
    wide = np.zeros((16, 64, 3), np.uint8)
    wide[:, 32:] = (250, 30, 30)
    exif = Pictures.Exif()
    exif[0x0112] = 6  # to be shown rotated by 90 degrees
    rgb = convert.compressed_to_rgb(compressed(file(wide, "JPEG", quality=95, exif=exif)))
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
        (file(np.zeros((4, 4), np.uint16), "PNG"), "mode I;16; expected 8 bits per channel"),
        (file(Pictures.new("1", (20_000, 20_000)), "PNG"), "cannot be decoded"),  # a decompression bomb
    ],
)
def test_compressed_image_with_a_fault_says_which(data, told):
    with pytest.raises(ImageError) as caught:
        convert.compressed_to_rgb(compressed(data))
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
            outcomes.add(convert.compressed_to_rgb(compressed(bytes(damaged))).ndim)
        except ImageError:
            outcomes.add("refused")
    assert "refused" in outcomes


def test_picture_to_message_and_back():
    message = convert.rgb_to_image(RGB[:, ::-1], HEADER)  # not contiguous
    assert (message.width, message.height, message.step, message.encoding) == (3, 2, 9, "rgb8")
    assert message.header == HEADER
    np.testing.assert_array_equal(convert.image_to_rgb(message), RGB[:, ::-1])


@pytest.mark.parametrize(
    "picture",
    [
        RGB.astype(np.float32),
        RGB[..., 0],
        np.concatenate([RGB, ALPHA], axis=2),
        RGB[:0],  # no rows
    ],
)
def test_picture_of_another_kind_is_refused(picture):
    with pytest.raises(ImageError, match="expected uint8 RGB"):
        convert.rgb_to_image(picture, HEADER)


def points(xy: list, score: list) -> Points:
    return Points(xy=xy, score=score, image_size=[(640, 480)], query="mug")


def test_points_to_cloud_as_its_definition_says():
    cloud = convert.points_to_cloud(points([[1.5, 2.25], [639.5, 479.5]], [0.75, 1.0]), HEADER)
    assert cloud.header == HEADER
    assert (cloud.height, cloud.width, cloud.point_step, cloud.row_step) == (1, 2, 16, 32)
    assert len(cloud.data) == 32
    assert cloud.is_dense
    assert [(f.name, f.offset, f.datatype, f.count) for f in cloud.fields] == [
        ("u", 0, PointField.FLOAT32, 1),
        ("v", 4, PointField.FLOAT32, 1),
        ("score", 8, PointField.FLOAT32, 1),
        ("id", 12, PointField.UINT32, 1),
    ]
    # Read with nothing but the message's own description.
    order = ">" if cloud.is_bigendian else "<"
    assert np.frombuffer(cloud.data, order + "f4").reshape(2, 4)[:, :3].tolist() == [
        [1.5, 2.25, 0.75],
        [639.5, 479.5, 1.0],
    ]
    assert np.frombuffer(cloud.data, order + "u4").reshape(2, 4)[:, 3].tolist() == [1, 2]
    rows = convert.cloud_to_rows(cloud)
    assert rows["u"].tolist() == [1.5, 639.5]
    assert rows["id"].tolist() == [1, 2]


def test_no_points_are_an_empty_cloud_and_no_best_point():
    nothing = points([], [])
    cloud = convert.points_to_cloud(nothing, HEADER)
    assert (cloud.height, cloud.width, cloud.row_step, len(cloud.data)) == (1, 0, 0, 0)
    assert len(cloud.fields) == 4
    assert len(convert.cloud_to_rows(cloud)) == 0
    assert convert.best_point(nothing, HEADER) is None


def test_best_point_is_the_one_of_the_highest_score():
    best = convert.best_point(points([[1.5, 2.5], [30.5, 40.5]], [0.25, 0.5]), HEADER)
    assert best.header == HEADER
    assert (best.point.x, best.point.y, best.point.z) == (30.5, 40.5, 0.5)


def test_foreign_clouds_are_refused():
    with pytest.raises(InputError, match=r"expected .*'u'"):
        convert.cloud_to_rows(PointCloud2(point_step=12))
    cloud = convert.points_to_cloud(points([[1, 2]], [1]), HEADER)
    cloud.data = cloud.data[:-1]
    with pytest.raises(InputError, match="15 bytes of data; expected 16"):
        convert.cloud_to_rows(cloud)
