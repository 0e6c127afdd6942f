"""What is asked of every picture, as ROS parameters: names, defaults, limits; knows no topic and no model."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor
from rclpy.node import Node
from rclpy.parameter import Parameter

from molmo_act.errors import InputError, QueryError

#: Parameters that are read once, on configure, and their defaults. An array cannot be empty in ROS.
READ_ON_CONFIGURE: dict[str, Any] = {"model": "", "device": "", "backend": "local", "cameras": [""]}

_CAMERA = re.compile(r"[A-Za-z_]\w*(/[A-Za-z_]\w*)*", re.ASCII)


@dataclass(frozen=True)
class Request:
    """The parameters that may change at run time; the values here are their defaults.

    Attributes:
        query: What to point at; empty while nobody has asked.
        queries: What else to point at, in the same pass; blank ones are left out.
        min_score: Lowest score of a point, in [0, 1].
        max_points: Most points of a query; 0 is no limit.
        rate: Most pictures per second; 0 is as many as the model manages.
        overlay: Whether pictures with their points are drawn for who subscribes.
    """

    query: str = ""
    queries: tuple[str, ...] = ("",)
    min_score: float = 0.0
    max_points: int = 0
    rate: float = 0.0
    overlay: bool = True

    @property
    def asked(self) -> tuple[str, ...]:
        """All queries, each once, in order."""
        return tuple(dict.fromkeys(filter(None, (text.strip() for text in (self.query, *self.queries)))))

    @property
    def period(self) -> float:
        """Shortest time between two pictures in seconds; 0 is no limit."""
        return 1 / self.rate if self.rate else 0.0


def declare(node: Node) -> None:
    """Declares the parameters that the node does not have yet."""
    changeable = {field.name: field.default for field in fields(Request)}
    for name, default in (changeable | READ_ON_CONFIGURE).items():
        if not node.has_parameter(name):
            value = list(default) if isinstance(default, tuple) else default
            node.declare_parameter(name, value, _describe(name))


def read(node: Node) -> Request:
    """The request as the node's parameters say now."""
    values = {field.name: node.get_parameter(field.name).value for field in fields(Request)}
    return Request(**{**values, "queries": tuple(values["queries"])})


def checked(node: Node) -> Request:
    """The request as the node's parameters say at the start.

    Raises:
        QueryError: A query cannot be used.
    """
    request = read(node)
    if reason := _query_refusal(request.asked):
        raise QueryError(reason)
    return request


def cameras(node: Node) -> tuple[str, ...]:
    """Prefixes of the topics of each camera; a single empty one when no cameras are named.

    Raises:
        InputError: One is not the name of a topic, or is given twice.
    """
    names = [name for name in node.get_parameter("cameras").value if name]
    for name in names:
        if not _CAMERA.fullmatch(name):
            raise InputError(f"cameras holds {name!r}; expected names of topics, such as 'front'.")
    if len(set(names)) < len(names):
        raise InputError(f"cameras is {names}; expected each camera once.")
    return tuple(names) or ("",)


def require_local(node: Node) -> None:
    """Refuses a backend that does not exist yet.

    Raises:
        InputError: The parameter ``backend`` is not "local".
    """
    backend = node.get_parameter("backend").value
    if backend == "http":
        raise InputError("backend is 'http', which is reserved for a remote model. Use 'local' for now.")
    if backend != "local":
        raise InputError(f"backend is {backend!r}; expected 'local'.")


def refusal(current: Request, parameters: Sequence[Parameter]) -> str | None:
    """Why these parameters may not be set on a configured node, or None; limits are checked by rclpy."""
    for parameter in parameters:
        if parameter.name in READ_ON_CONFIGURE:
            return f"{parameter.name} is read on configure; clean the node up first"
    given = {parameter.name: parameter.value for parameter in parameters}
    if not given.keys() & {"query", "queries"}:
        return None
    proposed = Request(given.get("query", current.query), tuple(given.get("queries", current.queries))).asked
    if not proposed:
        return "query is empty; give words, or deactivate the node to pause it"
    return _query_refusal(proposed)


def _query_refusal(queries: Sequence[str]) -> str | None:
    from molmo_act.asking import check_query

    try:
        for query in queries:
            check_query(query)
    except QueryError as error:
        return str(error)
    return None


def _describe(name: str) -> ParameterDescriptor:
    return {
        "query": ParameterDescriptor(description="What to point at, in words. Unset: wait for topic query."),
        "queries": ParameterDescriptor(description="What else to point at, in the same pass."),
        "min_score": ParameterDescriptor(
            description="Points of a lower score are left out.",
            floating_point_range=[FloatingPointRange(from_value=0.0, to_value=1.0)],
        ),
        "max_points": ParameterDescriptor(
            description="At most this many points per query and picture; 0 is no limit.",
            integer_range=[IntegerRange(from_value=0, to_value=2**31 - 1, step=1)],
        ),
        "rate": ParameterDescriptor(
            description="At most this many pictures per second; 0 is as many as the model manages.",
            floating_point_range=[FloatingPointRange(from_value=0.0, to_value=1000.0)],
        ),
        "overlay": ParameterDescriptor(description="Draw pictures with their points for who subscribes."),
        "model": ParameterDescriptor(description="Checkpoint, by name or folder. Empty: the bundled one."),
        "device": ParameterDescriptor(description="Device of the model. Empty: the library's choice."),
        "backend": ParameterDescriptor(description="Where the model runs: local. Reserved: http."),
        "cameras": ParameterDescriptor(
            description="Names that come before the topics of each camera. Empty: one camera, no name before."
        ),
    }[name]
