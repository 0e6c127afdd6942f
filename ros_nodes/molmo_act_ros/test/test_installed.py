"""Tests of a build by ``colcon test``: programs, data, launch files; other tests are in tests/ros_nodes."""

from __future__ import annotations

import runpy
from importlib.metadata import distribution
from pathlib import Path

import molmo_act_ros
import pytest


def test_every_program_can_be_loaded():
    programs = distribution("molmo_act_ros").entry_points.select(group="console_scripts")
    assert {"point_node", "track_node", "deproject_node", "molmo-act-bag"} <= {each.name for each in programs}
    assert all(callable(each.load()) for each in programs)


def test_the_module_has_its_data():
    folder = Path(molmo_act_ros.__file__).parent
    assert (folder / "fastdds_shm.xml").is_file()
    assert (folder / "fastdds_udp.xml").is_file()
    assert (folder / "message_definitions" / "PointedPixels.msg").is_file()


def test_every_launch_file_describes_a_launch():
    pytest.importorskip("launch_ros", reason="comes with ROS 2, not from PyPI")
    packages = pytest.importorskip("ament_index_python.packages")
    files = list(Path(packages.get_package_share_directory("molmo_act_ros"), "launch").glob("*.launch.py"))
    assert len(files) == 4
    for file in files:
        assert runpy.run_path(str(file))["generate_launch_description"]().entities
