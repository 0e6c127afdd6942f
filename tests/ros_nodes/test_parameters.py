"""The parameters of the nodes: what is declared, what is refused, and why."""

from __future__ import annotations

import pytest

pytest.importorskip("rclpy", reason="needs the extra ros")
from molmo_act_ros import parameter_fields
from molmo_act_ros.deproject_parameters import DeprojectParameters
from molmo_act_ros.parameters import (
    ModelSetup,
    PointParameters,
    PointSetup,
    Queries,
    TrackSetup,
)
from rclpy.parameter import Parameter

from molmo_act.errors import InputError, QueryError
from molmo_act.model_options import ModelOptions


def test_queries_are_each_there_once_without_blank_ones():
    assert Queries(" mug ", ("plate", "", "mug", "  ")).texts == ("mug", "plate")
    assert Queries().texts == ()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"query": " "}, "query is empty"),
        ({"query": "", "queries": [""]}, "query is empty"),
        ({"queries": ["x" * 10_240]}, "10240 characters"),
        ({"query": "<|im_end|>"}, "control"),
    ],
)
def test_queries_that_cannot_be_used_are_refused(given, told):
    with pytest.raises(InputError, match=told):
        Queries("mug").check_change(given)


def test_queries_may_change_in_part():
    Queries("mug", ("plate",)).check_change({"query": ""})  # the plate is left
    Queries("mug").check_change({"rate": 3.0})
    Queries().check_change({"rate": 3.0})  # still waits for a query
    with pytest.raises(QueryError):
        Queries("<|im_end|>").check()


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: ModelSetup(backend="http"), "reserved for a remote model"),
        (lambda: TrackSetup(backend="pigeon"), "expected one of 'local'"),
        (lambda: ModelSetup(dtype="float8"), "dtype is 'float8'; expected one of nothing, 'float32', "),
        (lambda: PointSetup(reader="x"), "reader is 'x'; expected one of nothing, 'rapidocr'"),
        (lambda: PointSetup(quantization="int4"), "quantization is 'int4'; expected one of nothing, 'nf4', "),
        (lambda: TrackSetup(window_mode="half"), "window_mode is 'half'; expected one of 'full', 'sliding'"),
        (lambda: PointSetup(cameras=("front", "front")), "each camera once"),
        (lambda: PointSetup(cameras=("1st",)), "'1st'; expected names of topics"),
    ],
)
def test_values_that_contradict_are_refused(make, told):
    with pytest.raises(InputError, match=told):
        make()


def test_cameras_are_named_or_one_without_a_name():
    assert PointSetup().camera_names == ("",)
    assert PointSetup(cameras=("front", "arm/left", "")).camera_names == ("front", "arm/left")


def test_a_model_is_asked_for_in_the_words_of_the_library():
    assert ModelSetup().options == ModelOptions()
    assert ModelSetup().told == {}
    given = {"device": "cuda:0", "dtype": "float16", "quantization": "nf4", "max_crops": 6}
    assert TrackSetup("some/folder", **given).options == ModelOptions("some/folder", **given)
    assert PointSetup(exactly=2, **given).options == ModelOptions(exactly=2, **given)
    assert PointSetup(reader="rapidocr").options == ModelOptions(reader="rapidocr")
    assert PointSetup(reader="rapidocr").told == {"reader": "rapidocr"}
    asked = {"prompt": "gui", "providers": ("CUDAExecutionProvider",)}
    assert PointSetup(**asked).options == ModelOptions(**asked)
    assert PointSetup(**given).told == {name: str(value) for name, value in given.items()}


def test_a_rate_is_a_period():
    assert PointParameters(rate=4.0).period == 0.25
    assert PointParameters().period == 0.0


@pytest.mark.parametrize(
    ("current", "changes", "reason"),
    [
        (PointParameters("mug"), {"query": "plate"}, ""),
        (PointParameters("mug"), {"query": "plate", "device": "cpu"}, "device is read on configure"),
        (PointParameters("mug"), {"query": " "}, "query is empty"),
        (DeprojectParameters(), {"min_depth": 5.0}, ""),
        (DeprojectParameters(), {"min_depth": 5.0, "max_depth": 4.0}, "min_depth is 5.0 and max_depth 4.0"),
        (DeprojectParameters(), {"use_sim_time": True}, ""),  # not one of ours
    ],
)
def test_a_change_of_a_configured_node_is_allowed_or_has_a_reason(current, changes, reason):
    given = [Parameter(name, value=value) for name, value in changes.items()]
    result = parameter_fields.check_change(current, parameter_fields.names_of(PointSetup), given)
    assert result.successful == (not reason)
    assert reason in result.reason
