"""The action TrackObject: accepts goals, tells their clients what is seen, and ends them."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rclpy.action import ActionServer, CancelResponse, GoalResponse
from rclpy.action.server import ServerGoalHandle
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.clock import Clock, ClockType

from molmo_act.errors import InputError, MolmoActError
from molmo_act_ros import async_wait
from molmo_act_ros.groundings import Groundings
from molmo_act_ros.model_node import ModelNode
from molmo_act_ros.track_goal import GoalEnd, TrackGoal

if TYPE_CHECKING:
    from molmo_act_interfaces.action import TrackObject

    from molmo_act import Track, Tracks

_CHECK_S = 0.2  # how often goals are checked, besides at every image


@dataclass(frozen=True, eq=False)
class RunningGoal:
    """A goal of the action that has not ended.

    Attributes:
        goal: Which object it tracks.
        handle: Takes its feedback.
        ended: Gets the end.
        told: Done when the action has the result.
    """

    goal: TrackGoal
    handle: ServerGoalHandle
    ended: Future[GoalEnd] = field(default_factory=Future)
    told: Future[None] = field(default_factory=Future)


class TrackAction:
    """Offers ``~/track_object``.

    Args:
        node: The node.
        kind: Class of the action.
        check_query: Raises `MolmoActError` where a query cannot be tracked now, or the node is inactive.
        limits: Gives the seconds after which a goal gives up an object that is lost, or was never found.
        update_queries: Has the queries of the goals tracked, and those of ended goals no more.
    """

    def __init__(
        self,
        node: ModelNode,
        kind: Any,
        *,
        check_query: Callable[[str], None],
        limits: Callable[[], tuple[float, float]],
        update_queries: Callable[[], None],
    ) -> None:
        self._node, self.kind = node, kind
        self._check_query, self._limits, self._update_queries = check_query, limits, update_queries
        self._goals: list[RunningGoal] = []
        # A timer that was destroyed may end an executor of several threads, so there is one for ever.
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._checks = node.create_timer(_CHECK_S, self._check_images, clock=steady)
        self._checks.cancel()
        self._server = ActionServer(
            node,
            kind,
            "~/track_object",
            self._run_goal,
            goal_callback=self._check_goal,
            cancel_callback=self._cancel_goal,
            callback_group=ReentrantCallbackGroup(),  # goals last, and nothing else shall wait with them
        )

    @property
    def queries(self) -> list[str]:
        """Queries of the goals that run."""
        return [running.goal.query for running in list(self._goals)]

    def restart(self) -> None:
        """Has all goals find their objects anew, since the tracker has forgotten them."""
        for running in list(self._goals):
            running.goal.restart()

    def update(self, tracks: Tracks, groundings: Groundings, make_feedback: Callable[[Track], Any]) -> None:
        """Takes the tracks of the next frame; called in the worker's thread.

        Args:
            tracks: All objects on the frame.
            groundings: What came of asking the model lately.
            make_feedback: Makes the feedback about an object.
        """
        for running in list(self._goals):
            failure = groundings.failing.get(running.goal.query, groundings.failure)
            track, end = running.goal.update(tracks, time.monotonic(), failure)
            if track is not None:
                running.handle.publish_feedback(make_feedback(track))
            if end is not None:
                self._end(running, end)

    def end_all(self, why: str) -> Sequence[Future[None]]:
        """Ends all goals.

        Args:
            why: What the clients are told.

        Returns:
            Done when the clients have been told.
        """
        goals = list(self._goals)
        for running in goals:
            self._end(running, GoalEnd("STOPPED", why))
        return [running.told for running in goals]

    def end_of_object(self, object_id: int) -> None:
        """Ends the goals of an object that was removed.

        Args:
            object_id: Its id.
        """
        for running in list(self._goals):
            if running.goal.object_id == object_id:
                self._end(running, GoalEnd("STOPPED", "the object was removed by another client"))

    def destroy(self) -> None:
        """Destroys the action server."""
        self._server.destroy()

    def _check_goal(self, request: TrackObject.Goal) -> GoalResponse:
        """Rejects goals that cannot be worked on: rclpy has no way to tell the client why, the log does."""
        try:
            self._check_query(request.query.strip())
            if not 0 <= request.duration < math.inf:
                raise InputError(f"duration is {request.duration}; expected seconds, or 0 for no end.")
        except MolmoActError as error:
            self._node.log_warning("goal", f"A goal of track_object was rejected: {error}")
            return GoalResponse.REJECT
        return GoalResponse.ACCEPT

    async def _run_goal(self, handle: ServerGoalHandle) -> TrackObject.Result:
        request, now = handle.request, time.monotonic()
        goal = TrackGoal(request.query.strip(), request.duration, *self._limits(), now)
        running = RunningGoal(goal, handle)
        self._goals.append(running)
        self._checks.reset()
        if not self._node.active:
            self._end(running, GoalEnd("STOPPED", "the node was deactivated"))
        self._update_queries()
        await async_wait.until_done(running.ended, self._node.wake)
        self._update_queries()
        end = running.ended.result()
        if end.reason == "NONE":
            handle.succeed()
        elif end.reason == "CANCELED" and handle.is_cancel_requested:
            handle.canceled()
        else:
            handle.abort()
        running.told.set_result(None)
        code = getattr(self.kind.Result, end.reason)
        return self.kind.Result(error_code=code, error_msg=end.message, object_id=goal.object_id)

    def _cancel_goal(self, handle: ServerGoalHandle) -> CancelResponse:
        for running in list(self._goals):
            if running.handle.goal_id == handle.goal_id:
                self._end(running, GoalEnd("CANCELED", "asked for by the client"))
                return CancelResponse.ACCEPT
        return CancelResponse.REJECT  # it has ended already

    def _check_images(self) -> None:
        """Ends goals that wait for images in vain."""
        for running in list(self._goals):
            end = running.goal.check_images(time.monotonic())
            if end is not None:
                self._end(running, end)
        if not self._goals:
            self._checks.cancel()

    def _end(self, running: RunningGoal, end: GoalEnd) -> None:
        """Ends a goal unless it has ended: the worker's thread and the executor's both may."""
        try:
            self._goals.remove(running)
        except ValueError:
            return
        running.ended.set_result(end)
