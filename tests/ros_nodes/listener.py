"""The subscribing process: keeps what nodes publish, and speaks to them."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.ros_nodes.program import LONGEST


class Listener:
    """A subscriber in this process: keeps every message of the node's outputs, and speaks to the node."""

    def __init__(self) -> None:
        import rclpy
        from rclpy.executors import SingleThreadedExecutor
        from std_msgs.msg import String

        self.node = rclpy.create_node("listener")
        self.executor = SingleThreadedExecutor()
        self.executor.add_node(self.node)
        self.received: dict[str, list] = {}
        self._clients: dict[str, Any] = {}
        messages = pytest.importorskip("molmo_act_interfaces.msg", reason="built by `make setup`")
        self.pointed_subscription = self.listen(messages.PointedPixels, "pointed_pixels")
        self._queries = {"query": self.node.create_publisher(String, "query", 1)}

    def listen(self, message_type: type, topic: str):
        """Subscribes; messages are appended to ``received[topic]``."""
        self.received[topic] = []
        return self.node.create_subscription(message_type, topic, self.received[topic].append, 10)

    def listen_to_health(self, node: str) -> list:
        """What the node of that full name says of itself on /diagnostics from now on."""
        return self._listen_to_status(node, lambda statuses: statuses[:1])

    def listen_to_inputs(self, node: str) -> list:
        """What the node of that full name says of its inputs on /diagnostics from now on."""
        return self._listen_to_status(node, lambda statuses: statuses[1:])

    def _listen_to_status(self, node: str, choose: Callable[[list], list]) -> list:
        from diagnostic_msgs.msg import DiagnosticArray

        reports: list = []

        def take(message: DiagnosticArray) -> None:
            if message.status[0].name.startswith(f"{node.removeprefix('/')}: "):
                reports.extend(choose(message.status))

        self.node.create_subscription(DiagnosticArray, "/diagnostics", take, 10)
        return reports

    def wait(self, until: Callable[[], object], timeout: float = LONGEST) -> object:
        """Receives until ``until()`` is true, and returns what it gave."""
        end = time.monotonic() + timeout
        while not (result := until()):
            assert time.monotonic() < end, f"waited {timeout} s in vain"
            self.executor.spin_once(timeout_sec=0.02)
        return result

    def wait_briefly(self, seconds: float) -> None:
        """Receives for so long."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.executor.spin_once(timeout_sec=seconds / 10)

    def ask(self, query: str, topic: str = "query") -> None:
        """Publishes a query once the node listens."""
        from std_msgs.msg import String

        if topic not in self._queries:
            self._queries[topic] = self.node.create_publisher(String, topic, 1)
        self.wait(self._queries[topic].get_subscription_count)
        self._queries[topic].publish(String(data=query))

    def published_types(self, node: str) -> set[str]:
        """The types of what a node publishes, as far as it is known: endpoints are told before their node."""
        return {
            kind
            for topic, kinds in self.node.get_topic_names_and_types()
            for kind in kinds
            if node in [info.node_name for info in self.node.get_publishers_info_by_topic(topic)]
        }

    def settle(self, node: str, wait: Callable[[Callable[[], object]], object] | None = None) -> None:
        """Returns once a node knows every endpoint that this process has made so far.

        That a service or an action is ready here says that requests arrive there; the node finds the way back
        by itself, and answers, results and feedback get lost until then. It is told of endpoints one after
        the other, in the order in which they were made: who gets an answer by a client that was made last is
        known with all others. That question may stay without an answer, so it is one that can be asked again.
        """
        from rcl_interfaces.srv import GetParameters

        wait = wait or self.wait
        client = self.node.create_client(GetParameters, f"{node}/get_parameters")
        asked: list = []
        last = -math.inf

        def answered() -> bool:
            nonlocal last
            if time.monotonic() - last > 0.5:
                asked.append(client.call_async(GetParameters.Request()))
                last = time.monotonic()
            return any(future.done() for future in asked)

        try:
            wait(client.service_is_ready)
            wait(answered)
        finally:
            self.node.destroy_client(client)

    def call(self, service_type: type, name: str, request: object):
        """Calls a service of the node and returns its response."""
        if name not in self._clients:
            self._clients[name] = self.node.create_client(service_type, name)
            self.wait(self._clients[name].service_is_ready)
            self.settle(name.rpartition("/")[0])
        future = self._clients[name].call_async(request)
        self.wait(future.done)
        return future.result()

    def set_parameter(self, name: str, value: object, node: str = "/point_node"):
        """Sets a parameter of the node; returns rcl_interfaces' SetParametersResult."""
        from rcl_interfaces.srv import SetParameters
        from rclpy.parameter import Parameter

        request = SetParameters.Request(parameters=[Parameter(name, value=value).to_parameter_msg()])
        return self.call(SetParameters, f"{node}/set_parameters", request).results[0]

    def change_state(self, label: str, node: str = "/point_node") -> bool:
        """Asks the node for a lifecycle transition; returns whether it succeeded."""
        from lifecycle_msgs.msg import Transition
        from lifecycle_msgs.srv import ChangeState

        request = ChangeState.Request(transition=Transition(label=label))
        return self.call(ChangeState, f"{node}/change_state", request).success

    def state(self) -> str:
        """The node's lifecycle state."""
        from lifecycle_msgs.srv import GetState

        return self.call(GetState, "/point_node/get_state", GetState.Request()).current_state.label

    def close(self) -> None:
        self.executor.shutdown()
        self.node.destroy_node()
