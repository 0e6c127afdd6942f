"""DeprojectNode: pointed pixels and depth in, points in space out, as a ROS 2 lifecycle node; knows no model.

Topics, parameters and QoS are described in README.md beside this file.
"""

from __future__ import annotations

import time
from collections import deque
from typing import Any, NamedTuple

import numpy as np
from geometry_msgs.msg import PointStamped
from rcl_interfaces.msg import SetParametersResult
from rclpy.parameter import Parameter
from sensor_msgs.msg import CameraInfo, Image

from molmo_act.errors import InputError, PlatformError
from ros_nodes import optional, parameters, qos
from ros_nodes.camera import CameraModel
from ros_nodes.deproject_settings import HALF_FRAME, Settings, refusal
from ros_nodes.depth import DepthPicture, Measured, NoDepth
from ros_nodes.managed import ManagedNode
from ros_nodes.matching import RecentItems
from ros_nodes.stamps import nanoseconds
from ros_nodes.transforms import STILL, NoTransform, Pose, Transforms

_MOST_WAITING = 64  # answers that wait for their depth
_TF_PATIENCE_S = 0.5  # tf of a moving camera comes after the pictures of the same moment


class Waiting(NamedTuple):
    """An answer that is not placed in space yet.

    Attributes:
        pixels: The message.
        since: When it came, on the monotonic clock.
    """

    pixels: Any
    since: float


class DeprojectNode(ManagedNode):
    """Finds where pointed pixels are in space, with the depth of the moment that the picture was taken.

    A model takes its time, so depth pictures are kept until the points about them come; points that come
    first wait for their depth, and a moment for tf.

    Args:
        name: Name of the node.
    """

    def __init__(self, *, name: str = "deproject_node") -> None:
        super().__init__(name)
        self._settings = Settings()
        self._camera: CameraModel | None = None
        self._camera_key: Any = None
        self._depths: RecentItems[Image] = RecentItems(0)
        self._waiting: deque[Waiting] = deque()
        self._outputs: dict[str, Any] = {}
        self._transforms: Transforms | None = None
        self._types: Any = optional.find("molmo_act_interfaces.msg")

        self.add_on_set_parameters_callback(self._check_parameters)
        self.add_post_set_parameters_callback(self._take_parameters)

    # Lifecycle

    def prepare(self) -> None:
        """Reads the parameters, creates the publishers, listens to tf where it is needed."""
        parameters.declare(self, Settings)
        self._settings = parameters.read(self, Settings)
        if self._types is None:
            raise PlatformError(f"This node cannot do without its messages: {optional.WITHOUT_INTERFACES}")
        if self._settings.target_frame:
            self._transforms = Transforms(self)
        self._outputs = {
            "points_3d": self.advertise(self._types.PointedPoints3D, "points_3d", qos.RESULTS),
            "best_point_3d": self.advertise(PointStamped, "best_point_3d", qos.RESULTS),
        }

    def begin(self) -> None:
        """Subscribes, with nothing kept from before."""
        self._depths = RecentItems(self._settings.keep)
        self._waiting.clear()
        self._camera = self._camera_key = None
        self.subscribe(CameraInfo, "camera_info", self._take_camera, qos.FRAMES)
        self.subscribe(Image, "depth", self._take_depth, qos.FRAMES)
        self.subscribe(self._types.PointedPixels, "pointed_pixels", self._take_pixels, qos.RESULTS)
        for topic in ("camera_info", "depth", "pointed_pixels"):
            self.rely_on(topic)

    def release(self) -> None:
        """Lets go of the publishers and of tf."""
        self.withdraw(self._outputs.values())
        self._outputs = {}
        if self._transforms is not None:
            self._transforms.close()
            self._transforms = None

    # Parameters

    def _check_parameters(self, proposed: list[Parameter]) -> SetParametersResult:
        given = {parameter.name: parameter.value for parameter in proposed}
        reason = refusal(self._settings, given) if self._outputs else ""
        return SetParametersResult(successful=not reason, reason=reason)

    def _take_parameters(self, taken: list[Parameter]) -> None:
        if self._outputs:
            self._settings = parameters.read(self, Settings)

    # What comes in

    def _take_camera(self, info: CameraInfo) -> None:
        key = (*info.k, *info.d, *info.p, info.distortion_model, info.width, info.height, *_cuts(info))
        if key == self._camera_key:
            return
        self._camera, self._camera_key = None, key
        try:
            self._camera = CameraModel.of(info, rectified=self._settings.rectified)
        except InputError as error:
            self.warn("camera_info", str(error))

    def _take_depth(self, picture: Image) -> None:
        self.health.count("depth pictures received")
        stamp = nanoseconds(picture.header.stamp)
        if not stamp:
            self.warn("stamp", "A depth picture has stamp zero and is of no use. Set header.stamp.")
            return
        if not self._depths.add(stamp, picture):
            self.warn("stamp", "Stamps of depth pictures go backwards; those before are forgotten.")
        self._work()

    def _take_pixels(self, pixels: Any) -> None:
        self.health.count("answers received")
        if not nanoseconds(pixels.header.stamp):
            self._drop(pixels, "they have stamp zero, and no depth is of that time. Set header.stamp.")
            return
        if len(self._waiting) == _MOST_WAITING:
            self._drop(
                self._waiting.popleft().pixels, "no depth picture came after it. Is topic 'depth' published?"
            )
        self._waiting.append(Waiting(pixels, time.monotonic()))
        self._work()

    # What comes of it

    def _work(self) -> None:
        """Deprojects what waits and has found its depth and tf; drops what never will."""
        undecided = [waiting for waiting in self._waiting if not self._decide(waiting)]
        self._waiting.clear()
        self._waiting.extend(undecided)

    def _decide(self, waiting: Waiting) -> bool:
        pixels = waiting.pixels
        stamp = nanoseconds(pixels.header.stamp)
        found = self._depths.nearest(stamp)
        if found is None or (found[0] > 0 and not self._depths.settled(stamp)):
            return False
        half_frame = self._settings.slop == HALF_FRAME
        slop = self._depths.half_frame() if half_frame else self._settings.slop
        apart, picture = found
        if apart > slop:
            self._drop(
                pixels,
                f"the nearest depth picture is {apart * 1000:.1f} ms off; {slop * 1000:.1f} ms are allowed. "
                "Raise 'slop', or 'keep' if points come late.",
            )
        elif self._camera is None:
            self._drop(pixels, "no usable camera_info has come.")
        else:
            return self._deproject(self._camera, waiting, picture)
        return True

    def _drop(self, pixels: Any, reason: str) -> None:
        self.health.count("answers dropped")
        self.warn("drop", f"Points about {pixels.query!r} dropped: {reason}")

    def _deproject(self, camera: CameraModel, waiting: Waiting, picture: Image) -> bool:
        """Publishes where the points are, or drops them; False while tf may still come."""
        pixels = waiting.pixels
        try:
            depth = DepthPicture(picture)
            _require_aligned(depth.size, camera.size, (pixels.width, pixels.height))
            pose, frame = self._target(pixels.header)
        except (InputError, NoTransform) as error:
            if isinstance(error, NoTransform) and time.monotonic() - waiting.since < _TF_PATIENCE_S:
                return False
            self._drop(pixels, str(error))
            return True
        uv = np.array([[point.u, point.v] for point in pixels.points]).reshape(-1, 2)
        placed = []
        for point, ray in zip(pixels.points, camera.rays(uv), strict=True):
            try:
                if not point.visible:  # the pixel is where it was, and shows something else by now
                    raise NoDepth("not visible")
                measured = depth.measure(point.u, point.v, self._settings.limits)
                if np.isnan(ray).any():
                    raise NoDepth("outside of the lens model")
            except NoDepth as error:
                self.health.count(f"points {error}")
                continue
            placed.append(self._place(point, ray, measured, camera, pose))
        self._publish(pixels, placed, frame)
        return True

    def _target(self, header: Any) -> tuple[Pose, str]:
        target = self._settings.target_frame
        if self._transforms is None or target == header.frame_id:
            return STILL, header.frame_id
        return self._transforms.pose(target, header.frame_id, header.stamp), target

    def _place(self, point: Any, ray: np.ndarray, measured: Measured, camera: CameraModel, pose: Pose) -> Any:
        """The point in space, with what the spread of depth and of the pixel make of its covariance."""
        lateral = self._settings.pixel_deviation * measured.metres / camera.focal
        covariance = measured.deviation**2 * np.outer(ray, ray) + np.diag([*lateral**2, 0.0])
        x, y, z = pose.rotation @ (ray * measured.metres) + pose.shift
        found = self._types.PointedPoint3D(object_id=point.object_id, score=point.score, label=point.label)
        found.position.x, found.position.y, found.position.z = float(x), float(y), float(z)
        found.covariance = (pose.rotation @ covariance @ pose.rotation.T).ravel()
        return found

    def _publish(self, pixels: Any, placed: list[Any], frame: str) -> None:
        message = self._types.PointedPoints3D(header=pixels.header, query=pixels.query, points=placed)
        message.header.frame_id = frame
        message.query_id, message.without_depth = pixels.query_id, len(pixels.points) - len(placed)
        self._outputs["points_3d"].publish(message)
        if placed:
            best = max(placed, key=lambda point: point.score)
            self._outputs["best_point_3d"].publish(PointStamped(header=message.header, point=best.position))
        self.health.count("answers deprojected")
        self.health.published()
        self.health.took("capture to answer", self.age_of(pixels.header.stamp))


def _require_aligned(depth: tuple[int, int], camera: tuple[int, int], picture: tuple[int, int]) -> None:
    if not depth == camera == picture:
        raise InputError(
            f"depth has {depth[0]} × {depth[1]} pixels, camera_info {camera[0]} × {camera[1]}, and the "
            f"picture pointed at {picture[0]} × {picture[1]}; expected the same. Use the depth that the "
            "driver aligns to colour, with the camera_info of colour."
        )


def _cuts(info: CameraInfo) -> tuple[int, ...]:
    region = info.roi
    return (info.binning_x, info.binning_y, region.x_offset, region.y_offset, region.width, region.height)
