"""Where tracked objects are in space: positions of this node's own objects on one of its last images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geometry_msgs.msg import PointStamped

from molmo_act_ros.conversions.stamps import nanoseconds, seconds

if TYPE_CHECKING:
    from builtin_interfaces.msg import Time as Stamp
    from molmo_act_interfaces.msg import PointedPoints3D

_FRESH_S = 1.0  # a position that was measured longer ago than this is not that of the object now
_PUBLISHED = 300  # images that are remembered, to know positions that were asked for


class TrackPositions:
    """Keeps the last positions that a deproject node found for the pixels of one track node.

    Args:
        node: Full name of the track node.
    """

    def __init__(self, node: str) -> None:
        self._node = node
        self._published: dict[int, None] = {}  # nanoseconds of the last stamps, the oldest first
        self._positions: dict[int, tuple[str, PointStamped]] = {}  # label and position by object id

    def note_published(self, stamp: Stamp) -> None:
        """Remembers an image whose pixels were published.

        Args:
            stamp: Of the image.
        """
        self._published[nanoseconds(stamp)] = None
        if len(self._published) > _PUBLISHED:
            self._published.pop(next(iter(self._published)), None)

    def take(self, message: PointedPoints3D) -> bool:
        """Takes the positions of one image, in place of those before.

        Args:
            message: Positions, maybe of objects of another node.

        Returns:
            False where they are not about this node's pixels, and left out.
        """
        if message.node != self._node or nanoseconds(message.header.stamp) not in self._published:
            return False
        self._positions = {
            point.object_id: (point.label, PointStamped(header=message.header, point=point.position))
            for point in message.points
        }
        return True

    def of(self, object_id: int, label: str, stamp: Stamp) -> PointStamped | None:
        """Gives the position of an object.

        Args:
            object_id: Its id.
            label: Its query.
            stamp: Of the image that it is wanted for.

        Returns:
            The position, measured less than a second before; None where there is none.
        """
        known, position = self._positions.get(object_id, ("", None))
        if position is None or known != label:
            return None
        age = seconds(stamp) - seconds(position.header.stamp)
        return position if 0 <= age < _FRESH_S else None

    def clear(self) -> None:
        """Forgets everything."""
        self._published, self._positions = {}, {}
