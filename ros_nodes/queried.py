"""QueriedNode: a managed node that is told in words what to look for; knows no picture and no model."""

from __future__ import annotations

from collections.abc import Sequence

from rcl_interfaces.msg import SetParametersResult
from rclpy.parameter import Parameter
from std_msgs.msg import String

from ros_nodes import qos
from ros_nodes.managed import ManagedNode


class QueriedNode(ManagedNode):
    """Has the parameters ``query`` and ``queries`` of `ros_nodes.request`, and topic ``query``."""

    def listen_to_queries(self) -> None:
        """Subscribes to topic ``query`` until the node is deactivated."""
        self.subscribe(String, "query", self._take_query, qos.QUERIES)

    def set_queries(self, queries: Sequence[str]) -> SetParametersResult:
        """Asks for these in place of all that was asked before, unless they are refused."""
        first, *others = queries or [""]
        return self.set_parameters_atomically(
            [Parameter("query", value=first), Parameter("queries", value=others or [""])]
        )

    def tell_what_for(self, queries: Sequence[str]) -> None:
        """Says in the log what is looked for, or how to ask."""
        if queries:
            self.get_logger().info(f"Looking for {', '.join(map(repr, queries))}.")
        else:
            self.get_logger().info("Waiting for a query: set parameter 'query' or publish on topic 'query'.")

    def wake(self) -> None:
        """Has the executor look again at what awaits in coroutines; see `ros_nodes.waiting`."""
        if self.executor is not None:
            self.executor.wake()

    def _take_query(self, message: String) -> None:
        result = self.set_queries([message.data])
        if not result.successful:
            self.warn("query", f"Query from topic refused: {result.reason}")
