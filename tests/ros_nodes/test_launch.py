"""The launch files say what the nodes know, and pass on only what was given; launch itself stands for it."""

from __future__ import annotations

import runpy
import typing
from pathlib import Path

import pytest

import ros_nodes
from tests.ros_nodes import launch_stand_in

pytest.importorskip("rclpy", reason="needs the extra ros")
from ros_nodes.deproject_settings import Settings
from ros_nodes.request import PointRequest, PointSetup, TrackRequest, TrackSetup

LAUNCH = Path(ros_nodes.__file__).parent / "launch"
NODES = {"point": (PointSetup, PointRequest), "track": (TrackSetup, TrackRequest), "deproject": (Settings,)}


@pytest.fixture
def share(tmp_path, monkeypatch) -> Path:
    """Where the package would be installed, known to the real ament index."""
    for folder in ("share/ament_index/resource_index/packages", "share/molmo_act_ros"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "share/ament_index/resource_index/packages/molmo_act_ros").touch()
    monkeypatch.setenv("AMENT_PREFIX_PATH", str(tmp_path))
    return tmp_path / "share/molmo_act_ros"


@pytest.fixture
def load(share, monkeypatch):
    """Runs a launch file; gives its names."""
    launch_stand_in.install(monkeypatch)
    monkeypatch.delitem(ros_nodes.__dict__, "launching", raising=False)
    monkeypatch.delitem(__import__("sys").modules, "ros_nodes.launching", raising=False)
    return lambda name: runpy.run_path(str(LAUNCH / f"{name}.launch.py"))


def started(said, **given: str) -> dict:
    """What the node is started with when these arguments are given."""
    *declared, function = said.words[0]
    defaults = {argument.words[0]: argument.named["default_value"] for argument in declared}
    assert len(defaults) == len(declared), "an argument cannot be declared twice"
    assert given.keys() <= defaults.keys()
    (node,) = function.named["function"](defaults | given)
    return node.named


@pytest.mark.parametrize("name", NODES)
def test_every_parameter_has_an_argument_of_its_kind(load, name):
    hints: dict[str, type] = {"autostart": bool}
    for settings in NODES[name]:
        hints |= typing.get_type_hints(settings)
    expected = {key: kind if isinstance(kind, type) else None for key, kind in hints.items()}
    assert load(name)["PARAMETERS"] == expected


@pytest.mark.parametrize("name", NODES)
def test_without_arguments_nothing_is_passed_on(load, name):
    node = started(load(name)["generate_launch_description"]())
    assert (node["package"], node["executable"], node["name"]) == (
        "molmo_act_ros",
        f"{name}_node",
        f"{name}_node",
    )
    assert (node["parameters"], node["remappings"], node["additional_env"]) == ([{}], [], {})


def test_what_is_given_arrives(load, share):
    said = load("point")["generate_launch_description"]()
    node = started(
        said,
        query="mug",
        cameras="[front, left]",
        query_topic="/ask",
        image="/camera/image_raw",
        params="mine.yaml",
        namespace="arm",
        shared_memory="true",
    )
    file, values = node["parameters"]
    assert file == "mine.yaml"
    assert {name: value.named["value_type"] for name, value in values.items()} == {
        "query": str,
        "cameras": None,
    }
    assert node["remappings"] == [("image", "/camera/image_raw"), ("query", "/ask")]
    assert node["namespace"] == "arm"
    assert node["additional_env"] == {"FASTRTPS_DEFAULT_PROFILES_FILE": str(share / "fastdds_shm.xml")}


def test_the_group_includes_both(load, share):
    said = load("point_3d")["generate_launch_description"]()
    files = [include.words[0].words[0] for include in said.words[0]]
    assert files == [str(share / f"launch/{name}.launch.py") for name in ("point", "deproject")]
    assert all((LAUNCH / Path(file).name).is_file() for file in files)
    topics = [set(load(name)["TOPICS"]) for name in ("point", "deproject")]
    assert topics[0] & topics[1] == {"pointed_pixels"}, "one name for the topic between them"
