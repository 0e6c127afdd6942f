"""Masks as messages: an image whose pixels are numbers of objects, and what these numbers stand for."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from molmo_act.outputs.masks import Masks
from molmo_act_ros.conversions.images import as_data

if TYPE_CHECKING:
    from sensor_msgs.msg import Image
    from std_msgs.msg import Header
    from vision_msgs.msg import LabelInfo


def masks_to_image(masks: Masks, header: Header) -> Image:
    """Makes a mono16 image message of rclpy.

    Args:
        masks: Of one image.
        header: Stamp and frame of the image.

    Returns:
        The message: the number of the object of each pixel, and 0 where there is none.

    Raises:
        InputError: A number takes more than 16 bits.
    """
    from sensor_msgs.msg import Image

    labels = masks.label_image()
    height, width = labels.shape
    message = Image(header=header, height=height, width=width, encoding="mono16", step=2 * width)
    message.is_bigendian = int(sys.byteorder == "big")
    message.data = as_data(labels)
    return message


def masks_to_label_info(masks: Masks, header: Header, types: Any) -> LabelInfo:
    """Says which query the object of each number in a label image answers.

    Args:
        masks: Of one image.
        header: Of the image.
        types: `vision_msgs.msg`, of version 4 (ROS 2 Humble) or newer.

    Returns:
        The message; `class_name` is the query, empty for an object that was given as a point.
    """
    named = [
        types.VisionClass(class_id=mask.object_id, class_name=mask.query or "")
        for mask in masks
        if mask.object_id < 2**16
    ]
    return types.LabelInfo(header=header, class_map=named)
