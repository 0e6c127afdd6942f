"""The files around the nodes agree, and pip and colcon install the same: module, data, executables."""

from __future__ import annotations

import configparser
import os
import shutil
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from xml.etree import ElementTree

import pytest
import tomllib
import yaml
from molmo_act_ros.benchmarks.domain import own_domain

from tests.ros_nodes.program import PROCESSES
from tests.support.paths import ROOT, ROS_PACKAGE

FOLDER = ROS_PACKAGE
MODULE = FOLDER / "molmo_act_ros"


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


def test_setup_cfg_installs_every_launch_and_config_file(setup_cfg):
    named = {file for files in setup_cfg["options.data_files"].values() for file in files.split()}
    there = {
        str(file.relative_to(FOLDER))
        for folder in ("launch", "config", "resource")
        for file in (FOLDER / folder).iterdir()
        if file.is_file()
    }
    assert named == there | {"package.xml"}


def test_pip_and_colcon_install_the_same_executables_and_data(setup_cfg):
    pip = tomllib.loads((ROOT / "pyproject.toml").read_text())
    scripts = dict(
        line.split(" = ") for line in setup_cfg["options.entry_points"]["console_scripts"].split("\n") if line
    )
    assert scripts == {
        name: entry for name, entry in pip["project"]["scripts"].items() if entry.startswith("molmo_act_ros.")
    }
    for name, entry in scripts.items():
        assert callable(EntryPoint(name, entry, "console_scripts").load()), name
    data = setup_cfg["options.package_data"]["molmo_act_ros"].split()
    assert data == pip["tool"]["setuptools"]["package-data"]["molmo_act_ros"]


@pytest.mark.slow
def test_colcons_setup_cfg_installs_the_module_and_its_data_once(tmp_path):
    sources = tmp_path / "src"
    for name in ("molmo_act_ros", "molmo_act_interfaces"):
        ignore = shutil.ignore_patterns("__pycache__", "*.egg-info", "build")
        shutil.copytree(ROOT / "ros_nodes" / name, sources / name, symlinks=True, ignore=ignore)
    install = [sys.executable, "-m", "pip", "install", "--no-deps", "--no-build-isolation", "--quiet"]
    subprocess.run(
        [*install, "--target", tmp_path / "out", sources / "molmo_act_ros"],
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        check=True,
        capture_output=True,
    )
    out = tmp_path / "out"
    installed = {str(file.relative_to(out)) for file in out.rglob("*") if file.is_file()}
    installed = {name for name in installed if "__pycache__" not in name and "dist-info" not in name}
    module = [*MODULE.rglob("*.py"), *MODULE.glob("*.xml"), *(MODULE / "message_definitions").iterdir()]
    expected = {str(file.relative_to(FOLDER)) for file in module}
    share = [*(FOLDER / "launch").glob("*.py"), *(FOLDER / "config").glob("*.yaml"), FOLDER / "package.xml"]
    expected |= {f"share/molmo_act_ros/{file.relative_to(FOLDER)}" for file in share}
    expected.add("share/ament_index/resource_index/packages/molmo_act_ros")
    programs = {name for name in installed if name.startswith(("lib/molmo_act_ros/", "bin/"))}
    assert installed - programs == expected
    assert {Path(name).name for name in programs} == {
        *("point_node", "track_node", "deproject_node"),
        *("molmo-act-point-node", "molmo-act-track-node", "molmo-act-deproject-node", "molmo-act-bag"),
    }


def test_the_bag_tool_knows_the_messages_as_they_are():
    """Copies, as links do not survive every way that a checkout goes."""
    copies = list((MODULE / "message_definitions").iterdir())
    assert {file.name for file in copies} == {"PointedQuery.msg", "PointedPixel.msg", "PointedPixels.msg"}
    for file in copies:
        assert file.read_bytes() == (ROOT / "ros_nodes/molmo_act_interfaces/msg" / file.name).read_bytes()


def test_transport_profile_uses_the_transports_it_describes_and_no_others():
    space = {"dds": "http://www.eprosima.com/XMLSchemas/fastRTPS_Profiles"}
    profile = ElementTree.parse(FOLDER / "molmo_act_ros" / "fastdds_shm.xml").getroot()

    def texts(path: str) -> list[str]:
        return [element.text for element in profile.findall(path, space)]

    assert texts(".//dds:transport_descriptor/dds:type") == ["SHM", "UDPv4"]
    assert texts(".//dds:userTransports/dds:transport_id") == texts(
        ".//dds:transport_descriptor/dds:transport_id"
    )
    assert texts(".//dds:useBuiltinTransports") == ["false"]
    segment = int(texts(".//dds:segment_size")[0])
    assert segment > 2 * 1920 * 1080 * 3, "two 1080p images fit"
    assert 3 * segment < 64 << 20, "three processes fit into what Docker gives a container"


@pytest.mark.ros
def test_a_process_with_the_profile_by_udp_opens_no_port_of_shared_memory():
    """rclpy adds shared memory of its own where discovery is limited to this machine."""
    look = """
import rclpy
rclpy.init()
rclpy.create_node("by_udp")
mapped = [line.split()[-1] for line in open("/proc/self/maps") if "/dev/shm/fast" in line]
print([name for name in mapped if "port" in name])
"""
    profile = FOLDER / "molmo_act_ros" / "fastdds_udp.xml"
    environment = os.environ | {
        "FASTRTPS_DEFAULT_PROFILES_FILE": str(profile),
        "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST",
    }
    with own_domain() as domain:
        environment["ROS_DOMAIN_ID"] = str(domain)
        done = subprocess.run([sys.executable, "-c", look], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "[]"
    assert "XMLPARSER" not in done.stdout + done.stderr


@pytest.mark.ros
@pytest.mark.slow
def test_images_get_through_in_the_shared_memory_of_a_container():
    """64 MiB, as Docker gives it; mounted for one process and its children only."""
    word = "tests/ros_nodes/test_point_node.py::test_points_carry_the_capture_and_hit_the_pixel"
    small = 'mount -t tmpfs -o size=64m tmpfs /dev/shm && exec "$@"'
    allowed = subprocess.run(["unshare", "--mount", "sh", "-c", small, "sh", "true"], capture_output=True)
    if allowed.returncode:
        pytest.skip("may not mount a file system of its own")
    run = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", word]
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", small, "sh", *run], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.ros
@pytest.mark.slow
def test_transport_profile_delivers_the_images(camera, listener):
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
    listener.wait(lambda: len(sent & arrived) >= 80)


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
        "deproject": ["-m", "molmo_act_ros", "deproject_node"],
    }
    if name == "track":
        pytest.importorskip("molmo_act.tracking.tracker", reason="needs the tracker", exc_type=ImportError)
    start(*programs[name], "--ros-args", "--params-file", file)

    def declared() -> bool:  # only then are the values of a file known
        found = listener.call(ListParameters, f"/{name}_node/list_parameters", ListParameters.Request())
        return set(told) <= set(found.result.names)

    listener.wait(declared)
    request = GetParameters.Request(names=list(told))
    values = listener.call(GetParameters, f"/{name}_node/get_parameters", request).values
    assert {key: parameter_value_to_python(value) for key, value in zip(told, values, strict=True)} == told
