"""How the fields of a dataclass become parameters of a node: described, bounded, declared and read."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import Field, field, fields
from typing import Any, Protocol, TypeVar

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor, SetParametersResult
from rclpy.node import Node
from rclpy.parameter import Parameter

from molmo_act.errors import InputError

Parameters = TypeVar("Parameters")
#: What every parameter ``input_timeout`` does.
INPUT_TIMEOUT = "Seconds of silence of an input before a warning; after 3 times as many, an error. 0: never."


class Changeable(Protocol):
    """The values of parameters that may change at run time."""

    def check_change(self, given: Mapping[str, Any]) -> None:
        """Raises `InputError` where new values, by name, contradict each other or the present ones."""


def parameter(
    default: Any,
    description: str,
    least: float | None = None,
    most: float = math.inf,
    choices: tuple[str, ...] = (),
) -> Any:
    """Makes a dataclass field that is a parameter.

    Args:
        default: Of a type that ROS knows; a tuple becomes an array, which in ROS cannot be empty.
        description: What it does, in one line.
        least: Smallest allowed number; None for what is not a number.
        most: Largest allowed number.
        choices: Words that are allowed, for `check_choices`; none for any.

    Returns:
        The field.
    """
    metadata = {"description": description, "bounds": (least, most), "choices": choices}
    return field(default=default, metadata=metadata)


def check_choices(values: Any) -> None:
    """Refuses words that are none of the choices of their parameter.

    Args:
        values: A dataclass whose fields are made by `parameter`.

    Raises:
        InputError: There is one.
    """
    for each in fields(values):
        value, choices = getattr(values, each.name), each.metadata["choices"]
        if choices and value not in choices:
            listed = ", ".join(repr(choice) if choice else "nothing" for choice in choices)
            raise InputError(f"{each.name} is {value!r}; expected one of {listed}.")


def declare(node: Node, *kinds: type) -> None:
    """Declares the fields of dataclasses that the node has not declared yet.

    Args:
        node: The node.
        *kinds: Dataclasses whose fields are made by `parameter`.

    Raises:
        InputError: A value that was given is of another type.
    """
    for each in (each for kind in kinds for each in fields(kind)):
        if not node.has_parameter(each.name):
            default = list(each.default) if isinstance(each.default, tuple) else each.default
            given = _given(node, each.name)
            value = default if given is None else _as_kind(each.name, given, default)
            node.declare_parameter(each.name, value, _descriptor(each), ignore_override=True)


def with_kinds(kinds: Iterable[type], changes: Sequence[Parameter]) -> list[Parameter]:
    """Gives new values the type of their parameter where that loses nothing: 2 is a number with a point, too.

    Args:
        kinds: Dataclasses whose fields are made by `parameter`.
        changes: The new values.

    Returns:
        The same, of the declared type where it was possible.
    """
    defaults = {each.name: each.default for kind in kinds for each in fields(kind)}
    result = []
    for change in changes:
        value = change.value
        if isinstance(defaults.get(change.name), float) and _is_integer(value):
            value = float(value)
        if isinstance(defaults.get(change.name), tuple) and _is_list(value) and not len(value):
            value = [""]  # ROS has no empty array of strings
        result.append(change if value is change.value else Parameter(change.name, value=value))
    return result


def _is_list(value: object) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)


def _given(node: Node, name: str) -> Any:
    """The value that the command line, a file or a launch file gives, of whatever type; None without one."""
    anything = ParameterDescriptor(dynamic_typing=True)
    value = node.declare_parameter(name, None, anything).value
    node.undeclare_parameter(name)
    return value


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _as_kind(name: str, given: Any, default: Any) -> Any:
    """A given value as one of the type of the default.

    Raises:
        InputError: It is of another type.
    """
    if isinstance(default, float) and _is_integer(given):
        return float(given)
    if isinstance(default, list):
        if not _is_list(given):
            word = given if isinstance(given, str) and given else "a"
            raise InputError(f"{name} is {given!r}; expected a list of words, such as {name}:='[{word}, …]'.")
        if not all(isinstance(each, str) for each in given):
            raise InputError(f"{name} is {list(given)}; expected words, such as {name}:='[\"1\", …]'.")
        return list(given) or default
    if type(given) is not type(default):
        words = {str: "words", bool: "true or false", int: "a whole number", float: "a number"}
        raise InputError(f"{name} is {given!r}; expected {words[type(default)]}.")
    return given


def read(node: Node, kind: type[Parameters]) -> Parameters:
    """Reads parameters as they are now.

    Args:
        node: The node, which has declared them.
        kind: A dataclass whose fields are made by `parameter`.

    Returns:
        The dataclass with the values.

    Raises:
        InputError: One of them cannot be used.
    """
    values = {each.name: node.get_parameter(each.name).value for each in fields(kind)}  # type: ignore[arg-type]
    return kind(**_as_fields(values))


def _as_fields(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values of rclpy as those of a frozen dataclass: arrays become tuples."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}


def _descriptor(each: Field) -> ParameterDescriptor:
    descriptor = ParameterDescriptor(description=each.metadata["description"])
    descriptor.additional_constraints = " | ".join(each.metadata["choices"])
    least, most = each.metadata["bounds"]
    if least is None:
        return descriptor
    if isinstance(each.default, int):
        most = int(min(most, 2**31 - 1))
        descriptor.integer_range = [IntegerRange(from_value=int(least), to_value=most, step=1)]
    else:
        most = min(most, 1e9)
        descriptor.floating_point_range = [FloatingPointRange(from_value=float(least), to_value=float(most))]
    return descriptor


def names_of(kind: type) -> list[str]:
    """Lists the parameters of a dataclass.

    Args:
        kind: A dataclass whose fields are made by `parameter`.

    Returns:
        Their names.
    """
    return [each.name for each in fields(kind)]


def check_change(
    current: Changeable, read_on_configure: Iterable[str], changes: Sequence[Parameter]
) -> SetParametersResult:
    """Decides whether parameters of a configured node may change; rclpy checks the bounds of each by itself.

    Args:
        current: The values now of what may change.
        read_on_configure: Names of the parameters that may not change.
        changes: The new values.

    Returns:
        Whether they may, and the reason if not.
    """
    given = {each.name: each.value for each in changes}
    for name in read_on_configure:
        if name in given:
            reason = f"{name} is read on configure; clean the node up first"
            return SetParametersResult(successful=False, reason=reason)
    try:
        current.check_change(given)
    except InputError as error:
        return SetParametersResult(successful=False, reason=str(error))
    return SetParametersResult(successful=True)
