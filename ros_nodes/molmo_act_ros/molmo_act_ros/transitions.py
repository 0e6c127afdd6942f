"""Transitions that the present state of a node does not allow."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lifecycle_msgs.srv import ChangeState
    from rclpy.lifecycle import LifecycleNode


def refuse_impossible(node: LifecycleNode) -> None:
    """Has ``~/change_state`` answer them with success false; rclpy raises, and the client gets no answer.

    Args:
        node: The node, before it is spun.
    """
    service = getattr(node, "_service_change_state", None)
    if service is None:  # another rclpy names it otherwise; then the executor's guard in `runner` remains
        return
    change = service.callback

    def change_or_refuse(call: ChangeState.Request, response: ChangeState.Response) -> ChangeState.Response:
        try:
            return change(call, response)
        except Exception as error:
            asked = call.transition.label or call.transition.id
            reason = " ".join(str(error).split()).partition(", at /")[0]
            node.get_logger().warning(f"Transition {asked!r} was refused: {reason}")
            response.success = False
            return response

    service.callback = change_or_refuse
