"""Which camera_info is that of an image: lenses zoom, and drivers switch resolution and region.

message_filters would pair an image with the camera_info of the same stamp and drop what has none. Here a
camera_info that is published once, or with stamps of its own, counts as well, where it cannot be wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from molmo_act_ros.conversions.stamps import nanoseconds
from molmo_act_ros.stamped_buffer import StampedBuffer

if TYPE_CHECKING:
    from sensor_msgs.msg import CameraInfo

_MOST = 1000  # messages that are remembered, half a minute of a camera
_LATELY = 0.6  # weight of the last image
_FOR_EVER_S = 1e9  # a camera_info that is published once counts until another one comes


@dataclass(frozen=True, eq=False)
class Calibration:
    """The optics of some images; the same object for all of them.

    Attributes:
        info: The first message with these optics.
        optics: What a camera is made from, see `optics_of`.
    """

    info: CameraInfo
    optics: tuple[object, ...]


class Calibrations:
    """Keeps what camera_info said, and when.

    The camera_info of the very stamp of an image is that of the image. Where the driver stamps both alike and
    that one is missing, the ones before and after it count if they are the same. Where it does not, the
    latest one that is not after the image counts. As long as all are the same, any of them does.
    """

    def __init__(self) -> None:
        self._kept: StampedBuffer[Calibration] = StampedBuffer(_FOR_EVER_S, _MOST)
        self._newest: Calibration | None = None  # the last one that came
        self._alike = False  # images and camera_info have been seen with the same stamp
        self._share = 0.0  # of the images asked about lately: those whose own had come

    def add(self, info: CameraInfo, unstamped: int) -> bool:
        """Takes a message.

        Args:
            info: The message.
            unstamped: Nanoseconds from which on it counts where it has stamp zero.

        Returns:
            Whether its optics are other ones than those of the message that came before it.
        """
        optics, before = optics_of(info), self._newest
        known = (one for one in (before, *self._kept.items) if one is not None and one.optics == optics)
        self._newest = next(known, None) or Calibration(info, optics)
        self._kept.add(nanoseconds(info.header.stamp) or unstamped, self._newest)
        return self._newest is not before

    def note_image(self, stamp: int) -> None:
        """Notes the stamp of an image, to see whether camera_info has the same ones.

        Args:
            stamp: Nanoseconds.
        """
        self._alike = self._alike or self._exact(stamp) is not None

    def may_come(self, stamp: int) -> bool:
        """Tells whether the camera_info of an image may be under way.

        Args:
            stamp: Of the image, in nanoseconds.

        Returns:
            False once it is there, or a later one is, and for a driver that does not stamp both alike or
            publishes it for some images only.
        """
        return self._share > 0.5 and self._exact(stamp) is None and self._kept.around(stamp)[1] is None

    def at(self, stamp: int) -> Calibration | None:
        """Finds the calibration of an image.

        Args:
            stamp: Of the image, in nanoseconds.

        Returns:
            The calibration; None where none has come, or where it cannot be known.
        """
        before, after = self._kept.around(stamp)
        exact = self._exact(stamp)
        self.note_image(stamp)
        self._share += _LATELY * ((exact is not None) - self._share)
        if exact is not None:
            return exact
        if len({id(one) for one in self._kept.items}) == 1:
            return self._kept.items[0]
        if self._alike:
            return before[1] if before and after and before[1] is after[1] else None
        return before[1] if before else None

    def restart(self) -> None:
        """Forgets all stamps, as time begins anew; the last calibration stays until another one comes."""
        self._kept.clear()
        if self._newest is not None:
            self._kept.add(0, self._newest)

    @property
    def is_empty(self) -> bool:
        """Whether no message has come."""
        return self._newest is None

    def _exact(self, stamp: int) -> Calibration | None:
        before, _ = self._kept.around(stamp)
        return before[1] if before and before[0] == stamp else None


def optics_of(info: CameraInfo) -> tuple[object, ...]:
    """Collects everything that a CameraModel is made from, to see whether it has changed.

    Args:
        info: The message.

    Returns:
        The values.
    """
    region = info.roi
    cut = (info.binning_x, info.binning_y, region.x_offset, region.y_offset, region.width, region.height)
    size = (info.width, info.height, info.header.frame_id)
    return (*info.k, *info.d, *info.p, info.distortion_model, *size, *cut)
