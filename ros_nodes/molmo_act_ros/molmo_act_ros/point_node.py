"""PointNode: publishes points for the newest image of each camera.

README.md in the folder of the ROS packages describes topics, parameters and QoS.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from builtin_interfaces.msg import Time as Stamp
from rcl_interfaces.msg import SetParametersResult
from rclpy.lifecycle import LifecycleState, TransitionCallbackReturn
from rclpy.parameter import Parameter
from sensor_msgs.msg import CompressedImage, Image

from molmo_act.errors import InputError, MolmoActError, PlatformError
from molmo_act.model_options import ModelOptions
from molmo_act.outputs.points import Points
from molmo_act.pointing.options import PointOptions
from molmo_act_ros import interfaces, parameter_fields, qos
from molmo_act_ros.camera_feed import CameraFeed, Frame
from molmo_act_ros.conversions import points as convert
from molmo_act_ros.conversions.stamps import nanoseconds, require_not_negative
from molmo_act_ros.latest_worker import LatestWorker
from molmo_act_ros.lifecycle_node import undone_on_error
from molmo_act_ros.model import LoadModel, load_model
from molmo_act_ros.model_node import WAITING_FOR_QUERY, ModelNode
from molmo_act_ros.parameters import PointParameters, PointSetup
from molmo_act_ros.point_outputs import PointOutputs
from molmo_act_ros.point_services import PointRequest, PointServices
from molmo_act_ros.query_ids import QueryIds
from molmo_act_ros.reporting_node import describe_error

if TYPE_CHECKING:
    from molmo_act_interfaces.msg import PointedPixels

    from molmo_act import PointingModel

_LONG_S = 10.0  # a model that takes longer for one image is worth a word


@dataclass(frozen=True)
class Asked:
    """What to do with every image from now on: one value, since two threads read it.

    Attributes:
        options: The parameters.
        query_ids: Id of each query, in their order.
    """

    options: PointParameters
    query_ids: dict[str, int]


class PointNode(ModelNode):
    """Points at what the queries name in the newest image of each camera.

    Configuring declares the parameters and loads the model, activating subscribes and starts the one
    worker thread, deactivating waits for the image in progress. Every output carries the header of its
    image. An image that cannot be read or a model that raises is reported in the log and on /diagnostics, and
    costs one image.

    Args:
        load_model, name: See `ModelNode`; of the model ``point`` and ``name`` are used.
    """

    PARAMETERS = (PointSetup, PointParameters)

    def __init__(self, load_model: LoadModel = load_model, *, name: str = "point_node") -> None:
        super().__init__(load_model, name, "pointing")
        self._asked = Asked(PointParameters(), {})
        self._model_options = ModelOptions()
        self._query_ids = QueryIds()
        self._worker: LatestWorker[Frame | PointRequest] | None = None
        self._cameras: tuple[str, ...] = ("",)
        self._feeds: dict[str, CameraFeed] = {}  # by camera
        self._run = 0  # how often time was reset: an answer of the last run is of no use in this one
        self._outputs_of: dict[str, PointOutputs] = {}  # by camera
        self._packages = interfaces.MessagePackages.find()
        self._point_services = PointServices(
            self,
            insert=self._insert,
            newest_image=self._newest_image,
            query_ids=lambda: self._asked.query_ids,
        )

    # Lifecycle

    @undone_on_error
    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Declares the parameters, loads the model, creates the publishers.

        Args:
            state: The state before.

        Returns:
            SUCCESS, or FAILURE when messages, a parameter or the model cannot be used.
        """
        parameter_fields.declare(self, *self.PARAMETERS)
        setup, options = parameter_fields.read(self, PointSetup), parameter_fields.read(self, PointParameters)
        options.check()
        self._use(options)
        self._cameras, self._model_options = setup.camera_names, setup.options
        _check_numbers(setup.exactly, options.max_points)
        self.load(setup)
        self.check_queries(options.texts)
        if self._packages.own is None:
            if self._packages.vision is None:
                raise PlatformError(f"No message package for points is installed. {interfaces.MISSING}")
            self.get_logger().warning(interfaces.MISSING)
        self._outputs_of = {
            camera: PointOutputs(self, f"{camera}/" if camera else "", self._packages)
            for camera in self._cameras
        }
        return super().on_configure(state)

    @undone_on_error
    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Starts the worker and subscribes."""
        done = super().on_activate(state)
        worker = LatestWorker[Frame | PointRequest](
            self._work, self._log_fault, period=self._asked.options.period, name="pointing"
        )
        worker.start()
        self._worker = worker
        self._feeds = {camera: CameraFeed(self.seconds) for camera in self._cameras}
        for camera in self._cameras:
            raw = f"{camera}/image" if camera else "image"
            for kind, topic in ((Image, raw), (CompressedImage, f"{raw}/compressed")):
                self.subscribe(kind, topic, partial(self._receive, camera, topic), qos.NEWEST_FRAME)
            self.expect_input(raw, f"{raw}/compressed")
        self.subscribe_to_queries("query")
        self.log_queries(list(self._asked.query_ids))
        return done

    def stop_work(self, timeout: float | None = None) -> bool:
        """Waits for the image in progress, and cancels requests that are not answered yet.

        Args:
            timeout: Longest wait in seconds; None waits until the image is done.

        Returns:
            Whether it is done.
        """
        done = self._worker is None or self._worker.stop(timeout)
        self._worker = None
        self._point_services.cancel()
        self._feeds = {}
        return done

    def forget_time(self) -> None:
        """Drops the answer in progress and the newest images."""
        self._run += 1
        for feed in self._feeds.values():
            feed.clear()

    def idle_reason(self) -> str | None:
        """Says that there is no query, or that the model does not come back."""
        if not self._asked.query_ids:
            return WAITING_FOR_QUERY
        busy = 0.0 if self._worker is None else self._worker.busy_for
        return f"The model has been working on one image for {busy:.0f} s." if busy > _LONG_S else None

    def input_timeout(self) -> float:
        """How long a camera may be silent: parameter ``input_timeout``."""
        return self._asked.options.input_timeout

    # Parameters and queries

    def check_change(self, changes: Sequence[Parameter]) -> SetParametersResult:
        """Decides whether parameters may change; see the base class.

        Args:
            changes: The new values.

        Returns:
            Whether they may, and the reason if not.
        """
        result = parameter_fields.check_change(
            self._asked.options, parameter_fields.names_of(PointSetup), changes
        )
        try:
            for change in changes:
                if change.name == "max_points":
                    _check_numbers(self._model_options.exactly or 0, change.value)
        except InputError as error:
            return SetParametersResult(successful=False, reason=str(error))
        return self.check_new_queries(result, changes)

    def take_parameters(self) -> None:
        """Points at the new queries from the next image on."""
        self._use(parameter_fields.read(self, PointParameters))
        if self._worker is not None:
            self._worker.period = self._asked.options.period

    def _use(self, options: PointParameters) -> None:
        """From now on; a query that stays keeps its id."""
        self._asked = Asked(options, self._query_ids.update(options.texts))

    # For the services

    def _insert(self, request: PointRequest) -> None:
        """Has the worker answer a question next, or after one image.

        Raises:
            InputError: The node is inactive.
        """
        self._require_active().insert(request)

    def _require_active(self) -> LatestWorker[Frame | PointRequest]:
        if self._worker is None or self.model is None:
            raise InputError("The node is not active; activate it first.")
        return self._worker

    def _newest_image(self, camera: str) -> Image | CompressedImage:
        """The newest image of a camera, or of the first one.

        Raises:
            InputError: The node is inactive; or there is no such camera, no image, or only one too old.
        """
        self._require_active()
        camera = camera or self._cameras[0]
        if camera not in self._cameras:
            raise InputError(f"Camera is {camera!r}; expected one of {list(self._cameras)}.")
        feed, limit = self._feeds.get(camera), self._asked.options.max_age
        newest, age = (None, None) if feed is None else (feed.newest, feed.age())
        if newest is None or age is None:
            raise InputError("No image has come yet; give one, or wait for the camera.")
        if limit and age > limit:
            raise InputError(
                f"The newest image came {age:.1f} s ago; expected at most {limit:g} s. Is the camera alive? "
                "Otherwise give an image, or raise max_age."
            )
        return newest.message

    def _receive(self, camera: str, topic: str, message: Image | CompressedImage) -> None:
        """Leaves the image to the worker, and checks its stamp while that works."""
        stamp = message.header.stamp
        require_not_negative(stamp, "An image")
        feed = self._feeds[camera]
        if feed.brings(topic):
            self.note_stamp(f"{camera}/image" if camera else "image", stamp)  # first: this may reset time
        before = feed.newest
        arrival = feed.take(topic, message)
        if arrival is None:
            self.log_twin(topic)
            return
        frame = Frame(message, arrival.received, self._run, camera)
        if self._worker is not None and self._worker.offer(frame, camera):
            self.diagnostics.count("frames dropped")
        self.diagnostics.count("frames received")
        self._check_stamp(frame, None if before is None else before.message.header.stamp)

    def _check_stamp(self, frame: Frame, before: Stamp | None) -> None:
        stamp = frame.message.header.stamp
        if not (stamp.sec or stamp.nanosec):
            self.log_warning(
                "stamp", "An image has stamp zero: its points cannot be placed in time. Set header.stamp."
            )
            return
        if before is not None and nanoseconds(stamp) < nanoseconds(before):
            self.log_warning(
                "stamp", "Stamps of images go backwards: a looping bag, or two cameras on one topic?"
            )
        else:
            self.add_age("transport", stamp, frame.received)

    # In the worker's thread

    def _work(self, item: Frame | PointRequest) -> None:
        model = self.model
        if model is None:
            return
        if isinstance(item, PointRequest):
            item.answer_with(lambda request: self._answer(request, model))
        else:
            self._point(item, model)

    def _answer(self, request: PointRequest, model: PointingModel) -> PointedPixels:
        asked: PointOptions = {
            **self._model_options.point_options,
            "max_points": request.max_points,
            "min_score": request.min_score,
        }
        points = model.point(self.to_rgb(request.image), request.query, **asked)
        header, name = request.image.header, self.get_fully_qualified_name()
        assert self._packages.own is not None  # the service exists only with them
        return convert.points_to_pixels([points], header, {}, name, self._packages.own)

    def _point(self, frame: Frame, model: PointingModel) -> None:
        asked = self._asked
        if not asked.query_ids or frame.run != self._run:
            return
        begun = time.monotonic()
        try:
            rgb = self.to_rgb(frame.message)
        except MolmoActError as error:
            self.diagnostics.count("frames refused")
            self.log_warning("image", f"Frame skipped: {error}")
            return
        converted = time.monotonic()
        options: PointOptions = {
            **self._model_options.point_options,
            "max_points": asked.options.max_points or None,
            "min_score": asked.options.min_score,
        }
        answers = model.point(rgb, list(asked.query_ids), **options)
        answered = time.monotonic()
        # Not all messages name the query, so the answer to a withdrawn query would mislead.
        if asked.query_ids == self._asked.query_ids and frame.run == self._run:
            self._publish(convert.with_distinct_ids(answers), asked.query_ids, rgb, frame)
            self.diagnostics.add_duration("publish", time.monotonic() - answered)
        self.diagnostics.add_duration("wait", begun - frame.received)
        self.diagnostics.add_duration("convert", converted - begun)
        self.diagnostics.add_duration("model", answered - converted)
        self.diagnostics.count("frames processed")

    def _publish(
        self, answers: Sequence[Points], query_ids: dict[str, int], rgb: np.ndarray, frame: Frame
    ) -> None:
        header, outputs = frame.message.header, self._outputs_of[frame.camera]
        outputs.publish(answers, query_ids, header)
        self.diagnostics.mark_published()
        self.add_age("capture to answer", header.stamp, frame.received)
        if self._asked.options.overlay:
            outputs.draw(answers, rgb, header)

    def _log_fault(self, error: Exception) -> None:
        self.diagnostics.count("frames failed")
        self.log_error("model", f"Frame lost, pointing failed: {describe_error(error)}")


def _check_numbers(exactly: int, max_points: int) -> None:
    """Refuses a number of points above the most that are allowed; 0 is none in either place."""
    if exactly and 0 < max_points < exactly:
        raise InputError(f"exactly is {exactly} and max_points {max_points}; set one of them.")
