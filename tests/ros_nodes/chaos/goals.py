"""The client of the track node's action: there is always a goal, and each must end in time."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Any

from tests.ros_nodes.chaos.report import Report

GOAL_S = 20.0  # after which a goal must have ended: the limits of the node are 3 and 5 s


class Goals:
    """One goal after the other.

    Args:
        node: Of this process.
        rng: Chooses what is tracked.
        report: Gets how goals end.
        take_feedback: Called with each message of feedback.
    """

    def __init__(
        self, node: Any, rng: random.Random, report: Report, take_feedback: Callable[[Any], None]
    ) -> None:
        from molmo_act_interfaces.action import TrackObject
        from rclpy.action import ActionClient

        self._client = ActionClient(node, TrackObject, "/track_node/track_object")
        self._kind, self._rng, self._report = TrackObject, rng, report
        self._take_feedback = take_feedback
        self._goal: Any = None  # future of the handle, then of the result
        self._sent = 0.0

    def follow(self) -> None:
        """Sends a goal where there is none, and takes the result of the one that has ended."""
        if self._goal is None:
            if self._client.server_is_ready():
                goal = self._kind.Goal(query=self._rng.choice(["red", "green", "blue"]), duration=4.0)
                self._goal = self._client.send_goal_async(goal, feedback_callback=self._take_feedback)
                self._sent = time.monotonic()
            return
        if time.monotonic() - self._sent > GOAL_S:
            accepted = self._goal.done() and getattr(self._goal.result(), "accepted", True)
            if self._goal.done() and accepted:
                self._report.fault(f"a goal has not ended in {GOAL_S} s")
            self._goal = None
        elif self._goal.done():
            result = self._goal.result()
            if hasattr(result, "accepted"):  # the handle: wait for the result next
                self._goal = result.get_result_async() if result.accepted else None
            else:
                self._report.goals[result.result.error_code] += 1
                self._goal = None

    def forget(self) -> None:
        """Forgets the goal: what is killed tells nobody."""
        self._goal = None

    def close(self) -> None:
        """Destroys the client."""
        self._client.destroy()
