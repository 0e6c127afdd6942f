"""PointNode: newest picture in, points out, as a ROS 2 lifecycle node; knows no pixel format and no model.

Topics, parameters and QoS are described in README.md beside this file.
"""

from __future__ import annotations

import operator
import time
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from geometry_msgs.msg import PointStamped
from rcl_interfaces.msg import SetParametersResult
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.parameter import Parameter
from sensor_msgs.msg import CompressedImage, Image, PointCloud2

from molmo_act.errors import InputError, MolmoActError
from molmo_act.points import Points
from ros_nodes import answers, convert, optional, parameters, qos, waiting
from ros_nodes.managed import in_words
from ros_nodes.newest import NewestWorker
from ros_nodes.pixels import to_rgb
from ros_nodes.queried import QueriedNode
from ros_nodes.request import PointRequest, PointSetup, refusal
from ros_nodes.stamps import nanoseconds

if TYPE_CHECKING:
    from molmo_act import PointingModel

_WARM_UP = np.full((480, 640, 3), 128, np.uint8)  # a picture of nothing, of a usual size


def load_model(name_or_path: str | None, device: str | None) -> PointingModel:
    """Loads a checkpoint with the library and lets it answer once: the node's own way to its model."""
    import molmo_act

    model = molmo_act.load(name_or_path, device=device)
    model.point(_WARM_UP, ["warm-up", "second warm-up"])
    return model


class Frame(NamedTuple):
    """A camera message on its way.

    Attributes:
        message: The picture as it came.
        camera: The prefix of its topics.
        received: When it came, on the monotonic clock.
    """

    message: Image | CompressedImage
    camera: str
    received: float


class Asked(NamedTuple):
    """What is asked of every picture from now on: one value, as two threads look at it.

    Attributes:
        request: The parameters.
        numbers: Of each query, in their order.
    """

    request: PointRequest
    numbers: dict[str, int]


class PointNode(QueriedNode):
    """Points at what the queries name in the newest picture of each camera.

    Configuring declares the parameters and loads the model, activating subscribes and starts the one
    worker thread, deactivating waits for the picture in progress. Every output carries the header of its
    picture. A picture that cannot be read or a model that raises is told in the log and on /diagnostics, and
    costs one picture.

    Args:
        load_model: Gives the model for the parameters ``model`` and ``device`` (None where unset): an object
            with the ``point`` and ``name`` of ``molmo_act.PointingModel``.
        name: Name of the node.
    """

    def __init__(
        self,
        load_model: Callable[[str | None, str | None], PointingModel] = load_model,
        *,
        name: str = "point_node",
    ) -> None:
        super().__init__(name)
        self._load_model = load_model
        self._model: PointingModel | None = None  # held from configure to cleanup
        self._asked = Asked(PointRequest(), {})
        self._last_number = 0
        self._worker: NewestWorker[Callable[[], None]] | None = None
        self._cameras: tuple[str, ...] = ("",)
        self._newest: dict[str, Image | CompressedImage] = {}  # by camera
        self._errands: set[Future] = set()  # of callers that wait
        self._outputs: dict[str, dict[str, Any]] = {}  # by camera, by topic
        self._interfaces: Any = optional.find("molmo_act_interfaces.msg")
        self._vision: Any = optional.find("vision_msgs.msg")
        self._offer_services()
        self.add_on_set_parameters_callback(self._check_parameters)
        self.add_post_set_parameters_callback(self._take_parameters)

    # Lifecycle

    def prepare(self) -> None:
        """Declares the parameters, loads the model, creates the publishers."""
        for settings in (PointSetup, PointRequest):
            parameters.declare(self, settings)
        setup, wanted = parameters.read(self, PointSetup), parameters.read(self, PointRequest)
        wanted.check()
        self._ask_for(wanted)
        self._cameras = setup.camera_names
        self._model = self._load_model(setup.model or None, setup.device or None)
        self.health.about = {"model": str(self._model.name)}
        if self._interfaces is None:
            self.get_logger().warning(optional.WITHOUT_INTERFACES)
        self._outputs = {camera: self._advertise(f"{camera}/" if camera else "") for camera in self._cameras}

    def begin(self) -> None:
        """Starts the worker, subscribes."""
        worker = NewestWorker[Callable[[], None]](
            operator.call, self._tell_fault, period=self._asked.request.period, name="pointing"
        )
        worker.start()
        self._worker = worker
        for camera in self._cameras:
            take = partial(self._receive, camera)
            prefix = f"{camera}/" if camera else ""
            self.subscribe(Image, f"{prefix}image", take, qos.NEWEST_FRAME)
            self.subscribe(CompressedImage, f"{prefix}image/compressed", take, qos.NEWEST_FRAME)
            self.rely_on(f"{prefix}image", f"{prefix}image/compressed")
        self.listen_to_queries()
        self.tell_what_for(list(self._asked.numbers))

    def halt(self, timeout: float | None = None) -> None:
        """Waits for the picture in progress; who waits for an answer is sent away."""
        if self._worker is not None:
            self._worker.stop(timeout)
            self._worker = None
        for errand in list(self._errands):
            errand.cancel()
        self._newest.clear()

    def release(self) -> None:
        """Lets go of the publishers and the model."""
        for outputs in self._outputs.values():
            self.withdraw(outputs.values())
        self._outputs = {}
        self._model = None

    def _advertise(self, prefix: str) -> dict[str, Any]:
        kinds: dict[str, tuple[type, Any]] = {
            "points": (PointCloud2, qos.RESULTS),
            "best_point": (PointStamped, qos.RESULTS),
            "overlay": (Image, qos.OVERLAYS),
        }
        if self._interfaces is not None:
            kinds["pointed_pixels"] = (self._interfaces.PointedPixels, qos.RESULTS)
        if self._vision is not None:
            kinds["detections"] = (self._vision.Detection2DArray, qos.RESULTS)
        return {
            topic: self.advertise(kind, prefix + topic, profile) for topic, (kind, profile) in kinds.items()
        }

    # Parameters and queries

    def _check_parameters(self, proposed: list[Parameter]) -> SetParametersResult:
        reason = None if self._model is None else refusal(self._asked.request, PointSetup, proposed)
        return SetParametersResult(successful=reason is None, reason=reason or "")

    def _take_parameters(self, taken: list[Parameter]) -> None:
        if self._model is None:
            return  # being declared, or read again on configure
        self._ask_for(parameters.read(self, PointRequest))
        if self._worker is not None:
            self._worker.period = self._asked.request.period

    def _ask_for(self, wanted: PointRequest) -> None:
        """From now on; a query that stays keeps its number."""
        numbers = {}
        for query in wanted.asked:
            if query not in self._asked.numbers:
                self._last_number += 1
            numbers[query] = self._asked.numbers.get(query, self._last_number)
        self._asked = Asked(wanted, numbers)

    # Services

    def _offer_services(self) -> None:
        services = optional.find("molmo_act_interfaces.srv")
        if services is not None:
            self.create_service(services.SetQueries, "~/set_queries", self._serve_queries)
            alone = ReentrantCallbackGroup()  # it waits for the model, and nothing else shall wait with it
            self.create_service(services.PointQuery, "~/point_query", self._serve_point, callback_group=alone)

    def _serve_queries(self, asked: Any, response: Any) -> Any:
        if self._model is None:
            response.message = "the node is not configured"
            return response
        result = self.set_queries(asked.queries)
        response.success, response.message = result.successful, result.reason
        if result.successful:
            numbers = self._asked.numbers
            response.query_ids = [numbers[query.strip()] for query in asked.queries if query.strip()]
        return response

    async def _serve_point(self, asked: Any, response: Any) -> Any:
        try:
            errand = self._send_errand(asked)
        except InputError as error:
            response.message = str(error)
            return response
        await waiting.done(errand, self.wake)
        self._errands.discard(errand)
        try:
            response.points = errand.result()
            response.success = True
        except CancelledError:
            response.message = "the node was deactivated before it was answered"
        except Exception as error:
            response.message = in_words(error)
        return response

    def _send_errand(self, asked: Any) -> Future:
        """Has the worker answer a question before everything else.

        Raises:
            InputError: The node is inactive, or there is no picture to ask about.
        """
        camera = asked.camera or self._cameras[0]
        picture = asked.image if len(asked.image.data) else self._newest.get(camera)
        if self._worker is None or self._model is None:
            raise InputError("The node is not active; activate it first.")
        if camera not in self._cameras:
            raise InputError(f"Camera is {camera!r}; expected one of {list(self._cameras)}.")
        if picture is None:
            raise InputError("No picture has come yet; give one, or wait for the camera.")
        errand: Future = Future()
        self._errands.add(errand)
        self._worker.insert(partial(self._run_errand, errand, self._model, asked, picture))
        return errand

    # Work, in the worker's thread

    def _run_errand(
        self, errand: Future, model: PointingModel, asked: Any, picture: Image | CompressedImage
    ) -> None:
        if not errand.set_running_or_notify_cancel():
            return
        try:
            points = model.point(
                to_rgb(picture), asked.query, max_points=asked.max_points or None, min_score=asked.min_score
            )
            errand.set_result(answers.pointed_pixels(points, picture.header, 0, self._interfaces))
        except Exception as error:
            errand.set_exception(error)

    def _receive(self, camera: str, message: Image | CompressedImage) -> None:
        """Runs in the executor: leaves the picture to the worker, and takes note of it while that works."""
        frame = Frame(message, camera, time.monotonic())
        before, self._newest[camera] = self._newest.get(camera), message
        if self._worker is not None and self._worker.offer(partial(self._point, frame), camera):
            self.health.count("frames dropped")
        self.health.count("frames received")
        self._check_stamp(frame, None if before is None else before.header.stamp)

    def _check_stamp(self, frame: Frame, before: Any) -> None:
        stamp = frame.message.header.stamp
        if not (stamp.sec or stamp.nanosec):
            self.warn(
                "stamp", "A picture has stamp zero: its points cannot be placed in time. Set header.stamp."
            )
            return
        if before is not None and nanoseconds(stamp) < nanoseconds(before):
            self.warn("stamp", "Stamps of pictures go backwards: a looping bag, or two cameras on one topic?")
        else:
            self.health.took("transport", self.age_of(stamp) - (time.monotonic() - frame.received))

    def _point(self, frame: Frame) -> None:
        model, (wanted, numbers) = self._model, self._asked
        if model is None or not numbers:
            return
        begun = time.monotonic()
        try:
            rgb = to_rgb(frame.message)
        except MolmoActError as error:
            self.health.count("frames refused")
            self.warn("picture", f"Frame skipped: {error}")
            return
        read = time.monotonic()
        found = model.point(
            rgb, list(numbers), max_points=wanted.max_points or None, min_score=wanted.min_score
        )
        answered = time.monotonic()
        # Not all messages name the query, so an answer to a question withdrawn meanwhile would mislead.
        if numbers == self._asked.numbers:
            self._publish(answers.numbered(found), numbers, rgb, frame)
            self.health.took("publish", time.monotonic() - answered)
        self.health.took("wait", begun - frame.received)
        self.health.took("convert", read - begun)
        self.health.took("model", answered - read)
        self.health.count("frames processed")

    def _publish(self, found: list[Points], numbers: dict[str, int], rgb: np.ndarray, frame: Frame) -> None:
        """Publishes each kind of answer that somebody listens to."""
        header, outputs = frame.message.header, self._outputs[frame.camera]

        def is_heard(topic: str) -> bool:
            return topic in outputs and outputs[topic].get_subscription_count() > 0

        if is_heard("pointed_pixels"):
            for points in found:
                message = answers.pointed_pixels(points, header, numbers[points.query], self._interfaces)
                outputs["pointed_pixels"].publish(message)
        everything = answers.together(found)
        best = convert.best_point(everything, header)
        if is_heard("best_point") and best is not None:
            outputs["best_point"].publish(best)
        if is_heard("points"):
            outputs["points"].publish(convert.points_to_cloud(everything, header))
        if is_heard("detections"):
            outputs["detections"].publish(answers.detections(found, header, self._vision))
        self.health.published()
        self.health.took("capture to answer", self.age_of(header.stamp))
        if is_heard("overlay") and self._asked.request.overlay:
            outputs["overlay"].publish(convert.rgb_to_image(np.asarray(everything.draw(rgb)), header))

    def _tell_fault(self, error: Exception) -> None:
        self.health.count("frames failed")
        self.fail("model", f"Frame lost, pointing failed: {in_words(error)}")
