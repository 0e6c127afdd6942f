"""What every node has from ManagedNode, with one that does nothing, in this process."""

from __future__ import annotations

import pytest

pytest.importorskip("rclpy", reason="needs the extra ros")
from std_msgs.msg import String

pytestmark = pytest.mark.ros


def test_a_callback_that_raises_costs_one_message(listener):
    from ros_nodes import health, qos
    from ros_nodes.managed import ManagedNode

    class Node(ManagedNode):
        def begin(self) -> None:
            self.subscribe(String, "query", self.take, qos.QUERIES)

        def take(self, message: String) -> None:
            heard.append(message.data)
            if message.data == "bad":
                raise ValueError("nobody thought\nof this")

    heard: list[str] = []
    node = Node("careless")
    try:
        node.trigger_configure()
        node.trigger_activate()
        listener.executor.add_node(node)
        listener.ask("bad")
        listener.wait(lambda: "bad" in heard)
        assert node.health.summary() == (
            health.ERROR,
            "A message of 'query' is lost: ValueError: nobody thought of this",
        )
        listener.ask("good")
        listener.wait(lambda: "good" in heard)
    finally:
        listener.executor.remove_node(node)
        node.destroy_node()
