"""PointNode: newest picture in, points out, as a ROS 2 lifecycle node; knows no pixel format and no model.

Topics, parameters and QoS are described in README.md beside this file.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from geometry_msgs.msg import PointStamped
from rcl_interfaces.msg import SetParametersResult
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile, QoSReliabilityPolicy
from sensor_msgs.msg import CompressedImage, Image, PointCloud2
from std_msgs.msg import Header, String

from molmo_act.errors import ImageError, MolmoActError
from molmo_act.points import Points
from ros_nodes import convert, request
from ros_nodes.newest import NewestWorker

if TYPE_CHECKING:
    from molmo_act import PointingModel

_NEWEST_FRAME = QoSProfile(depth=1, reliability=QoSReliabilityPolicy.BEST_EFFORT)
_QUERIES = QoSProfile(depth=1)
_RESULTS = QoSProfile(depth=10)
_OVERLAYS = QoSProfile(depth=1)

_REPEAT_AFTER_S = 5.0  # the same trouble is not told more often than this
_GRACE_S = 2.0  # a model in mid-computation may delay the end of the process by this


def load_model(name_or_path: str | None, device: str | None) -> PointingModel:
    """Loads a checkpoint with the library: the node's own way to its model."""
    import molmo_act

    return molmo_act.load(name_or_path, device=device)


class PointNode(LifecycleNode):
    """Points at what the query names in the newest picture.

    Configuring declares the parameters and loads the model, activating subscribes and starts the one
    worker thread, deactivating waits for the picture in progress. Every output carries the header of its
    picture. A picture that cannot be read or a model that raises is told in the log and costs one picture.

    Args:
        load_model: Gives the model for the parameters ``model`` and ``device`` (None where unset): an object
            with the ``point`` of ``molmo_act.PointingModel``.
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
        self._request = request.Request()
        self._worker: NewestWorker[Image | CompressedImage] | None = None
        self._inputs: list = []
        self._outputs: dict = {}
        self.add_on_set_parameters_callback(self._check_parameters)
        self.add_post_set_parameters_callback(self._take_parameters)

    # Lifecycle

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Declares the parameters, loads the model, creates the publishers; stays unconfigured on a fault."""
        try:
            request.declare(self)
            self._request = request.read(self)
            name, device = (self.get_parameter(key).value or None for key in request.READ_ON_CONFIGURE)
            self._model = self._load_model(name, device)
            self._outputs = {
                "points": self.create_lifecycle_publisher(PointCloud2, "points", _RESULTS),
                "best_point": self.create_lifecycle_publisher(PointStamped, "best_point", _RESULTS),
                "overlay": self.create_lifecycle_publisher(Image, "overlay", _OVERLAYS),
            }
        except Exception as error:
            self.get_logger().fatal(f"Cannot configure: {_in_words(error)}")
            self._release()
            return TransitionCallbackReturn.FAILURE
        return super().on_configure(state)

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Enables the publishers, starts the worker, subscribes."""
        done = super().on_activate(state)
        worker = NewestWorker(self._point, self._tell_fault, period=self._request.period, name="pointing")
        worker.start()
        self._worker = worker
        self._inputs = [
            self.create_subscription(Image, "image", worker.offer, _NEWEST_FRAME),
            self.create_subscription(CompressedImage, "image/compressed", worker.offer, _NEWEST_FRAME),
            self.create_subscription(String, "query", self._take_query, _QUERIES),
        ]
        if not self._request.query:
            self.get_logger().info("Waiting for a query: set parameter 'query' or publish on topic 'query'.")
        return done

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Unsubscribes, waits for the picture in progress, disables the publishers."""
        self._stop_pointing()
        return super().on_deactivate(state)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Lets go of the publishers and the model."""
        done = super().on_cleanup(state)
        self._release()
        return done

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Does both of the above from any state."""
        self._stop_pointing()
        done = super().on_shutdown(state)
        self._release()
        return done

    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Goes back to unconfigured with nothing held."""
        self._stop_pointing()
        self._release()
        return super().on_error(state)

    def destroy_node(self) -> None:
        """Stops pointing, waiting only briefly for a picture in progress, and destroys the node."""
        self._stop_pointing(_GRACE_S)
        super().destroy_node()

    def _stop_pointing(self, timeout: float | None = None) -> None:
        for subscription in self._inputs:
            self.destroy_subscription(subscription)
        self._inputs = []
        if self._worker is not None:
            self._worker.stop(timeout)
            self._worker = None

    def _release(self) -> None:
        for publisher in self._outputs.values():
            self.destroy_lifecycle_publisher(publisher)
        self._outputs = {}
        self._model = None

    # Parameters and queries

    def _check_parameters(self, parameters: list[Parameter]) -> SetParametersResult:
        reason = None if self._model is None else request.refusal(parameters)
        return SetParametersResult(successful=reason is None, reason=reason or "")

    def _take_parameters(self, parameters: list[Parameter]) -> None:
        if self._model is None:
            return  # being declared, or read again on configure
        self._request = request.read(self)
        if self._worker is not None:
            self._worker.period = self._request.period

    def _take_query(self, message: String) -> None:
        (result,) = self.set_parameters([Parameter("query", value=message.data)])
        if not result.successful:
            self.get_logger().warning(
                f"Query from topic refused: {result.reason}", throttle_duration_sec=_REPEAT_AFTER_S
            )

    # Work, in the worker's thread

    def _point(self, frame: Image | CompressedImage) -> None:
        model, asked = self._model, self._request
        if model is None or not asked.query:
            return
        read = convert.compressed_to_rgb if isinstance(frame, CompressedImage) else convert.image_to_rgb
        try:
            rgb = read(frame)
        except ImageError as error:
            self.get_logger().warning(f"Frame skipped: {error}", throttle_duration_sec=_REPEAT_AFTER_S)
            return
        points = model.point(rgb, asked.query, max_points=asked.max_points or None, min_score=asked.min_score)
        # The messages do not name the query, so an answer to a question withdrawn meanwhile would mislead.
        if asked.query == self._request.query:
            self._publish(points, rgb, frame.header)

    def _publish(self, points: Points, rgb: np.ndarray, header: Header) -> None:
        self._outputs["points"].publish(convert.points_to_cloud(points, header))
        best = convert.best_point(points, header)
        if best is not None:
            self._outputs["best_point"].publish(best)
        overlay = self._outputs["overlay"]
        if self._request.overlay and overlay.get_subscription_count():
            overlay.publish(convert.rgb_to_image(np.asarray(points.draw(rgb)), header))

    def _tell_fault(self, error: Exception) -> None:
        if self.context.ok():
            self.get_logger().error(
                f"Frame lost, pointing failed: {_in_words(error)}", throttle_duration_sec=_REPEAT_AFTER_S
            )


def _in_words(error: Exception) -> str:
    """One line: our own errors speak for themselves, others need their type."""
    text = " ".join(str(error).split())
    return text if isinstance(error, MolmoActError) else f"{type(error).__name__}: {text}"
