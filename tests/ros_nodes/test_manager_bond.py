"""The bond with a lifecycle manager across processes, with a stand-in for bondpy, which PyPI lacks."""

from __future__ import annotations

import os

import pytest

pytest.importorskip("rclpy", reason="needs the extra ros")
from std_msgs.msg import String

from tests.ros_nodes.program import PROCESSES
from tests.support.paths import SOURCES

pytestmark = pytest.mark.ros

WITH_BOND = {"PYTHONPATH": os.pathsep.join([SOURCES, str(PROCESSES / "bond_stand_in")])}


def test_a_managed_node_is_alive_for_its_manager_while_it_is_active(blob_node, listener):
    listener.listen(String, "bond")
    beats = listener.received["bond"]
    blob_node({"query": "red", "autostart": "false"}, **WITH_BOND)
    assert listener.change_state("configure")
    listener.wait_briefly(0.3)
    assert not beats, "it is not active yet"
    for _ in range(2):
        assert listener.change_state("activate")
        listener.wait(lambda: "point_node alive" in [beat.data for beat in beats])
        assert listener.change_state("deactivate")
        listener.wait(lambda: beats[-1].data == "point_node dead")
        beats.clear()
    listener.wait_briefly(0.3)
    assert not beats


def test_a_node_that_starts_itself_has_no_manager(blob_node, listener):
    blob_node({"query": "red"}, **WITH_BOND)
    listener.wait(lambda: listener.node.count_publishers("pointed_pixels"))
    listener.wait(lambda: listener.state() == "active")
    assert listener.node.count_publishers("bond") == 0
