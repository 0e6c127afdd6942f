"""What nodes say of themselves and of their inputs, with one that does nothing, in this process."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

pytest.importorskip("rclpy", reason="needs the extra ros")
from rclpy.qos import QoSDurabilityPolicy, QoSProfile
from std_msgs.msg import String

pytestmark = pytest.mark.ros


def test_a_callback_that_raises_costs_one_message(listener):
    from molmo_act_ros import diagnostics, qos
    from molmo_act_ros.lifecycle_node import ManagedNode

    class Node(ManagedNode):
        def on_activate(self, state):
            self.subscribe(String, "query", self.take, qos.QUERIES)
            return super().on_activate(state)

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
        assert node.diagnostics.summary() == (
            diagnostics.ERROR,
            "A message of 'query' is lost: ValueError: nobody thought of this",
        )
        listener.ask("good")
        listener.wait(lambda: "good" in heard)
    finally:
        listener.executor.remove_node(node)
        node.destroy_node()


def test_an_input_that_brings_nothing_is_missed_once_in_the_log(listener, monkeypatch):
    from molmo_act_ros import diagnostics, qos
    from molmo_act_ros import lifecycle_node as managed

    class Node(managed.ManagedNode):
        def on_activate(self, state):
            self.subscribe(String, "query", lambda message: None, qos.QUERIES)
            self.subscribe(String, "elsewhere", lambda message: None, qos.QUERIES)
            self.expect_input("query")
            self.expect_input("elsewhere")
            return super().on_activate(state)

        def input_timeout(self) -> float:
            return 1e-6

    node = Node("lonely")
    logged: list[str] = []
    monkeypatch.setattr(type(node.get_logger()), "warning", lambda _, text: logged.append(text))
    monkeypatch.setattr(type(node.get_logger()), "info", lambda _, text: logged.append(text))
    try:
        node.trigger_configure()
        node.trigger_activate()
        listener.executor.add_node(node)
        listener.wait(lambda: len(logged) == 2)  # of the listener's publisher, and of nobody
        assert "on '/query' yet, though somebody publishes" in logged[0]
        assert "on '/elsewhere' yet, and nobody publishes" in logged[1]
        assert "-r elsewhere:=/its/topic" in logged[1]
        monkeypatch.setattr(Node, "input_timeout", lambda self: 60.0)
        listener.ask("anything")
        listener.wait(lambda: len(logged) == 4)
        assert logged[2:] == ["'query' brings messages again.", "'elsewhere' brings messages again."]
        monkeypatch.setattr(Node, "input_timeout", lambda self: 1e-6)
        own, query, elsewhere = node._report(node._input_states()).status
        assert [one.name for one in (own, query, elsewhere)] == [
            "lonely: working",
            "lonely: query",
            "lonely: elsewhere",
        ]
        assert own.level == query.level == diagnostics.ERROR.to_bytes(1, "little"), "by far too long"
        assert " s, though somebody publishes there. Is its publisher alive" in query.message
    finally:
        listener.executor.remove_node(node)
        node.destroy_node()


def test_a_node_that_is_not_active_says_so(ros):
    from molmo_act_ros import lifecycle_node as managed

    node = managed.ManagedNode("idle")
    try:
        node.trigger_configure()
        status = node._report(node._input_states()).status[0]
        assert (status.name, status.message, status.level) == ("idle: working", "inactive", b"\x01")
        node.trigger_activate()
        assert node._report(node._input_states()).status[0].message == "working"
    finally:
        node.destroy_node()


@pytest.mark.parametrize(
    ("durability", "subscribers", "wanted"),
    [("VOLATILE", 0, False), ("VOLATILE", 1, True), ("TRANSIENT_LOCAL", 0, True)],
)
def test_what_is_latched_is_wanted_before_anybody_listens(durability, subscribers, wanted):
    from molmo_act_ros.reporting_node import ReportingNode

    profile = QoSProfile(depth=1, durability=QoSDurabilityPolicy[durability])
    publisher = SimpleNamespace(qos_profile=profile, get_subscription_count=lambda: subscribers)
    assert ReportingNode.is_wanted(publisher) == wanted


def test_a_message_that_cannot_be_used_is_a_warning(listener):
    """A fault of whoever sent it, and not of the node."""
    from molmo_act_ros import diagnostics, qos
    from molmo_act_ros.lifecycle_node import ManagedNode

    from molmo_act.errors import InputError

    class Node(ManagedNode):
        def on_activate(self, state):
            self.subscribe(String, "query", self.take, qos.QUERIES)
            return super().on_activate(state)

        def take(self, message: String) -> None:
            raise InputError("it says nothing")

    node = Node("choosy")
    try:
        node.trigger_configure()
        node.trigger_activate()
        listener.executor.add_node(node)
        listener.ask("anything")
        expected = (diagnostics.WARN, "A message of 'query' is left out: it says nothing")
        listener.wait(lambda: node.diagnostics.summary() == expected)
        assert node.diagnostics.values()["messages refused"] == "1"
    finally:
        listener.executor.remove_node(node)
        node.destroy_node()
