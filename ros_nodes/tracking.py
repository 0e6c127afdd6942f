"""TrackNode: pictures in, tracks of the newest one out, as a ROS 2 lifecycle node; knows no optical flow.

Topics, parameters and QoS are described in README.md beside this file.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

import numpy as np
from rcl_interfaces.msg import SetParametersResult
from rclpy.action import ActionServer, CancelResponse
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.parameter import Parameter
from sensor_msgs.msg import CompressedImage, Image

from molmo_act.errors import InputError, MolmoActError, PlatformError
from ros_nodes import answers, convert, optional, parameters, qos, waiting
from ros_nodes.following import LOST, Follower
from ros_nodes.managed import in_words
from ros_nodes.newest import NewestWorker
from ros_nodes.pixels import to_rgb
from ros_nodes.pointing import load_model
from ros_nodes.queried import QueriedNode
from ros_nodes.request import TrackRequest, TrackSetup, refusal
from ros_nodes.stamps import seconds

if TYPE_CHECKING:
    from molmo_act import PointingModel

_RESTART_S = 1.0  # a stamp that is earlier by more than this begins a new recording
_STALE_S = 0.5  # a pixel of an older picture is no longer where it was


class TrackNode(QueriedNode):
    """Follows what the queries name, at the rate of the camera, while the model looks now and then.

    Args:
        load_model: Gives the model for the parameters ``model`` and ``device`` (None where unset): an object
            with the ``tracker`` and ``name`` of ``molmo_act.PointingModel``.
        name: Name of the node.
    """

    def __init__(
        self,
        load_model: Callable[[str | None, str | None], PointingModel] = load_model,
        *,
        name: str = "track_node",
    ) -> None:
        super().__init__(name)
        self._load_model = load_model
        self._model: Any = None
        self._tracker: Any = None  # held from activate to deactivate
        self._setup, self._request = TrackSetup(), TrackRequest()
        self._added: set[str] = set()  # queries of AddObject
        self._goals: dict[Future, tuple[Follower, Any]] = {}  # by what their end is told to
        self._worker: NewestWorker[Image | CompressedImage] | None = None
        self._outputs: dict[str, Any] = {}
        self._newest: float | None = None  # seconds of the last stamp
        self._positions: dict[int, Any] = {}  # PointStamped by object id
        self._groundings = (0, 0)  # done and failed
        self._types: Any = optional.find("molmo_act_interfaces.msg")
        self._offer_services()
        self.add_on_set_parameters_callback(self._check_parameters)
        self.add_post_set_parameters_callback(self._take_parameters)

    # Lifecycle

    def prepare(self) -> None:
        """Reads the parameters, loads the model, creates the publishers."""
        for settings in (TrackSetup, TrackRequest):
            parameters.declare(self, settings)
        self._setup = parameters.read(self, TrackSetup)
        self._request = parameters.read(self, TrackRequest)
        self._request.check()
        if self._types is None:
            raise PlatformError(f"This node cannot do without its messages: {optional.WITHOUT_INTERFACES}")
        self._model = self._load_model(self._setup.model or None, self._setup.device or None)
        self.health.about = {"model": str(self._model.name)}
        self._outputs = {
            "tracked_pixels": self.advertise(self._types.PointedPixels, "tracked_pixels", qos.RESULTS),
            "overlay": self.advertise(Image, "overlay", qos.OVERLAYS),
        }

    def begin(self) -> None:
        """Starts a tracker and the worker that feeds it, subscribes."""
        setup = self._setup
        self._tracker = self._model.tracker(
            list(self._request.asked),
            rate=setup.rate,
            memory=setup.memory,
            min_score=setup.min_score,
            max_points=setup.max_points or None,
        )
        self._newest, self._groundings = None, (0, 0)
        worker = NewestWorker[Image | CompressedImage](self._track, self._tell_fault, name="tracking")
        worker.start()
        self._worker = worker
        self.subscribe(Image, "image", self._receive, qos.NEWEST_FRAME)
        self.subscribe(CompressedImage, "image/compressed", self._receive, qos.NEWEST_FRAME)
        self.rely_on("image", "image/compressed")
        self.listen_to_queries()
        self.tell_what_for(self._request.asked)
        self.subscribe(self._types.PointedPoints3D, "points_3d", self._take_positions, qos.RESULTS)

    def halt(self, timeout: float | None = None) -> None:
        """Ends goals and the tracker, after the frame in progress and the model's last look."""
        if self._worker is not None:
            self._worker.stop(timeout)
            self._worker = None
        for end in list(self._goals):
            self._end(end, "STOPPED", "the node was deactivated")
        self._added.clear()
        self._positions.clear()
        if self._tracker is not None:
            closing = threading.Thread(target=self._tracker.close, daemon=True)
            closing.start()
            closing.join(timeout)
            self._tracker = None

    def release(self) -> None:
        """Lets go of the publishers and the model."""
        self.withdraw(self._outputs.values())
        self._outputs = {}
        self._model = None

    # What is followed

    def _check_parameters(self, proposed: list[Parameter]) -> SetParametersResult:
        reason = None if self._model is None else refusal(self._request, TrackSetup, proposed)
        return SetParametersResult(successful=reason is None, reason=reason or "")

    def _take_parameters(self, taken: list[Parameter]) -> None:
        if self._model is not None:
            self._request = parameters.read(self, TrackRequest)
            self._follow_what_is_wanted()

    def _follow_what_is_wanted(self) -> None:
        """Tells the tracker of queries that came and went."""
        if self._tracker is None:
            return
        goals = [follower.query for follower, _ in self._goals.values()]
        wanted = dict.fromkeys([*self._request.asked, *self._added, *goals])
        for query in set(self._tracker.queries) - wanted.keys():
            self._tracker.remove(query)
        for query in wanted.keys() - set(self._tracker.queries):
            self._tracker.add(query)

    def _take_positions(self, message: Any) -> None:
        from geometry_msgs.msg import PointStamped

        for point in message.points:
            self._positions[point.object_id] = PointStamped(header=message.header, point=point.position)

    # Services and the action

    def _offer_services(self) -> None:
        services, actions = (optional.find(f"molmo_act_interfaces.{kind}") for kind in ("srv", "action"))
        if services is None or actions is None:
            return
        self.create_service(services.AddObject, "~/add_object", self._serve_add)
        self.create_service(services.RemoveObject, "~/remove_object", self._serve_remove)
        self._action = actions.TrackObject
        self._server = ActionServer(
            self,
            self._action,
            "~/track_object",
            self._run_goal,
            cancel_callback=self._cancel_goal,
            callback_group=ReentrantCallbackGroup(),  # goals last, and nothing else shall wait with them
        )

    def destroy_node(self) -> None:
        """Ends the action server, too."""
        if hasattr(self, "_server"):
            self._server.destroy()
        super().destroy_node()

    def _serve_add(self, asked: Any, response: Any) -> Any:
        try:
            response.object_ids = self._add(asked)
            response.success = True
        except MolmoActError as error:
            response.message = str(error)
        return response

    def _add(self, asked: Any) -> Sequence[int]:
        self._require_active()
        if asked.query.strip():
            found = self._tracker.add(asked.query.strip())
            self._added.add(asked.query.strip())
            return found
        behind = (self._newest or 0.0) - seconds(asked.header.stamp)
        if self._newest is not None and abs(behind) > _STALE_S:
            raise InputError(
                f"The pixel is of a picture {behind:.2f} s before the newest; expected at most {_STALE_S} s. "
                "Point into a newer picture."
            )
        return self._tracker.add((asked.u, asked.v))

    def _serve_remove(self, asked: Any, response: Any) -> Any:
        try:
            self._require_active()
            self._tracker.remove(int(asked.object_id))
            response.success = True
        except MolmoActError as error:
            response.message = str(error)
        for end, (follower, _) in list(self._goals.items()):
            if response.success and follower.object_id == asked.object_id:
                self._end(end, "STOPPED", "the object was removed by another client")
        return response

    def _require_active(self) -> None:
        if self._tracker is None:
            raise InputError("The node is not active; activate it first.")

    async def _run_goal(self, handle: Any) -> Any:
        from molmo_act.asking import check_query

        query = handle.request.query.strip()
        follower = Follower(query, self._request.lost_after, self._request.not_found_after)
        end: Future = Future()
        try:
            self._require_active()
            check_query(query)
            self._goals[end] = (follower, handle)
            self._follow_what_is_wanted()
        except MolmoActError as error:
            self._goals.pop(end, None)
            end.set_result(("REFUSED", str(error)))
        await waiting.done(end, self.wake)
        self._follow_what_is_wanted()
        reason, message = end.result()
        if handle.is_cancel_requested:
            handle.canceled()
        else:
            handle.abort()
        code = getattr(self._action.Result, reason)
        return self._action.Result(reason=code, message=message, object_id=follower.object_id)

    def _cancel_goal(self, handle: Any) -> CancelResponse:
        for end, (_, goal) in list(self._goals.items()):
            if goal.goal_id == handle.goal_id:
                self._end(end, "CANCELED", "asked for by the client")
        return CancelResponse.ACCEPT

    def _end(self, end: Future, reason: str, message: str) -> None:
        """Ends a goal, unless somebody else has: the camera's thread and the executor's both may."""
        if self._goals.pop(end, None) is not None:
            end.set_result((reason, message))

    # Work, in the worker's thread

    def _receive(self, message: Image | CompressedImage) -> None:
        """Runs in the executor."""
        self.health.count("frames received")
        if self._worker is not None and self._worker.offer(message):
            self.health.count("frames dropped")

    def _track(self, message: Image | CompressedImage) -> None:
        tracker, begun = self._tracker, time.monotonic()
        if tracker is None:
            return
        try:
            when = seconds(message.header.stamp)
            self._check_stamp(tracker, when)
            tracks = tracker.update(to_rgb(message), when)
        except MolmoActError as error:
            self.health.count("frames refused")
            self.warn("picture", f"Frame skipped: {error}")
            return
        self._newest = tracks.timestamp
        self.health.took("track", time.monotonic() - begun)
        self._tell_groundings(tracker.stats)
        self._publish(tracks, message)
        self._tell_goals(tracks, message.header)
        self.health.count("frames processed")

    def _check_stamp(self, tracker: Any, when: float) -> None:
        if not when:
            raise InputError("it has stamp zero, and nothing can be followed without time. Set header.stamp.")
        if self._newest is not None and when < self._newest - _RESTART_S:
            self.warn("stamp", "Stamps of pictures go backwards: tracking begins anew.")
            tracker.reset()

    def _tell_groundings(self, stats: Any) -> None:
        done, failed = self._groundings
        if stats.groundings > done:
            self.health.took("look to tracks", stats.latency)
            self.health.count("looks", stats.groundings - done)
        if stats.grounding_errors > failed:
            self.health.count("looks failed", stats.grounding_errors - failed)
            self.fail("model", f"The model failed on a frame: {in_words(stats.last_error)}")
        self._groundings = (stats.groundings, stats.grounding_errors)

    def _publish(self, tracks: Any, message: Image | CompressedImage) -> None:
        pixels = answers.tracked_pixels(tracks, message.header, self._types)
        self._outputs["tracked_pixels"].publish(pixels)
        self.health.published()
        self.health.took("capture to answer", self.age_of(message.header.stamp))
        overlay = self._outputs["overlay"]
        if self._request.overlay and overlay.get_subscription_count():
            overlay.publish(convert.rgb_to_image(np.asarray(tracks.draw(to_rgb(message))), message.header))

    def _tell_goals(self, tracks: Any, header: Any) -> None:
        for end, (follower, handle) in list(self._goals.items()):
            track, over = follower.look(tracks)
            if track is not None:
                self._feed_back(handle, track, header)
            if over:
                lost = over == LOST
                patience = follower.lost_after if lost else follower.not_found_after
                message = f"{follower.query!r} was {over} for {patience:g} s"
                self._end(end, "LOST" if lost else "NOT_FOUND", message)

    def _feed_back(self, handle: Any, track: Any, header: Any) -> None:
        told = self._action.Feedback(header=header, pixel=answers.tracked_pixel(track, self._types))
        told.age = float(track.age)
        position = self._positions.get(track.object_id)
        if position is not None and abs(seconds(header.stamp) - seconds(position.header.stamp)) < _RESTART_S:
            told.has_position, told.position = True, position
        handle.publish_feedback(told)

    def _tell_fault(self, error: Exception) -> None:
        self.health.count("frames failed")
        self.fail("tracker", f"Frame lost, tracking failed: {in_words(error)}")
