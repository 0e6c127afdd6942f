"""Depth of the transport compressedDepth, as its source encodes it, and what is said of other data."""

from __future__ import annotations

import array
import io
import struct

import numpy as np
import pytest
from PIL import Image as PillowImage

pytest.importorskip("sensor_msgs", reason="needs the extra ros")
from molmo_act_ros.conversions.compressed_depth import decompress_depth
from sensor_msgs.msg import CompressedImage

from molmo_act.errors import ImageError

STEPS = np.array([[0, 1, 500], [1000, 65535, 42]], np.uint16)


def png(numbers: np.ndarray) -> bytes:
    file = io.BytesIO()
    PillowImage.fromarray(numbers).save(file, "PNG")
    return file.getvalue()


def message(data: bytes, kind: str = "16UC1; compressedDepth png", a: float = 0.0, b: float = 0.0):
    return CompressedImage(format=kind, data=array.array("B", struct.pack("<iff", 0, a, b) + data))


@pytest.mark.parametrize("kind", ["16UC1; compressedDepth", "16UC1; compressedDepth png"])
def test_steps_come_back_as_they_were(kind):
    found = decompress_depth(message(png(STEPS), kind))
    assert found.dtype == np.uint16
    np.testing.assert_array_equal(found, STEPS)


def test_metres_come_back_within_a_step_of_their_inverse():
    """The transport stores a / metres + b; a is quantization * (quantization + 1), and b is 1 - a / max."""
    quantization, farthest = 100.0, 10.0
    a = quantization * (quantization + 1)
    b = 1 - a / farthest
    metres = np.array([[0.3, 1.0, 2.5], [9.0, np.nan, 5.0]])
    steps = np.nan_to_num(a / metres + b).astype(np.uint16)
    found = decompress_depth(message(png(steps), "32FC1; compressedDepth png", a, b))
    assert found.dtype == np.float32
    assert np.isnan(found[1, 1])
    known = ~np.isnan(metres)
    error = np.abs(1 / found[known] - 1 / metres[known])
    assert error.max() <= 1.01 / a


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        (message(png(STEPS), "16UC1; compressedDepth rvl"), "format '16UC1; compressedDepth rvl'"),
        (message(png(STEPS), "jpeg"), "format 'jpeg'"),
        (message(b""), "has 12 bytes; expected a header"),
        (message(png(STEPS)[:-30]), "is no whole PNG"),
        (message(png(STEPS.astype(np.uint8))), "PNG of mode L; expected 16 bits"),
    ],
)
def test_other_data_are_refused(sent, told):
    with pytest.raises(ImageError) as caught:
        decompress_depth(sent)
    assert told in str(caught.value)
