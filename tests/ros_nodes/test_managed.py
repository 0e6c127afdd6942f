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


def test_an_input_that_brings_nothing_is_missed_once_in_the_log(listener, monkeypatch):
    from ros_nodes import health, managed, qos

    class Node(managed.ManagedNode):
        def begin(self) -> None:
            self.subscribe(String, "query", lambda message: None, qos.QUERIES)
            self.subscribe(String, "elsewhere", lambda message: None, qos.QUERIES)
            self.rely_on("query")
            self.rely_on("elsewhere")

    monkeypatch.setattr(managed, "_SILENCE_S", 0.0)
    node = Node("lonely")
    logged: list[str] = []
    monkeypatch.setattr(type(node.get_logger()), "warning", lambda _, text: logged.append(text))
    try:
        node.trigger_configure()
        node.trigger_activate()
        listener.executor.add_node(node)
        listener.wait(lambda: len(logged) == 2)  # of the listener's publisher, and of nobody
        assert "on '/query' yet, though somebody publishes" in logged[0]
        assert "on '/elsewhere' yet, and nobody publishes" in logged[1]
        listener.ask("anything")
        listener.wait(lambda: node._report().status[0].message == logged[1])
        assert node.health.summary()[0] == health.WARN
        assert "-r elsewhere:=/its/topic" in logged[1]
        assert len(logged) == 2
    finally:
        listener.executor.remove_node(node)
        node.destroy_node()
