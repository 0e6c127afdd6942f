"""Nodes that are killed and come back: they hear those who sent to them before, and leave nothing behind."""

from __future__ import annotations

import fcntl
import os
import random
import signal
import struct
import time
from pathlib import Path

import pytest
from molmo_act_ros.dead_processes import clean_up

from tests.ros_nodes import shared_memory
from tests.ros_nodes.program import LONGEST, Program

NUMBER = 7413
USABLE_BY_ONE = 0b111


def port(folder: Path, *, number=NUMBER, listeners=1, wait=333, flags=USABLE_BY_ONE) -> Path:
    """A file that begins as a port of Fast DDS does, and its lock."""
    file = folder / f"fastrtps_port{NUMBER}"
    words = struct.pack("<7I", number, listeners, 1000, wait, 2048, 1, flags)
    file.write_bytes(bytes(244) + words + bytes(1001))
    file.with_name(f"{file.name}_el").touch()
    return file


def flags_of(file: Path) -> int:
    return struct.unpack_from("<I", file.read_bytes(), 244 + 24)[0]


def test_a_port_without_a_receiver_is_closed(tmp_path):
    file = port(tmp_path)
    before = file.read_bytes()
    for _ in range(2):
        clean_up(tmp_path)
        assert flags_of(file) == USABLE_BY_ONE - 1
        assert sum(one != other for one, other in zip(file.read_bytes(), before, strict=True)) == 1


def test_a_port_with_a_receiver_is_left_alone(tmp_path):
    file = port(tmp_path)
    with file.with_name(f"{file.name}_el").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        clean_up(tmp_path)
    assert flags_of(file) == USABLE_BY_ONE


@pytest.mark.parametrize(
    "wrong",
    [
        {"number": NUMBER + 2},  # of another port
        {"listeners": 0},  # nobody has received by it
        {"listeners": 70_000},
        {"wait": 334},  # not a third of the timeout
        {"flags": 0b110},  # closed before
        {"flags": 0b101},  # shared by several receivers
    ],
)
def test_what_does_not_look_like_a_dead_port_is_left_alone(tmp_path, wrong):
    file = port(tmp_path, **wrong)
    before = file.read_bytes()
    clean_up(tmp_path)
    assert file.read_bytes() == before


@pytest.mark.parametrize("content", [b"", b"short", bytes(5000)])
@pytest.mark.parametrize("name", ["fastrtps_port7415", "fastrtps_portal", "fastrtps_0123", "other_port7415"])
def test_anything_else_in_shared_memory_is_left_alone(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    lock = tmp_path / f"{name}_el"
    lock.touch()
    os.utime(lock, (0, 0))
    clean_up(tmp_path)
    assert (tmp_path / name).read_bytes() == content
    assert lock.exists()


def test_a_lock_without_its_file_and_a_folder_that_is_not_there_are_no_error(tmp_path):
    (tmp_path / "fastrtps_port7417_el").touch()
    clean_up(tmp_path)
    clean_up(tmp_path / "nothing")


def test_segments_of_dead_processes_are_removed(tmp_path):
    """Those of living ones stay, and new ones, whose lock may be about to be taken."""
    dead, living, new = (tmp_path / f"fastrtps_{15 * '0'}{one}" for one in "abc")
    for segment in (dead, living, new):
        segment.write_bytes(b"messages")
        lock = segment.with_name(f"{segment.name}_el")
        lock.touch()
        if segment != new:
            os.utime(lock, (0, 0))
    with living.with_name(f"{living.name}_el").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        clean_up(tmp_path)
    assert {each.name.removesuffix("_el") for each in tmp_path.iterdir()} == {living.name, new.name}


def stop(process) -> None:
    """Stops all threads of a process."""
    process.send_signal(signal.SIGSTOP)
    states: set[str] = set()
    while states != {"T"}:
        tasks = Path(f"/proc/{process.pid}/task").iterdir()
        states = {(task / "stat").read_text().rpartition(") ")[2][0] for task in tasks}


def kill_between_two_messages(program: Program, port_file: Path, send) -> None:
    """Kills a process while its listener neither waits for a message nor handles one."""
    end = time.monotonic() + LONGEST
    while time.monotonic() < end:
        for _ in range(random.randrange(1, 40)):
            send()
        stop(program.process)
        if shared_memory.listener_of(port_file) == shared_memory.IN_USE:
            break
        program.process.send_signal(signal.SIGCONT)
    else:
        pytest.fail("no moment between two messages was met")
    program.expected_exit = -signal.SIGKILL
    assert program.end(signal.SIGKILL) == -signal.SIGKILL


@pytest.mark.ros
def test_a_node_that_was_killed_between_two_messages_is_heard_again(start, listener):
    """Fast DDS alone keeps sending to the port of the dead process, for ever."""
    from rclpy.qos import qos_profile_sensor_data
    from sensor_msgs.msg import CameraInfo

    infos = listener.node.create_publisher(CameraInfo, "camera_info", qos_profile_sensor_data)
    domain = int(os.environ["ROS_DOMAIN_ID"])
    for _ in range(3):
        node = start("-m", "molmo_act_ros", "deproject_node")
        listener.settle("/deproject_node")  # it gets requests, so those who send know its port
        port_file = shared_memory.port_of(node.process.pid, domain)
        kill_between_two_messages(node, port_file, lambda: infos.publish(CameraInfo()))
    start("-m", "molmo_act_ros", "deproject_node")
    listener.settle("/deproject_node")
