"""What the point node publishes about the images of one camera: only what somebody listens to is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sensor_msgs.msg import CompressedImage, Image

from molmo_act.outputs.points import Points
from molmo_act_ros import qos
from molmo_act_ros.conversions import points as convert
from molmo_act_ros.conversions.annotations import marks_of_points
from molmo_act_ros.interfaces import MessagePackages
from molmo_act_ros.model_node import ModelNode

if TYPE_CHECKING:
    import numpy as np
    from rclpy.lifecycle import LifecyclePublisher
    from std_msgs.msg import Header


class PointOutputs:
    """The publishers of one camera.

    Args:
        node: The node.
        prefix: What comes before the names of the topics: nothing, or the camera and a slash.
        packages: The message packages that are installed.
    """

    def __init__(self, node: ModelNode, prefix: str, packages: MessagePackages) -> None:
        self._node, self._packages = node, packages
        kinds: dict[str, tuple[type, Any]] = {
            "overlay": (Image, qos.OVERLAYS),
            "overlay/compressed": (CompressedImage, qos.OVERLAYS),
        }
        if packages.own is not None:
            kinds["pointed_pixels"] = (packages.own.PointedPixels, qos.RESULTS)
        if packages.vision is not None:
            kinds["detections"] = (packages.vision.Detection2DArray, qos.RESULTS)
        if packages.annotations is not None:
            kinds["annotations"] = (packages.annotations, qos.RESULTS)
        self._topics: dict[str, LifecyclePublisher] = {
            topic: node.advertise(kind, node.beside(prefix + topic), profile)
            for topic, (kind, profile) in kinds.items()
        }

    def publish(self, answers: Sequence[Points], query_ids: Mapping[str, int], header: Header) -> None:
        """Publishes the points of an image as messages.

        Args:
            answers: One item for each query, with distinct object ids.
            query_ids: Number of each query.
            header: Of the image.
        """
        name, own, vision = self._node.get_fully_qualified_name(), self._packages.own, self._packages.vision
        self._send(
            "pointed_pixels", lambda: convert.points_to_pixels(answers, header, query_ids, name, _there(own))
        )
        self._send("detections", lambda: convert.points_to_detections(answers, header, _there(vision)))
        self._send(
            "annotations",
            lambda: self._packages.annotate(marks_of_points(answers), header, name),
        )

    def draw(self, answers: Sequence[Points], rgb: np.ndarray, header: Header) -> None:
        """Publishes the image with its points.

        Args:
            answers: See `publish`.
            rgb: uint8 RGB (height, width, 3).
            header: Of the image.
        """
        topics = self._topics["overlay"], self._topics["overlay/compressed"]
        self._node.publish_overlays(topics, header, lambda: convert.merge(answers).draw(rgb))

    def _send(self, topic: str, make: Callable[[], Any]) -> None:
        publisher = self._topics.get(topic)
        if publisher is not None and self._node.is_wanted(publisher):
            publisher.publish(make())


def _there(package: Any) -> Any:
    assert package is not None  # its topic exists only with it
    return package
