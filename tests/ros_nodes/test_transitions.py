"""Transitions that are not possible, asked of a node in this process."""

from __future__ import annotations

import pytest

pytest.importorskip("rclpy", reason="needs the extra ros")

pytestmark = pytest.mark.ros


@pytest.mark.parametrize("asked", [{"id": 3}, {"id": 200}, {"label": "cleanup"}, {"label": "nonsense"}])
def test_a_transition_that_is_not_possible_is_refused(ros, asked):
    """It ended the process, and the client got no answer."""
    from lifecycle_msgs.msg import Transition
    from lifecycle_msgs.srv import ChangeState
    from molmo_act_ros import lifecycle_node as managed

    node = managed.ManagedNode("asked_wrongly")
    try:
        call = ChangeState.Request(transition=Transition(**asked))
        answer = node._service_change_state.callback(call, ChangeState.Response(success=True))
        assert not answer.success
        assert node._state_machine.current_state[1] == "unconfigured"
    finally:
        node.destroy_node()
