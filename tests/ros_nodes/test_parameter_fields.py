"""How dataclasses become parameters: what is declared, taken and refused."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

pytest.importorskip("rclpy", reason="needs the extra ros")
from molmo_act_ros import parameter_fields
from molmo_act_ros.parameter_fields import parameter
from rclpy.parameter import Parameter

from molmo_act.errors import InputError


@dataclass(frozen=True)
class Settings:
    count: int = parameter(3, "How many.", 0, 10)
    share: float = parameter(0.5, "Which part.", 0, 1)
    names: tuple[str, ...] = parameter(("a", "b"), "Which ones.")
    label: str = parameter("", "What it is called.")
    mode: str = parameter("slow", "How.", choices=("slow", "fast"))


@pytest.fixture
def node(ros):
    import rclpy

    node = rclpy.create_node("parameters_of_a_test")
    yield node
    node.destroy_node()


@pytest.mark.ros
def test_fields_are_declared_with_description_and_bounds_and_read_back(node):
    parameter_fields.declare(node, Settings)
    parameter_fields.declare(node, Settings)  # again, as on the next configure: what is declared stays
    assert parameter_fields.read(node, Settings) == Settings()
    assert node.describe_parameter("share").description == "Which part."
    assert node.describe_parameter("mode").additional_constraints == "slow | fast"
    node.set_parameters([Parameter("names", value=["c"]), Parameter("count", value=10)])
    assert parameter_fields.read(node, Settings) == Settings(count=10, names=("c",))
    for name, value in (("count", 11), ("count", -1), ("share", 1.01), ("share", "high"), ("label", 3)):
        assert not node.set_parameters([Parameter(name, value=value)])[0].successful, name
    assert parameter_fields.read(node, Settings) == Settings(count=10, names=("c",))


@pytest.mark.ros
@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("share:=1", Settings(share=1.0)),  # an integer is a number
        ("names:=[]", Settings()),  # no list is the default
        ("names:=[c]", Settings(names=("c",))),
        ("count:=0.5", "count is 0.5; expected a whole number"),
        ("share:=much", "share is 'much'; expected a number"),
        ("names:=c", "names is 'c'; expected a list of words, such as names:='[c, …]'"),
        ("names:=5", "names is 5; expected a list of words"),
        ("names:=[1, 2]", "names is [1, 2]; expected words"),
        ("label:=true", "label is True; expected words"),
    ],
)
def test_values_that_are_given_are_taken_or_refused_in_words(ros, given, expected):
    import rclpy

    node = rclpy.create_node("given", cli_args=["--ros-args", "-p", given])
    try:
        if isinstance(expected, str):
            with pytest.raises(InputError) as caught:
                parameter_fields.declare(node, Settings)
            assert expected in str(caught.value)
        else:
            parameter_fields.declare(node, Settings)
            assert parameter_fields.read(node, Settings) == expected
            assert type(parameter_fields.read(node, Settings).share) is float
    finally:
        node.destroy_node()


def test_new_values_get_the_type_of_their_parameter_where_that_loses_nothing():
    changes = [Parameter("share", value=1), Parameter("names", value=[]), Parameter("count", value=0.5)]
    share, names, count = parameter_fields.with_kinds((Settings,), changes)
    assert (share.value, type(share.value)) == (1.0, float)
    assert list(names.value) == [""]
    assert count is changes[2], "refused by rclpy"


def test_names_are_listed_and_words_that_are_no_choice_are_refused():
    assert parameter_fields.names_of(Settings) == ["count", "share", "names", "label", "mode"]
    parameter_fields.check_choices(Settings(mode="fast"))
    with pytest.raises(InputError, match="mode is 'other'; expected one of 'slow', 'fast'"):
        parameter_fields.check_choices(Settings(mode="other"))
