"""The launch files say what the nodes know, and pass on only what was given; launch itself stands for it."""

from __future__ import annotations

import runpy
from pathlib import Path

import molmo_act_ros
import pytest

from tests.ros_nodes import launch_stand_in
from tests.support.paths import ROS_PACKAGE

pytest.importorskip("rclpy", reason="needs the extra ros")
from molmo_act_ros.deproject_node import DeprojectNode
from molmo_act_ros.parameter_fields import names_of
from molmo_act_ros.point_node import PointNode
from molmo_act_ros.track_node import TrackNode

LAUNCH = ROS_PACKAGE / "launch"
NODES = {"point": PointNode, "track": TrackNode, "deproject": DeprojectNode}


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
    monkeypatch.delitem(molmo_act_ros.__dict__, "launch_common", raising=False)
    monkeypatch.delitem(__import__("sys").modules, "molmo_act_ros.launch_common", raising=False)
    return lambda name: runpy.run_path(str(LAUNCH / f"{name}.launch.py"))


def declared(said) -> dict:
    """The arguments by name."""
    *arguments, _ = said.words[0]
    found = {argument.words[0]: argument.named for argument in arguments}
    assert len(found) == len(arguments), "an argument cannot be declared twice"
    return found


def all_started(said, **given: str) -> list[dict]:
    """What the nodes are started with when these arguments are given."""
    function = said.words[0][-1]
    defaults = {name: argument["default_value"] for name, argument in declared(said).items()}
    assert given.keys() <= defaults.keys()
    return [node.named for node in function.named["function"](defaults | given)]


def started(said, **given: str) -> dict:
    """What the one node is started with."""
    (node,) = all_started(said, **given)
    return node


@pytest.mark.parametrize("name", NODES)
def test_every_parameter_has_an_argument_and_every_argument_a_description(load, name):
    arguments = declared(load(name)["generate_launch_description"]())
    expected = {each for kind in NODES[name].PARAMETERS for each in names_of(kind)} | {"autostart"}
    expected |= {"params", "namespace", "use_sim_time", "log_level", "cameras", "transport"}
    assert expected <= arguments.keys()
    assert all(argument["description"] for argument in arguments.values())


@pytest.mark.parametrize("name", NODES)
def test_without_arguments_nothing_is_passed_on(load, name):
    node = started(load(name)["generate_launch_description"]())
    assert [node["package"], node["executable"], node["name"]] == ["molmo_act_ros", *[f"{name}_node"] * 2]
    assert (node["parameters"], node["remappings"], node["additional_env"]) == ([{}], [], {})
    assert node["ros_arguments"] == []


def test_given_parameters_arrive_behind_the_file(load):
    said = load("point")["generate_launch_description"]()
    node = started(said, query="mug", cameras="[front, left]", params="mine.yaml")
    file, values = node["parameters"]
    assert file == "mine.yaml"
    assert {name: value.named["value_type"] for name, value in values.items()} == {
        "query": str,
        "cameras": None,
    }
    node = started(said, use_sim_time="true", log_level="debug")
    assert (node["parameters"], node["ros_arguments"]) == ([{"use_sim_time": True}], ["--log-level", "debug"])


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"rate": "fast"}, "Launch argument rate is 'fast'; expected a number."),
        ({"max_points": "0.5"}, "max_points is '0.5'; expected a whole number"),
        ({"overlay": "maybe"}, "overlay is 'maybe'; expected true or false"),
        ({"queries": "plate"}, "queries is 'plate'; expected a list, such as queries:='[a, b]'"),
        ({"use_sim_time": "yes please"}, "use_sim_time is 'yes please'"),
        ({"cameras": "[front, left]", "image": "/cam"}, "image cannot be given with cameras"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_the_name_of_the_argument(load, given, told):
    said = load("point")["generate_launch_description"]()
    with pytest.raises(RuntimeError) as caught:
        all_started(said, **given)
    assert told in str(caught.value)


def test_a_number_without_a_point_is_a_number(load):
    said = load("point")["generate_launch_description"]()
    assert started(said, rate="2")["parameters"][0]["rate"].named["value_type"] is float


def test_a_node_of_one_camera_is_started_for_each_in_its_namespace(load):
    point = load("point")["generate_launch_description"]()
    deproject = load("deproject")["generate_launch_description"]()
    given = {"cameras": "[front, left]", "namespace": "/arm"}
    assert started(point, **given)["namespace"] == "/arm"
    spaces = [node["namespace"] for node in all_started(deproject, **given)]
    assert spaces == ["arm/front", "arm/left"], "where <camera>/pointed_pixels are"
    assert [node["namespace"] for node in all_started(deproject, cameras="[front]")] == ["front"]


@pytest.mark.parametrize(
    ("transport", "profile"),
    [("shared_memory", "fastdds_shm.xml"), ("udp", "fastdds_udp.xml")],
)
def test_given_topics_namespace_and_transport_arrive(load, transport, profile):
    said = load("point")["generate_launch_description"]()
    given = {"image": "/camera/image_raw", "namespace": "arm", "transport": transport}
    node = started(said, query_topic="/ask", **given)
    assert node["remappings"] == [("image", "/camera/image_raw"), ("query", "/ask")]
    assert node["namespace"] == "arm"
    assert node["additional_env"] == {
        "FASTRTPS_DEFAULT_PROFILES_FILE": str(Path(molmo_act_ros.__file__).parent / profile)
    }
    assert Path(node["additional_env"]["FASTRTPS_DEFAULT_PROFILES_FILE"]).is_file()


def test_the_group_includes_both(load, share):
    said = load("point_3d")["generate_launch_description"]()
    files = [include.words[0].words[0] for include in said.words[0]]
    assert files == [str(share / f"launch/{name}.launch.py") for name in ("point", "deproject")]
    assert all((LAUNCH / Path(file).name).is_file() for file in files)
    topics = [set(load(name)["TOPICS"]) for name in ("point", "deproject")]
    assert topics[0] & topics[1] == {"pointed_pixels"}, "one name for the topic between them"
