"""Masks as messages."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs the extra ros")
from molmo_act_ros.conversions.label_images import masks_to_image, masks_to_label_info
from std_msgs.msg import Header

from molmo_act import Masks
from molmo_act.errors import InputError

BOXES = np.zeros((2, 4, 6), bool)
BOXES[0, 1:3, 1:4] = BOXES[1, 3, 5] = True
MASKS = Masks.of_arrays(BOXES, object_id=[3, 700], query=["mug", None])
HEADER = Header(frame_id="camera")


def test_each_pixel_is_the_number_of_its_object():
    message = masks_to_image(MASKS, HEADER)
    assert (message.height, message.width, message.step, message.encoding) == (4, 6, 12, "mono16")
    assert message.header.frame_id == "camera"
    numbers = np.frombuffer(message.data, ">u2" if message.is_bigendian else "<u2").reshape(4, 6)
    assert (numbers == BOXES[0] * 3 + BOXES[1] * 700).all()


def test_numbers_of_more_than_16_bits_are_refused():
    with pytest.raises(InputError, match="70000"):
        masks_to_image(Masks.of_arrays(BOXES[:1], object_id=[70000], query=["mug"]), HEADER)


def test_what_the_numbers_stand_for():
    """With a stand-in for vision_msgs."""
    message = masks_to_label_info(
        MASKS, HEADER, SimpleNamespace(VisionClass=SimpleNamespace, LabelInfo=SimpleNamespace)
    )
    assert [(one.class_id, one.class_name) for one in message.class_map] == [(3, "mug"), (700, "")]
    assert message.header is HEADER
