"""rclpy on a domain of this run's own."""

from __future__ import annotations

import contextlib
import importlib
import warnings
from collections.abc import Iterator
from pathlib import Path

import molmo_act_ros
import pytest
from molmo_act_ros.benchmarks.domain import own_domain

from tests.ros_nodes.shared_memory import remove_left_segments


@contextlib.contextmanager
def own_ros(log_folder: Path, profile: str = "fastdds_shm.xml") -> Iterator[None]:
    """rclpy, initialised in this process, on a domain of this run's own and on loopback.

    Args:
        log_folder: Where ROS writes its logs.
        profile: File of the package that says how messages travel.
    """
    rclpy = pytest.importorskip("rclpy", reason="needs the extra ros")
    own = {
        "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST",
        "ROS_LOG_DIR": str(log_folder),
        "FASTRTPS_DEFAULT_PROFILES_FILE": str(Path(molmo_act_ros.__file__).parent / profile),
    }
    with own_domain() as domain, pytest.MonkeyPatch.context() as patch:
        for name, value in (own | {"ROS_DOMAIN_ID": str(domain)}).items():
            patch.setenv(name, value)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # rosidl's own: it imports a deprecated module
            importlib.import_module("rosidl_generator_py")
        rclpy.init()
        yield
        rclpy.try_shutdown()  # a signal to this process has done so already
    remove_left_segments()
