"""The bond of a node with nav2's lifecycle manager, which takes a node whose bond breaks for dead.

It needs ``bondpy``, which comes with ROS 2 and not from PyPI. Without it, the manager's ``bond_timeout`` must
be 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from molmo_act_ros.interfaces import find_interfaces

if TYPE_CHECKING:
    from rclpy.lifecycle import LifecycleNode

_TOPIC = "bond"  # as nav2's manager and nodes have it
_PERIOD_S, _TIMEOUT_S = 0.1, 4.0  # as nav2's nodes have them


class ManagerBond:
    """Tells a lifecycle manager that a node is alive, while it is active.

    A node that starts itself has no manager, and needs no bond.

    Args:
        node: The node; its name is the name of the bond.
    """

    def __init__(self, node: LifecycleNode) -> None:
        self._node = node
        self._library = find_interfaces("bondpy.bondpy")
        self._bond: Any = None

    def form(self) -> None:
        """Begins to send heartbeats, where the node has a manager and ``bondpy`` is installed."""
        if self._library is None or self._starts_itself() or self._bond is not None:
            return
        self._bond = self._library.Bond(_TOPIC, self._node.get_name(), self._node)
        self._bond.set_heartbeat_period(_PERIOD_S)
        self._bond.set_heartbeat_timeout(_TIMEOUT_S)
        self._bond.start()

    def end(self) -> None:
        """Ends the bond in order: the manager does not take the node for dead."""
        bond, self._bond = self._bond, None
        if bond is not None:
            bond.shutdown()

    def _starts_itself(self) -> bool:
        given = self._node.get_parameter_or("autostart", None)
        return given is not None and bool(given.value)
