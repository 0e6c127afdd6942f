"""Compares positions with what is true at their stamps."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from tests.ros_nodes.chaos.report import Report
from tests.ros_nodes.chaos.rogue import Rogue
from tests.ros_nodes.chaos.world import TICK_S, World

LATE_S = 2.0  # how long answers about the world before may be under way


class Truth:
    """Checks what nodes publish.

    Attributes:
        answered: When each topic of points in space last brought something, on the monotonic clock.
    """

    def __init__(self, node: Any, world: World, report: Report) -> None:
        from molmo_act_interfaces.msg import PointedPoints3D

        self._world, self._report = world, report
        self.answered = dict.fromkeys(("points_3d", "tracked_points_3d"), 0.0)
        for topic in self.answered:
            node.create_subscription(PointedPoints3D, topic, lambda m, t=topic: self._take(t, m), 50)

    def _take(self, topic: str, message: Any) -> None:
        if Rogue.is_of(message):
            return
        self.answered[topic] = time.monotonic()
        for point in message.points:
            self._check(topic, message.header.stamp, point.label, point.position)

    def take_feedback(self, message: Any) -> None:
        """Checks the position in the feedback of a goal."""
        told = message.feedback
        if told.has_position:
            place = told.position
            self._check("tracked feedback", place.header.stamp, told.pixel.label, place.point)

    def _check(self, what: str, stamp: Any, label: str, place: Any) -> None:
        """Compares a position with the truth at that stamp, in this world or in one that has just ended."""
        position = np.array([place.x, place.y, place.z])
        colour = label.partition("#")[0]
        moments = self._world.history.get(stamp.sec * 10**9 + stamp.nanosec, [])
        now = time.monotonic()
        tolerance = (0.03, 0.03, 0.005) if "tracked" in what else (0.005, 0.005, 0.005)
        for later, moment in enumerate(reversed(moments)):
            ended = moments[-later].shown if later else now
            if later and now - ended > LATE_S + TICK_S:
                break
            if (np.abs(position - moment.place(colour)) <= tolerance).all():
                self._report.checked += 1
                return
        truth = [(moment.world, moment.place(colour).round(3).tolist()) for moment in moments]
        self._report.fault(
            f"{what}: {label} at {position.round(3).tolist()}, stamp {stamp.sec}; the truth is {truth}"
        )
