"""What is asked of every picture, as ROS parameters: names, defaults, limits; knows no topic and no model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor
from rclpy.node import Node
from rclpy.parameter import Parameter

#: Parameters that are read once, on configure, and their defaults.
READ_ON_CONFIGURE = {"model": "", "device": ""}


@dataclass(frozen=True)
class Request:
    """The parameters that may change at run time; the values here are their defaults.

    Attributes:
        query: What to point at; empty while nobody has asked.
        min_score: Lowest score of a point, in [0, 1].
        max_points: Most points of a picture; 0 is no limit.
        rate: Most pictures per second; 0 is as many as the model manages.
        overlay: Whether pictures with their points are drawn for who subscribes.
    """

    query: str = ""
    min_score: float = 0.0
    max_points: int = 0
    rate: float = 0.0
    overlay: bool = True

    @property
    def period(self) -> float:
        """Shortest time between two pictures in seconds; 0 is no limit."""
        return 1 / self.rate if self.rate else 0.0


def declare(node: Node) -> None:
    """Declares the parameters that the node does not have yet."""
    for name, default in (asdict(Request()) | READ_ON_CONFIGURE).items():
        if not node.has_parameter(name):
            node.declare_parameter(name, default, _describe(name))


def read(node: Node) -> Request:
    """The request as the node's parameters say now."""
    values = {field.name: node.get_parameter(field.name).value for field in fields(Request)}
    return Request(**{**values, "query": values["query"].strip()})


def refusal(parameters: Sequence[Parameter]) -> str | None:
    """Why these parameters may not be set on a configured node, or None; limits are checked by rclpy."""
    for parameter in parameters:
        if parameter.name == "query" and not parameter.value.strip():
            return "query is empty; give words, or deactivate the node to pause it"
        if parameter.name in READ_ON_CONFIGURE:
            return f"{parameter.name} is read on configure; clean the node up first"
    return None


def _describe(name: str) -> ParameterDescriptor:
    return {
        "query": ParameterDescriptor(description="What to point at, in words. Unset: wait for topic query."),
        "min_score": ParameterDescriptor(
            description="Points of a lower score are left out.",
            floating_point_range=[FloatingPointRange(from_value=0.0, to_value=1.0)],
        ),
        "max_points": ParameterDescriptor(
            description="At most this many points per picture; 0 is no limit.",
            integer_range=[IntegerRange(from_value=0, to_value=2**31 - 1, step=1)],
        ),
        "rate": ParameterDescriptor(
            description="At most this many pictures per second; 0 is as many as the model manages.",
            floating_point_range=[FloatingPointRange(from_value=0.0, to_value=1000.0)],
        ),
        "overlay": ParameterDescriptor(description="Draw pictures with their points for who subscribes."),
        "model": ParameterDescriptor(description="Checkpoint, by name or folder. Empty: the bundled one."),
        "device": ParameterDescriptor(description="Device of the model. Empty: the library's choice."),
    }[name]
