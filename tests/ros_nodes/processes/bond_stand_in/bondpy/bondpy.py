"""A bond that says in words what the real one says in bond/Status messages, by the same calls."""

from __future__ import annotations

import threading

from rclpy.node import Node
from std_msgs.msg import String


class Bond:
    """Sends "ID alive" on the topic while it is started, and "ID dead" once when it is shut down."""

    def __init__(self, topic: str, id: str, node: Node) -> None:
        self._id, self._ended = id, threading.Event()
        self._publisher = node.create_publisher(String, topic, 1)
        self._period = self._timeout = 0.0

    def set_heartbeat_period(self, seconds: float) -> None:
        self._period = seconds

    def set_heartbeat_timeout(self, seconds: float) -> None:
        self._timeout = seconds

    def start(self) -> None:
        assert self._timeout > self._period > 0
        threading.Thread(target=self._beat, daemon=True).start()

    def _beat(self) -> None:
        while not self._ended.wait(self._period):
            self._publisher.publish(String(data=f"{self._id} alive"))

    def shutdown(self) -> None:
        self._ended.set()
        self._publisher.publish(String(data=f"{self._id} dead"))
