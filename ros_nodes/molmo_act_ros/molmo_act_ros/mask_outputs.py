"""What the track node publishes about the pixels of objects, where its parameter ``masks`` asks for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rclpy.lifecycle import LifecyclePublisher
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from molmo_act.errors import InputError
from molmo_act_ros import qos
from molmo_act_ros.conversions.label_images import masks_to_image, masks_to_label_info

if TYPE_CHECKING:
    from molmo_act import Masks
    from molmo_act_ros.reporting_node import ReportingNode

MASKS, LABELS = "tracked_masks", "tracked_label_info"


class MaskOutputs:
    """The topics of masks.

    Args:
        node: The node that publishes.
        vision: ``vision_msgs.msg``; None where it is not installed.
    """

    def __init__(self, node: ReportingNode, vision: Any) -> None:
        self._node, self._vision = node, vision
        self._image = node.advertise(Image, MASKS, qos.OVERLAYS)
        self._labels: LifecyclePublisher | None = None
        if vision is not None and hasattr(vision, "LabelInfo"):
            self._labels = node.advertise(vision.LabelInfo, LABELS, qos.RESULTS)

    def publish(self, masks: Masks, header: Header) -> None:
        """Publishes the masks of one image to those who listen.

        Args:
            masks: The masks.
            header: Of the image.
        """
        try:
            if self._node.is_wanted(self._image):
                self._image.publish(masks_to_image(masks, header))
        except InputError as error:  # numbers that no longer fit, after weeks
            self._node.log_warning("masks", f"Masks are not published: {error}")
        if self._labels is not None and self._node.is_wanted(self._labels):
            self._labels.publish(masks_to_label_info(masks, header, self._vision))
