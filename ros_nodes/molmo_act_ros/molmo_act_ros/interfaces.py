"""Message packages that a node can do without: molmo_act_interfaces, vision_msgs, foxglove_msgs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any

from molmo_act._optional import import_optional
from molmo_act.errors import MissingExtraError
from molmo_act_ros.conversions.annotations import Mark, to_foxglove, to_image_marker

if TYPE_CHECKING:
    from std_msgs.msg import Header

#: What a node logs once where the project's own messages are not installed.
MISSING = (
    "molmo_act_interfaces is not installed: no topic pointed_pixels and no services. "
    "Build it with colcon, or with pip as ros_nodes/README.md says."
)


def find_interfaces(module: str) -> ModuleType | None:
    """Imports a module of message classes, where it is installed.

    Args:
        module: Full name, such as "molmo_act_interfaces.msg".

    Returns:
        The module, or None where its package is not installed.
    """
    try:
        return import_optional(module, extra="ros-build", purpose="a ROS 2 node")
    except MissingExtraError:
        return None


@dataclass(frozen=True)
class MessagePackages:
    """The message packages that are installed; None for each that is not.

    Attributes:
        own: ``molmo_act_interfaces.msg``.
        vision: ``vision_msgs.msg``.
        foxglove: ``foxglove_msgs.msg``.
        visualization: ``visualization_msgs.msg``.
    """

    own: ModuleType | None
    vision: ModuleType | None
    foxglove: ModuleType | None
    visualization: ModuleType | None

    @classmethod
    def find(cls) -> MessagePackages:
        """Imports those that are installed.

        Returns:
            The packages.
        """
        names = ("molmo_act_interfaces", "vision_msgs", "foxglove_msgs", "visualization_msgs")
        return cls(*(find_interfaces(f"{name}.msg") for name in names))

    @property
    def annotations(self) -> type | None:
        """Class of messages that mark points on an image: Foxglove's, or ImageMarker; None without either."""
        if self.foxglove is not None:
            return self.foxglove.ImageAnnotations
        return None if self.visualization is None else self.visualization.ImageMarker

    def annotate(self, marks: Sequence[Mark], header: Header, name: str) -> Any:
        """Makes a message of `annotations`.

        Args:
            marks: Points on one image.
            header: Of the image.
            name: Who marks them.

        Returns:
            The message.
        """
        if self.foxglove is not None:
            return to_foxglove(marks, header, self.foxglove)
        return to_image_marker(marks, header, name)
