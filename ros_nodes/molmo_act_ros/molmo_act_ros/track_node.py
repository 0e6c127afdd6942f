"""TrackNode: publishes the tracks of the newest image at the rate of the camera.

README.md in the folder of the ROS packages describes topics, parameters and QoS.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from functools import partial
from typing import TYPE_CHECKING, Any

from rcl_interfaces.msg import SetParametersResult
from rclpy.lifecycle import LifecyclePublisher, LifecycleState, TransitionCallbackReturn
from rclpy.parameter import Parameter
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from molmo_act.errors import InputError, MolmoActError, PlatformError
from molmo_act_ros import interfaces, parameter_fields, qos
from molmo_act_ros.camera_feed import CameraFeed, Frame
from molmo_act_ros.conversions import points as convert
from molmo_act_ros.conversions.annotations import marks_of_tracks
from molmo_act_ros.conversions.stamps import nanoseconds, require_not_negative, seconds
from molmo_act_ros.groundings import Groundings
from molmo_act_ros.latest_worker import LatestWorker
from molmo_act_ros.lifecycle_node import undone_on_error
from molmo_act_ros.mask_outputs import MaskOutputs
from molmo_act_ros.model import LoadModel, load_model
from molmo_act_ros.model_node import WAITING_FOR_QUERY, ModelNode
from molmo_act_ros.parameters import Queries, TrackParameters, TrackSetup
from molmo_act_ros.query_ids import QueryIds
from molmo_act_ros.reporting_node import describe_error
from molmo_act_ros.track_action import TrackAction
from molmo_act_ros.track_positions import TrackPositions
from molmo_act_ros.tracked_queries import TrackedQueries

if TYPE_CHECKING:
    from molmo_act_interfaces.action import TrackObject
    from molmo_act_interfaces.msg import PointedPoints3D
    from molmo_act_interfaces.srv import AddObject, RemoveObject

    from molmo_act import StreamingTracker, Track, Tracks
    from molmo_act.segmentation.propagator import MaskPropagator

_STALE_S = 0.5  # a pixel of an older image is no longer where it was
_LONG_S = 10.0  # a model that takes longer for an image is worth a word


class TrackNode(ModelNode):
    """Follows what the queries name at the rate of the camera, while the model is asked now and then.

    Args:
        load_model, name: See `ModelNode`; of the model ``tracker`` and ``name`` are used.
    """

    PARAMETERS = (TrackSetup, TrackParameters)

    def __init__(self, load_model: LoadModel = load_model, *, name: str = "track_node") -> None:
        super().__init__(load_model, name, "tracking")
        self._tracker: StreamingTracker | None = None  # held from activate to deactivate
        self._setup, self._options = TrackSetup(), TrackParameters()
        self._tracked = TrackedQueries(lambda: [] if self._action is None else self._action.queries)
        self._worker: LatestWorker[Frame] | None = None
        self._feed = CameraFeed(self.seconds)
        self._run, self._tracked_run = 0, 0  # how often time was reset, before images came and were tracked
        self._topics: dict[str, LifecyclePublisher] = {}
        self._propagator: MaskPropagator | None = None  # from configure to cleanup
        self._masks: MaskOutputs | None = None
        self._newest: float | None = None  # seconds of the last stamp
        self._query_ids = QueryIds()
        self._positions = TrackPositions(self.get_fully_qualified_name())
        self._groundings = Groundings()
        self._packages = interfaces.MessagePackages.find()
        self._action: TrackAction | None = None
        self._offer_services()

    # Transitions

    @undone_on_error
    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Reads the parameters, loads the model, creates the publishers.

        Args:
            state: Where the node comes from.

        Returns:
            SUCCESS, or FAILURE when messages, a parameter or the model cannot be used.
        """
        parameter_fields.declare(self, *self.PARAMETERS)
        self._setup = parameter_fields.read(self, TrackSetup)
        self._options = parameter_fields.read(self, TrackParameters)
        self._options.check()
        if self._packages.own is None:
            raise PlatformError(f"This node cannot do without its messages: {interfaces.MISSING}")
        self.load(self._setup)
        self.check_queries(self._options.texts)
        self._topics = {
            "tracked_pixels": self.advertise(self._packages.own.PointedPixels, "tracked_pixels", qos.RESULTS),
            "tracked_overlay": self.advertise(Image, "tracked_overlay", qos.OVERLAYS),
            "tracked_overlay/compressed": self.advertise(
                CompressedImage, self.beside("tracked_overlay/compressed"), qos.OVERLAYS
            ),
        }
        self._propagator = self._open_propagator()
        self._masks = MaskOutputs(self, self._packages.vision) if self._setup.masks else None
        if self._packages.annotations is not None:
            kind = self._packages.annotations
            self._topics["tracked_annotations"] = self.advertise(kind, "tracked_annotations", qos.RESULTS)
        return super().on_configure(state)

    @undone_on_error
    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Starts a tracker and the worker that feeds it, and subscribes."""
        done = super().on_activate(state)
        assert self.model is not None
        assert self._packages.own is not None
        setup = self._setup
        # A model of one's own need not know how else it could be asked.
        asked: dict[str, Any] = {"prompt": setup.prompt} if setup.prompt else {}
        if self._propagator is not None:
            asked["masks"] = self._propagator
        self._tracker = self.model.tracker(
            list(self._options.texts),
            rate=setup.rate,
            lost_timeout=setup.lost_timeout,
            min_score=setup.min_score,
            max_points=setup.max_points or None,
            max_crops=setup.max_crops or None,
            window=setup.window,
            window_mode=setup.window_mode,  # type: ignore[arg-type]  # one of its choices
            **asked,
        )
        self._newest, self._groundings = None, Groundings()
        self._feed = CameraFeed(self.seconds)
        worker = LatestWorker[Frame](self._track, self._log_fault, name="tracking")
        worker.start()
        self._worker = worker
        for kind, topic in ((Image, "image"), (CompressedImage, "image/compressed")):
            self.subscribe(kind, topic, partial(self._receive, topic), qos.NEWEST_FRAME)
        self.expect_input("image", "image/compressed")
        self.subscribe_to_queries("tracked_query")
        self.log_queries(self._options.texts)
        positions = self._packages.own.PointedPoints3D
        self.subscribe(positions, "tracked_points_3d", self._take_positions, qos.RESULTS)
        self.tell_nodes_apart("tracked_pixels")
        return done

    def stop_work(self, timeout: float | None = None) -> bool:
        """Ends the goals and the tracker, after the frame in progress and the model's last answer.

        Args:
            timeout: Longest wait for each of the two in seconds; None waits until they are done.

        Returns:
            Whether they are done.
        """
        if self._action is not None:
            self._action.end_all("the node was deactivated")
        done = self._worker is None or self._worker.stop(timeout)
        self._worker = None
        self._tracked.added.clear()
        self._positions.clear()
        if self._tracker is not None:
            closing = threading.Thread(target=self._tracker.close, daemon=True)
            closing.start()
            closing.join(timeout)
            done = done and not closing.is_alive()
            self._tracker = None
        return done

    def finish(self) -> Sequence[Future[None]]:
        """Ends all goals, so that their clients get a result before the node is gone."""
        return () if self._action is None else self._action.end_all("the node ends")

    def forget_time(self) -> None:
        """Has the tracker begin anew with the next image, and forgets positions."""
        self._run += 1
        self._feed.clear()
        self._positions.clear()

    def idle_reason(self) -> str | None:
        """Says that there is no query, or that the model does not come back."""
        tracker = self._tracker
        if tracker is None or not tracker.queries:
            return WAITING_FOR_QUERY
        age, silent = self._feed.age(), time.monotonic() - self._groundings.answered
        if age is not None and age < 1.0 and silent > max(_LONG_S, 3 / self._setup.rate):
            return f"The model has not answered for {silent:.0f} s."
        return None

    def input_timeout(self) -> float:
        """How long the camera may be silent: parameter ``input_timeout``."""
        return self._options.input_timeout

    def destroy_node(self) -> None:
        """Destroys the node and its action server."""
        if self._action is not None:
            self._action.destroy()
        super().destroy_node()

    # What is followed

    def check_change(self, changes: Sequence[Parameter]) -> SetParametersResult:
        """Decides whether parameters may change; see the base class.

        Args:
            changes: What is to be set.

        Returns:
            Whether it may, and the reason if not.
        """
        result = parameter_fields.check_change(self._options, parameter_fields.names_of(TrackSetup), changes)
        given = {each.name: each.value for each in changes}
        query, queries = given.get("query", self._options.query), given.get("queries", self._options.queries)
        try:
            if result.successful and given.keys() & {"query", "queries"}:
                self._tracked.require_room(Queries(query, tuple(queries)).texts)
        except InputError as error:
            return SetParametersResult(successful=False, reason=str(error))
        return self.check_new_queries(result, changes)

    def set_queries(self, queries: Sequence[str]) -> SetParametersResult:
        """Replaces all queries by these, also those of AddObject, unless they are refused.

        Args:
            queries: What to find, in words.

        Returns:
            Whether they were accepted, and the reason if not.
        """
        before, self._tracked.added = self._tracked.added, {}
        result = super().set_queries(queries)
        if not result.successful:
            self._tracked.added = before
        self._update_queries()
        return result

    def take_parameters(self) -> None:
        """Follows the new queries from the next keyframe on."""
        self._options = parameter_fields.read(self, TrackParameters)
        self._update_queries()

    def _update_queries(self) -> None:
        """Adds queries to the tracker that came, and removes those that went."""
        if self._tracker is None:
            return
        wanted = dict.fromkeys(self._tracked.all(self._options.texts))
        for query in set(self._tracker.queries) - wanted.keys():
            self._tracker.remove(query)
        for query in wanted.keys() - set(self._tracker.queries):
            self._tracker.add(query)

    def _take_positions(self, message: PointedPoints3D) -> None:
        """Takes positions of this node's own objects on one of its last images, and of no others."""
        if not self._positions.take(message):
            self.diagnostics.count("positions of others")

    # Services and the action

    def _offer_services(self) -> None:
        services, actions = (
            interfaces.find_interfaces(f"molmo_act_interfaces.{kind}") for kind in ("srv", "action")
        )
        if services is None or actions is None:
            return
        self.create_service(services.AddObject, "~/add_object", self._serve_add)
        self.create_service(services.RemoveObject, "~/remove_object", self._serve_remove)
        self._action = TrackAction(
            self,
            actions.TrackObject,
            check_query=self._check_goal,
            limits=lambda: (self._options.lost_after, self._options.not_found_after),
            update_queries=self._update_queries,
        )

    def _active_tracker(self) -> StreamingTracker:
        if self._tracker is None:
            raise InputError("The node is not active; activate it first.")
        return self._tracker

    def _serve_add(self, call: AddObject.Request, response: AddObject.Response) -> AddObject.Response:
        try:
            response.object_ids = self._add(call)
            response.success = True
        except MolmoActError as error:
            response.message = str(error)
        return response

    def _add(self, call: AddObject.Request) -> Sequence[int]:
        tracker, query = self._active_tracker(), call.query.strip()
        if query:
            self._tracked.require_room(self._options.texts, query)
            object_ids = tracker.add(query)
            self._tracked.added.setdefault(query, set())
            return object_ids
        age, limit = self._feed.age(), self._options.input_timeout
        if age is not None and limit and age > limit:
            raise InputError(f"The newest image came {age:.1f} s ago. Is the camera alive?")
        stamp = call.header.stamp
        require_not_negative(stamp, "The header of the pixel")
        behind = (self._newest or 0.0) - seconds(stamp)
        if self._newest is not None and nanoseconds(stamp) and abs(behind) > _STALE_S:
            raise InputError(
                f"The pixel is of an image {behind:.2f} s before the newest; expected at most {_STALE_S} s. "
                "Point into a newer image, or leave the stamp out for the newest."
            )
        return tracker.add(convert.pixel_to_xy(call.u, call.v))

    def _serve_remove(
        self, call: RemoveObject.Request, response: RemoveObject.Response
    ) -> RemoveObject.Response:
        try:
            tracker = self._active_tracker()
            if call.object_id:
                tracker.remove(int(call.object_id))
                self._tracked.remove_object(call.object_id)
            else:
                ended = self._tracked.remove_unfound()
                response.message = f"ended: {', '.join(map(repr, ended))}"
            response.success = True
            self._update_queries()
        except MolmoActError as error:
            response.message = str(error)
        if response.success and call.object_id and self._action is not None:
            self._action.end_of_object(call.object_id)
        return response

    def _check_goal(self, query: str) -> None:
        self._active_tracker()
        self._tracked.require_room(self._options.texts, query)
        self.check_queries([query])

    def _receive(self, topic: str, message: Image | CompressedImage) -> None:
        require_not_negative(message.header.stamp, "An image")
        if self._feed.brings(topic):
            self.note_stamp("image", message.header.stamp)  # first: this may reset time
        arrival = self._feed.take(topic, message)
        if arrival is None:
            self.log_twin(topic)
            return
        self.diagnostics.count("frames received")
        if self._worker is not None and self._worker.offer(Frame(message, arrival.received, self._run)):
            self.diagnostics.count("frames dropped")

    # In the worker's thread

    def _track(self, frame: Frame) -> None:
        tracker, begun, message = self._tracker, time.monotonic(), frame.message
        if tracker is None or frame.run != self._run:
            return
        if frame.run != self._tracked_run:
            self._tracked_run, self._newest = frame.run, None
            tracker.reset()
            if self._action is not None:
                self._action.restart()
        try:
            when = seconds(message.header.stamp)
            if not when:
                raise InputError(
                    "it has stamp zero, and nothing can be tracked without time. Set header.stamp."
                )
            if self._newest is not None and when <= self._newest:
                raise InputError(
                    f"its stamp {when:.6f} s is not after that of the image before, {self._newest:.6f} s. Do "
                    "two publishers share the topic, or does the driver stamp images twice? Nothing is to be "
                    "reset: when stamps go back by more than a second, the node begins anew by itself."
                )
            tracks = tracker.update(self.to_rgb(message), when)
        except MolmoActError as error:
            self.diagnostics.count("frames refused")
            self.log_warning("image", f"Frame skipped: {error}")
            return
        self._newest = tracks.timestamp
        self._tracked.note(tracks)
        self.diagnostics.add_duration("track", time.monotonic() - begun)
        if self._groundings.update(tracker.stats, self.diagnostics):
            self.log_error("model", f"The model failed on a frame: {self._groundings.failure}")
        if frame.run == self._run:
            self._publish(tracks, frame, tracker.queries)
            if self._action is not None:
                self._action.update(
                    tracks, self._groundings, lambda track: self._feedback(track, message.header)
                )
        self.diagnostics.count("frames processed")

    def _publish(self, tracks: Tracks, frame: Frame, queries: Sequence[str]) -> None:
        own, header, name = self._packages.own, frame.message.header, self.get_fully_qualified_name()
        assert own is not None
        self._positions.note_published(header.stamp)
        pixels = convert.tracks_to_pixels(tracks, header, self._query_ids.update(queries), name, own)
        self._topics["tracked_pixels"].publish(pixels)
        self.diagnostics.mark_published()
        self.add_age("capture to answer", header.stamp, frame.received)
        annotations = self._topics.get("tracked_annotations")
        if annotations is not None and self.is_wanted(annotations):
            annotations.publish(self._packages.annotate(marks_of_tracks(tracks, queries), header, name))
        if self._options.overlay:
            overlays = self._topics["tracked_overlay"], self._topics["tracked_overlay/compressed"]
            self.publish_overlays(overlays, header, lambda: tracks.draw(self.to_rgb(frame.message)))

        if self._masks is not None and tracks.masks is not None:
            self._masks.publish(tracks.masks, header)

    def _open_propagator(self) -> MaskPropagator | None:
        """What segments, on the device of the model; None where nothing does."""
        if not self._setup.masks:
            return None
        from molmo_act.segmentation.opening import open_propagator  # SAM 2 needs torch

        device = str(getattr(getattr(self.model, "model", None), "device", "cpu"))
        return open_propagator(self._setup.masks, weights=self._setup.masks_weights or None, device=device)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Frees what segments, and what the base class cleans up."""
        self._propagator = self._masks = None
        return super().on_cleanup(state)

    def _feedback(self, track: Track, header: Header) -> TrackObject.Feedback:
        assert self._packages.own is not None
        assert self._action is not None
        pixel = convert.track_to_pixel(track, self._query_ids.current, self._packages.own)
        feedback = self._action.kind.Feedback(header=header, pixel=pixel, age=float(track.age))
        position = self._positions.of(track.object_id, pixel.label, header.stamp)
        if position is not None:
            feedback.has_position, feedback.position = True, position
        return feedback

    def _log_fault(self, error: Exception) -> None:
        self.diagnostics.count("frames failed")
        self.log_error("tracker", f"Frame lost, tracking failed: {describe_error(error)}")
