"""DeprojectNode: turns pointed pixels into points in space with the depth of the same moment.

README.md in the folder of the ROS packages describes topics, parameters and QoS.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from rcl_interfaces.msg import SetParametersResult
from rclpy.clock import Clock, ClockType
from rclpy.lifecycle import LifecycleState, TransitionCallbackReturn
from rclpy.parameter import Parameter
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import Header

from molmo_act.errors import InputError, MolmoActError, PlatformError
from molmo_act_ros import interfaces, parameter_fields, qos
from molmo_act_ros.calibrations import Calibration, Calibrations
from molmo_act_ros.camera_feed import CameraFeed
from molmo_act_ros.conversions.stamps import nanoseconds, require_not_negative
from molmo_act_ros.deproject_outputs import DeprojectOutputs
from molmo_act_ros.deproject_parameters import HALF_FRAME, DeprojectParameters
from molmo_act_ros.deprojection import PlacedPoints, place_points, require_aligned, require_same_frame
from molmo_act_ros.geometry.camera_model import CameraModel
from molmo_act_ros.geometry.depth import DepthImage
from molmo_act_ros.geometry.transforms import IDENTITY, NoTransformError, RigidTransform, TransformListener
from molmo_act_ros.lifecycle_node import ManagedNode, undone_on_error
from molmo_act_ros.stamped_buffer import StampedBuffer

if TYPE_CHECKING:
    from molmo_act_interfaces.msg import PointedPixels

_MOST_WAITING = 64  # answers that wait for their depth
_DEPTH_PATIENCE_S = 3.0  # the longest that an answer waits for its depth, whatever stamps say
_NEWER_PATIENCE_S = 0.3  # after this, depth that is near enough is used: a camera may take one image only
_LATE_PATIENCE_S = 0.7  # depth images may be overtaken by newer ones, for so long
_INFO_PATIENCE_S = 0.3  # camera_info of the same moment comes with the image, and may be overtaken
_TF_PATIENCE_S = 0.5  # tf of a moving camera comes after the images of the same moment
_RETRY_S = 0.05  # how often answers that wait are looked at, besides whenever a message comes
_LEAD_S = 0.5  # just after time was reset, an answer that is farther ahead of depth is of another time
_SUSPICIOUS_ANSWERS = 5  # without any depth, in a row
_RESET_S = 10.0  # for so long
_ANSWERS_PATIENCE = 5.0  # how many timeouts a model may take for an answer
_STRANGE_AGE_S = 60.0  # stamps that are older are of another clock
_READ_ON_CONFIGURE = ("keep", "target_frame")
_COMPRESSED = "depth/compressedDepth"  # decoded where it is used only

DepthMessage: TypeAlias = "Image | CompressedImage"


@dataclass(frozen=True, eq=False)
class WaitingPixels:
    """Pointed pixels that have no position in space yet.

    Attributes:
        pixels: The message.
        since: When it came, on the monotonic clock in seconds.
    """

    pixels: PointedPixels
    since: float


class DeprojectNode(ManagedNode):
    """Finds where pointed pixels are in space, with the depth of the moment when the image was taken.

    A model takes its time, so depth images are kept until the points about them come; points that come
    first wait for their depth, and a moment for tf.

    Args:
        name: Name of the node.
    """

    PARAMETERS = (DeprojectParameters,)

    def __init__(self, *, name: str = "deproject_node") -> None:
        super().__init__(name, "deprojecting")
        self._options = DeprojectParameters()
        self._calibrations = Calibrations()
        self._depths: StampedBuffer[DepthMessage] = StampedBuffer(0)
        self._feed = CameraFeed(self.seconds)  # of depth
        self._waiting: deque[WaitingPixels] = deque()
        self._answers_without = 0  # in a row: answers with visible points, none of which had depth
        self._reset_at = -math.inf  # when time went back, on the monotonic clock in seconds
        self._outputs_3d: DeprojectOutputs | None = None
        self._transforms: TransformListener | None = None
        self._packages = interfaces.MessagePackages.find()
        # A timer that was destroyed may end an executor of several threads, so there is one for ever.
        self._retry = self.create_timer(_RETRY_S, self._work, clock=Clock(clock_type=ClockType.STEADY_TIME))
        self._retry.cancel()

    # Lifecycle

    @undone_on_error
    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Reads the parameters, creates the publishers, listens to tf where it is needed.

        Args:
            state: The state before.

        Returns:
            SUCCESS, or FAILURE when messages, tf2 or a parameter cannot be used.
        """
        parameter_fields.declare(self, *self.PARAMETERS)
        self._options = parameter_fields.read(self, DeprojectParameters)
        if self._packages.own is None:
            raise PlatformError(f"This node cannot do without its messages: {interfaces.MISSING}")
        if self._options.target_frame:
            self._transforms = TransformListener(self)
        self._outputs_3d = DeprojectOutputs(self, self._packages.own, self._packages.visualization)
        return super().on_configure(state)

    @undone_on_error
    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Subscribes, with nothing kept from before."""
        done = super().on_activate(state)
        assert self._packages.own is not None
        self._depths = StampedBuffer(self._options.keep)
        self._feed = CameraFeed(self.seconds)
        self._waiting.clear()
        self._calibrations = Calibrations()
        self._reset_at, self._answers_without = -math.inf, 0
        self.subscribe(CameraInfo, "camera_info", self._take_camera, qos.FRAMES)
        self.subscribe(Image, "depth", self._take_depth, qos.FRAMES)
        self.subscribe(CompressedImage, _COMPRESSED, self._take_depth, qos.FRAMES)
        self.subscribe(self._packages.own.PointedPixels, "pointed_pixels", self._take_pixels, qos.RESULTS)
        self.expect_input("camera_info")
        self.expect_input("depth", _COMPRESSED)
        self.expect_input("pointed_pixels", patience=_ANSWERS_PATIENCE)
        self.tell_nodes_apart("pointed_pixels")
        return done

    def stop_work(self, timeout: float | None = None) -> bool:
        """Forgets what waits; nothing is in progress.

        Args:
            timeout: Makes no difference.

        Returns:
            True.
        """
        self._retry.cancel()
        self._waiting.clear()
        return True

    def forget_time(self) -> None:
        """Drops the answers that wait, all depth, stamps of camera_info, and all transforms that change."""
        for waiting in self._waiting:
            self._drop(waiting.pixels, "reset", "time went back while they waited for their depth.")
        self._waiting.clear()
        self._depths.clear()
        self._calibrations.restart()
        self._reset_at = time.monotonic()
        if self._transforms is not None:
            self._transforms.clear()

    def input_timeout(self) -> float:
        """How long an input may be silent: parameter ``input_timeout``."""
        return self._options.input_timeout

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stops to listen to tf."""
        if self._transforms is not None:
            self._transforms.close()
            self._transforms = None
        return super().on_cleanup(state)

    # Parameters

    def check_change(self, changes: Sequence[Parameter]) -> SetParametersResult:
        """Decides whether parameters may change; see the base class.

        Args:
            changes: What is to be set.

        Returns:
            Whether it may, and the reason if not.
        """
        return parameter_fields.check_change(self._options, _READ_ON_CONFIGURE, changes)

    def take_parameters(self) -> None:
        """Uses the new values from the next message on."""
        self._options = parameter_fields.read(self, DeprojectParameters)

    # Messages

    def _take_camera(self, info: CameraInfo) -> None:
        require_not_negative(info.header.stamp, "A camera_info")
        self.note_stamp("camera_info", info.header.stamp)
        if self._calibrations.add(info, unstamped=(self._depths.newest or 0) + 1):
            self._camera_of(info)
        if self._waiting:
            self._work()

    def _camera_of(self, info: CameraInfo) -> CameraModel | None:
        """The camera that a camera_info describes; None, with a warning, where it cannot be used."""
        try:
            return CameraModel.of(info, rectified=self._options.rectified)
        except MolmoActError as error:
            self.log_warning("camera_info", f"camera_info cannot be used: {error}")
            return None

    def _take_depth(self, depth: DepthMessage) -> None:
        self.diagnostics.count("depth images received")
        require_not_negative(depth.header.stamp, "A depth image")
        stamp = nanoseconds(depth.header.stamp)
        if not stamp:
            self.log_warning("stamp", "A depth image has stamp zero and is of no use. Set header.stamp.")
            return
        topic = "depth" if isinstance(depth, Image) else _COMPRESSED
        if not self._feed.brings(topic):
            self.diagnostics.count("depth images of a second topic")
            self.log_warning(
                "twin", f"Depth comes on two topics; that on '{topic}' is left out. Remap one of them."
            )
            return
        self.note_stamp("depth", depth.header.stamp)  # first: this may reset time
        self._feed.take(topic, depth)
        self._calibrations.note_image(stamp)
        if not self._depths.add(stamp, depth):
            self.diagnostics.count("depth images too late")
            self.log_warning(
                "late", f"A depth image came later than others by over 'keep', {self._options.keep:g} s."
            )
        self._work()

    def _take_pixels(self, pixels: PointedPixels) -> None:
        self.diagnostics.count("answers received")
        require_not_negative(pixels.header.stamp, "A message of pointed pixels")
        if not nanoseconds(pixels.header.stamp):
            self._drop(
                pixels, "stamp", "they have stamp zero, and no depth is of that time. Set header.stamp."
            )
            return
        self.note_stamp(f"pointed_pixels of {pixels.node}", pixels.header.stamp)
        if len(self._waiting) == _MOST_WAITING:
            crowd = f"{_MOST_WAITING} others wait for their depth."
            self._drop(self._waiting.popleft().pixels, "crowd", crowd)
        self._waiting.append(WaitingPixels(pixels, time.monotonic()))
        self._work()

    # Points in space

    def _work(self) -> None:
        """Deprojects what waits and has found its depth and tf; drops what never will."""
        waiting = list(self._waiting)
        self._waiting.clear()  # before they are decided: what raises is not tried again
        undecided = [one for one in waiting if not self._decide(one)]
        self._waiting.extend(undecided)
        if not undecided:
            self._retry.cancel()
        elif self._retry.is_canceled():
            self._retry.reset()

    def _decide(self, waiting: WaitingPixels) -> bool:
        """Deprojects or drops what waits; returns False while its depth or tf may still come."""
        pixels = waiting.pixels
        stamp, waited = nanoseconds(pixels.header.stamp), time.monotonic() - waiting.since
        found = self._depths.nearest(stamp)
        if self._is_ahead(stamp):
            ahead = (stamp - (self._depths.newest or 0)) / 1e9
            self._drop(
                pixels,
                "ahead",
                f"they are {ahead:.1f} s newer than the newest depth image. Is 'depth' alive, and are its "
                "stamps of the same clock?",
            )
            return True
        if waited < self._patience(found, self._depths.settled(stamp)):
            return False
        if waited < _INFO_PATIENCE_S and self._calibrations.may_come(stamp):
            return False
        if found is None:
            patience = f"{_DEPTH_PATIENCE_S:g} s"
            self._drop(pixels, "no depth", f"no depth image came within {patience}. Is 'depth' published?")
        elif found[0] > self._slop():
            self._drop(
                pixels,
                "slop",
                f"the nearest depth image is {found[0] * 1000:.1f} ms off; {self._slop() * 1000:.1f} ms are "
                "allowed. Raise 'slop', or 'keep' if points come late.",
            )
        else:
            calibration = self._calibration_of(pixels, found[1])
            if calibration is not None:
                return self._deproject(calibration, waiting, found[1])
        return True

    def _calibration_of(self, pixels: PointedPixels, depth: DepthMessage) -> Calibration | None:
        """The calibration of the image and of its depth; where it is not known, points are dropped."""
        if self._calibrations.is_empty:
            topic = self.resolve_topic_name("camera_info")
            self._drop(pixels, "camera", f"camera_info cannot be used: none has come on '{topic}' yet")
            return None
        calibration, of_depth = (
            self._calibrations.at(nanoseconds(message.header.stamp)) for message in (pixels, depth)
        )
        if calibration is None:
            self._drop(
                pixels,
                "optics",
                "camera_info changes, as by a zoom, and none has come that is of their image. Publish it "
                "with the stamp of every image.",
            )
        elif of_depth is not calibration:
            self._drop(
                pixels,
                "optics",
                "camera_info changed, as by a zoom, between their image and the nearest depth image.",
            )
            return None
        return calibration

    def _patience(self, found: tuple[float, DepthMessage] | None, settled: bool) -> float:
        """How long in seconds an answer may wait for a depth image that is nearer than the one found."""
        near = found is not None and found[0] <= self._slop()
        if found is not None and (found[0] == 0 or (near and settled)):
            return 0.0
        if near:
            return _NEWER_PATIENCE_S
        return _LATE_PATIENCE_S if settled else _DEPTH_PATIENCE_S

    def _slop(self) -> float:
        return self._depths.half_frame() if self._options.slop == HALF_FRAME else self._options.slop

    def _is_ahead(self, stamp: int) -> bool:
        """Whether no depth image of that time can be expected soon."""
        newest, lead = self._depths.newest, _DEPTH_PATIENCE_S
        if time.monotonic() - self._reset_at < _RESET_S:
            lead = max(_LEAD_S, 3 * self._depths.half_frame())
        return newest is not None and stamp - newest > lead * 1e9

    def _drop(self, pixels: PointedPixels, kind: str, reason: str) -> None:
        """Leaves points out; each kind of reason is logged by itself, so that none hides another."""
        self.diagnostics.count("answers dropped")
        queries = ", ".join(repr(each.query) for each in pixels.queries)
        self.log_warning(f"drop {kind}", f"Points about {queries} dropped: {reason}")

    def _deproject(self, calibration: Calibration, waiting: WaitingPixels, message: DepthMessage) -> bool:
        """Publishes where the points are, or drops them; returns False while tf may still come."""
        pixels, info = waiting.pixels, calibration.info
        camera, camera_frame = self._camera_of(info), info.header.frame_id
        if camera is None:
            self._drop(pixels, "camera", "camera_info of their image cannot be used.")
            return True
        if camera.doubt and not info.roi.width:
            self.log_warning("camera doubt", camera.doubt)
        try:
            if not (message.header.frame_id or camera_frame or pixels.header.frame_id):
                self.log_warning(
                    "frames",
                    "No message has a frame_id: whether depth is of the same camera cannot be told.",
                )
            if not self._options.allow_other_frames:
                require_same_frame(message.header.frame_id, camera_frame, pixels.header.frame_id)
            depth = DepthImage(message, self._options.depth_unit)
            require_aligned(depth.size, camera.size, (pixels.width, pixels.height))
            transform, frame = self._to_target(pixels.header)
        except (InputError, NoTransformError) as error:
            if isinstance(error, NoTransformError) and time.monotonic() - waiting.since < _TF_PATIENCE_S:
                return False
            self._drop(pixels, "depth", str(error))
            return True
        assert self._packages.own is not None
        assert self._outputs_3d is not None
        placed = place_points(pixels.points, depth, camera, transform, self._options, self._packages.own)
        for reason in placed.left_out:
            self.diagnostics.count(f"points {reason}")
        self._warn_without_depth(placed)
        self._outputs_3d.publish(pixels, placed.points, frame)
        self.diagnostics.count("answers deprojected")
        self.diagnostics.mark_published()
        age = self.age_of(pixels.header.stamp)
        if 0 <= age < _STRANGE_AGE_S:  # the point node warns of stamps of another clock
            self.diagnostics.add_duration("capture to answer", age)
        return True

    def _warn_without_depth(self, placed: PlacedPoints) -> None:
        """Warns when no visible point of several answers in a row has a position."""
        reasons = sorted({reason for reason in placed.left_out if reason != "not visible"})
        if placed.points:
            self._answers_without = 0
        elif reasons:
            self._answers_without += 1
        if self._answers_without >= _SUSPICIOUS_ANSWERS:
            self.log_warning(
                "without depth",
                f"No visible point of {self._answers_without} answers had depth ({', '.join(reasons)}). Is "
                "it empty there, in millimetres as 32FC1 (not metres), or beyond min_depth and max_depth?",
            )

    def _to_target(self, header: Header) -> tuple[RigidTransform, str]:
        """The transform from the camera's frame to the one of the points, and the name of the latter."""
        target = self._options.target_frame
        if self._transforms is None or target == header.frame_id:
            return IDENTITY, header.frame_id
        return self._transforms.lookup(target, header.frame_id, header.stamp), target
