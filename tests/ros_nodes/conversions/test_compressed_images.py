"""Compressed camera messages to pixels and back: exact values, and what is said of damaged files."""

from __future__ import annotations

import array
import io

import numpy as np
import pytest
from PIL import Image as PillowImage

pytest.importorskip("sensor_msgs", reason="needs the extra ros")
from molmo_act_ros.conversions import compressed_images as pixels
from sensor_msgs.msg import CompressedImage

from molmo_act.errors import ImageError

RGB = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
ALPHA = np.full((2, 3, 1), 77, np.uint8)


def file(image: PillowImage.Image | np.ndarray, kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    drawn = PillowImage.fromarray(image) if isinstance(image, np.ndarray) else image
    drawn.save(stream, kind, **options)
    return stream.getvalue()


def compressed(data: bytes, kind: str = "jpeg") -> CompressedImage:
    return CompressedImage(format=kind, data=array.array("B", data))


@pytest.mark.parametrize(
    ("image", "kind", "expected"),
    [
        (RGB, "PNG", RGB),
        (RGB[..., 0], "PNG", RGB[..., [0, 0, 0]]),  # grey
        (np.concatenate([RGB, ALPHA], axis=2), "PNG", RGB),  # alpha is ignored
        (PillowImage.fromarray(RGB[..., 0]).convert("1"), "PNG", np.zeros_like(RGB)),  # bits
        (PillowImage.fromarray(RGB).quantize(6), "PNG", RGB),  # palette of all six colours
        (RGB, "WEBP", RGB),  # lossless below
        (RGB[..., 0].astype(np.uint16) * 256 + 7, "PNG", RGB[..., [0, 0, 0]]),  # 16 bits: the high byte
    ],
)
def test_compressed_image_of_every_kind(image, kind, expected):
    options = {"lossless": True} if kind == "WEBP" else {}
    rgb = pixels.compressed_to_rgb(compressed(file(image, kind, **options), kind))
    np.testing.assert_array_equal(rgb, expected)
    assert rgb.flags.writeable


def test_jpeg_is_close_and_its_exif_orientation_is_not_applied():
    wide = np.zeros((16, 64, 3), np.uint8)
    wide[:, 32:] = (250, 30, 30)
    exif = PillowImage.Exif()
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
        (file(PillowImage.new("1", (20_000, 20_000)), "PNG"), "cannot be decoded"),  # a decompression bomb
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


def test_sixteen_bits_of_a_png_are_scaled_to_what_the_sensor_fills():
    twelve = np.array([[0, 16, 2048, 4095, 5000]], np.uint16)
    rgb = pixels.compressed_to_rgb(compressed(file(twelve, "PNG"), "png"), bits=12)
    assert rgb[0, :, 0].tolist() == [0, 1, 128, 255, 255]


@pytest.mark.parametrize("subsampling", [0, 2])
@pytest.mark.parametrize("noisy", [True, False])
def test_a_jpeg_may_lack_its_end_marker_and_nothing_else(noisy, subsampling):
    scene = np.random.default_rng(3).integers(0, 255, (48, 72, 3), np.uint8)
    scene = scene if noisy else np.full_like(scene, 90)
    whole = file(scene, "JPEG", subsampling=subsampling)
    assert whole.endswith(b"\xff\xd9")
    expected = pixels.compressed_to_rgb(compressed(whole))
    for tail in (b"", b"\xff", b"\0" * 30):  # nothing, half a marker, padding of the driver
        found = pixels.compressed_to_rgb(compressed(whole[:-2] + tail))
        np.testing.assert_array_equal(found, expected)
    cuts = range(12, len(whole) // 2, 61) if noisy else range(4, 30)
    for cut in cuts:
        with pytest.raises(ImageError, match="truncated"):
            pixels.compressed_to_rgb(compressed(whole[:-cut]))
