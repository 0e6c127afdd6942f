"""ROS parameters from the fields of a dataclass: declared, described, bounded; knows no parameter itself."""

from __future__ import annotations

import math
from dataclasses import Field, field, fields
from typing import Any, TypeVar

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor
from rclpy.node import Node

Settings = TypeVar("Settings")


def parameter(default: Any, description: str, least: float | None = None, most: float = math.inf) -> Any:
    """A field that is a parameter.

    Args:
        default: Of a type that ROS knows; a tuple becomes an array, which in ROS cannot be empty.
        description: What it does, in one line.
        least, most: Bounds of a number, themselves allowed.
    """
    return field(default=default, metadata={"description": description, "bounds": (least, most)})


def declare(node: Node, settings: type) -> None:
    """Declares the fields of a dataclass that the node does not have yet."""
    for each in fields(settings):
        if not node.has_parameter(each.name):
            value = list(each.default) if isinstance(each.default, tuple) else each.default
            node.declare_parameter(each.name, value, _describe(each))


def read(node: Node, settings: type[Settings]) -> Settings:
    """The dataclass with what the parameters are now."""
    values = {each.name: node.get_parameter(each.name).value for each in fields(settings)}  # type: ignore[arg-type]
    return settings(
        **{name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
    )


def _describe(each: Field) -> ParameterDescriptor:
    described = ParameterDescriptor(description=each.metadata["description"])
    least, most = each.metadata["bounds"]
    if least is None:
        return described
    if isinstance(each.default, int):
        most = int(min(most, 2**31 - 1))
        described.integer_range = [IntegerRange(from_value=int(least), to_value=most, step=1)]
    else:
        most = min(most, 1e9)
        described.floating_point_range = [FloatingPointRange(from_value=float(least), to_value=float(most))]
    return described
