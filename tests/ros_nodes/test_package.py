"""The files around the nodes agree: colcon's package, the launch file, the transport profile."""

from __future__ import annotations

import configparser
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml

import ros_nodes

FOLDER = Path(ros_nodes.__file__).parent
PROCESSES = Path(__file__).parent / "processes"


@pytest.fixture
def setup_cfg() -> configparser.ConfigParser:
    parser = configparser.ConfigParser()
    parser.read(FOLDER / "setup.cfg")
    return parser


def test_package_xml_and_setup_cfg_name_the_same_package(setup_cfg):
    package = ElementTree.parse(FOLDER / "package.xml").getroot()
    for tag in ("name", "version", "description", "license"):
        assert package.findtext(tag) == setup_cfg["metadata"][tag], tag
    assert package.findtext("export/build_type") == "ament_python"
    assert (FOLDER / "resource" / package.findtext("name")).is_file()


def test_setup_cfg_installs_files_that_exist(setup_cfg):
    for files in setup_cfg["options.data_files"].values():
        for file in files.split():
            assert (FOLDER / file).is_file(), file


def test_transport_profile_uses_the_transports_it_describes_and_no_others():
    space = {"dds": "http://www.eprosima.com/XMLSchemas/fastRTPS_Profiles"}
    profile = ElementTree.parse(FOLDER / "fastdds_shm.xml").getroot()

    def texts(path: str) -> list[str]:
        return [element.text for element in profile.findall(path, space)]

    assert texts(".//dds:transport_descriptor/dds:type") == ["SHM", "UDPv4"]
    assert texts(".//dds:userTransports/dds:transport_id") == texts(
        ".//dds:transport_descriptor/dds:transport_id"
    )
    assert texts(".//dds:useBuiltinTransports") == ["false"]
    assert int(texts(".//dds:segment_size")[0]) > 4 * 1920 * 1080 * 3, "a few 1080p pictures fit"


@pytest.mark.ros
def test_transport_profile_delivers_the_pictures(camera, listener):
    """Nearly all arrive, if this process has the time to take them; 40 % do over the default transport."""
    from rclpy.qos import qos_profile_sensor_data
    from sensor_msgs.msg import Image

    arrived: set[tuple[int, int]] = set()

    def take(message: Image) -> None:
        arrived.add((message.header.stamp.sec, message.header.stamp.nanosec))

    listener.node.create_subscription(Image, "image", take, qos_profile_sensor_data)
    for _ in range(20):  # until both sides have found each other
        camera.order(count=1)
        listener.wait(camera.answer)
    assert arrived
    camera.order(count=100, rate=15)
    sent = {tuple(stamp) for stamp in listener.wait(camera.answer)["stamps"]}
    listener.wait(lambda: len(sent & arrived) >= 80, timeout=5)


@pytest.mark.ros
@pytest.mark.parametrize("name", ["point", "track", "deproject"])
def test_example_parameters_are_what_the_nodes_know(start, listener, name):
    from rcl_interfaces.srv import GetParameters, ListParameters
    from rclpy.parameter import parameter_value_to_python

    file = FOLDER / "config" / f"{name}.yaml"
    told = yaml.safe_load(file.read_text())["/**"]["ros__parameters"]
    programs = {
        "point": [PROCESSES / "blob_node.py"],
        "track": [PROCESSES / "blob_track_node.py"],
        "deproject": ["-m", "ros_nodes.deproject_node"],
    }
    if name == "track":
        pytest.importorskip("molmo_act.tracking.streaming", reason="needs the tracker", exc_type=ImportError)
    start(*programs[name], "--ros-args", "--params-file", file)

    def declared() -> bool:  # only then are the values of a file known
        found = listener.call(ListParameters, f"/{name}_node/list_parameters", ListParameters.Request())
        return set(told) <= set(found.result.names)

    listener.wait(declared)
    request = GetParameters.Request(names=list(told))
    values = listener.call(GetParameters, f"/{name}_node/get_parameters", request).values
    assert {key: parameter_value_to_python(value) for key, value in zip(told, values, strict=True)} == told
