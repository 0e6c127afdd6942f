"""What every node has from ManagedNode, with one that does nothing, in this process."""

from __future__ import annotations

import pytest

pytest.importorskip("rclpy", reason="needs the extra ros")

pytestmark = pytest.mark.ros


def test_stamps_that_go_back_reset_time_once_and_disorder_does_not(ros):
    from builtin_interfaces.msg import Time
    from molmo_act_ros import lifecycle_node as managed

    resets: list[str] = []

    class Node(managed.ManagedNode):
        def forget_time(self) -> None:
            resets.append("reset")

    node = Node("timed")
    try:
        for sec, nanosec, expected in [
            (100, 0, 0),
            (0, 0, 0),  # no stamp
            (99, 500_000_000, 0),  # disorder
            (98, 999_999_999, 1),
            (99, 0, 1),
            (5, 0, 2),
            (6, 0, 2),
        ]:
            node.note_stamp("image", Time(sec=sec, nanosec=nanosec))
            assert len(resets) == expected, sec
        node.note_stamp("depth", Time(sec=1))  # another source has time of its own
        assert len(resets) == 2
    finally:
        node.destroy_node()


def test_ages_by_another_clock_are_left_out(ros):
    import time

    from builtin_interfaces.msg import Time
    from molmo_act_ros import lifecycle_node as managed
    from rclpy.time import Time as RosTime

    node = managed.ManagedNode("aged")
    try:
        now = node.get_clock().now().nanoseconds
        for age in (-3600.0, 3600.0 * 24 * 365):
            node.add_age("transport", RosTime(nanoseconds=int(now - age * 1e9)).to_msg(), time.monotonic())
            assert "use_sim_time" in node.diagnostics.summary()[1]
        node.add_age("transport", Time(), time.monotonic())
        assert "transport ms p50" not in node.diagnostics.values()
        assert node.diagnostics.values()["stamps of another clock"] == "2"
        node.add_age("transport", RosTime(nanoseconds=int(now - 0.25e9)).to_msg(), time.monotonic())
        assert 250 <= float(node.diagnostics.values()["transport ms p50"]) < 2000
        # A model that takes a minute is slow, and its clock is right.
        stamp = RosTime(nanoseconds=int(now - 60e9)).to_msg()
        node.add_age("capture to answer", stamp, time.monotonic() - 60)
        assert float(node.diagnostics.values()["capture to answer ms p50"]) >= 60_000
    finally:
        node.destroy_node()


@pytest.mark.parametrize("value", [5, True, 1.5, "plate", [1, 2]])
@pytest.mark.parametrize("configured", [False, True])
def test_a_list_parameter_refuses_what_is_no_list_of_words(ros, value, configured):
    from molmo_act_ros import lifecycle_node as managed
    from molmo_act_ros.parameters import PointParameters
    from rclpy.parameter import Parameter

    class Node(managed.ManagedNode):
        PARAMETERS = (PointParameters,)
        is_configured = configured

    node = Node("typed")
    try:
        (result,) = node.set_parameters([Parameter("queries", value=value)])
        assert not result.successful
        assert "Wrong parameter type" in result.reason
        assert list(node.get_parameter("queries").value) == [""]
    finally:
        node.destroy_node()
