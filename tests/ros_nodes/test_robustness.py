"""What robots do to nodes: processes are killed, namespaces double, clocks are simulated, days are long."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("rclpy", reason="needs the extra ros")
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import PointCloud2

from tests.ros_nodes.pictures import GREEN, RED, pixels, points_about, stamp, take_pictures

pytestmark = pytest.mark.ros

ROOT = Path(__file__).parents[2]
SOAK_S = float(os.environ.get("MOLMO_ACT_SOAK_S", "10"))


def kill(program) -> None:
    program.expected_exit = -signal.SIGKILL
    assert program.end(signal.SIGKILL) == -signal.SIGKILL


def test_node_and_camera_may_be_killed_and_come_back(blob_node, start_camera, listener):
    node, camera = blob_node({"query": "red"}), start_camera()
    points_about(listener, camera)
    kill(node)
    blob_node({"query": "red"})
    points_about(listener, camera)
    kill(camera)
    camera = start_camera()
    assert pixels(points_about(listener, camera)[-1]) == [[400.5, 120.5]]


def test_two_nodes_in_two_namespaces_do_not_meet(blob_node, start_camera, listener):
    spots = {"left": RED, "right": GREEN}
    for name in spots:
        listener.listen(PointCloud2, f"/{name}/points")
        blob_node({"query": "red"}, f"__ns:=/{name}")
    for name, place in spots.items():
        clouds = listener.received[f"/{name}/points"]
        camera = start_camera("-r", f"__ns:=/{name}")
        stamps = take_pictures(listener, camera, lambda: clouds, spots={"red": place})  # noqa: B023
        assert pixels(clouds[-1]) == [[place[0] + 0.5, place[1] + 0.5]]
        assert stamp(clouds[-1]) in stamps
    assert not listener.received["points"], "nothing outside of the namespaces"


def test_simulated_time_is_the_time_of_diagnostics_and_ages(blob_node, start_camera, listener):
    clock = listener.node.create_publisher(Clock, "/clock", 10)
    now = 5000.0

    def tick() -> None:
        nonlocal now
        now += 0.01
        message = Clock()
        message.clock.sec, message.clock.nanosec = int(now), int(now % 1 * 1e9)
        clock.publish(message)

    listener.node.create_timer(0.01, tick)
    reports = listener.listen_to_health("/point_node")
    blob_node({"query": "red", "use_sim_time": "true"})
    camera = start_camera("-p", "use_sim_time:=true")
    clouds = points_about(listener, camera)
    assert 5000 <= clouds[-1].header.stamp.sec < 5000 + 200, "of the simulated clock"
    assert pixels(clouds[-1]) == [[400.5, 120.5]]

    def age() -> float:
        told = {value.key: value.value for value in reports[-1].values} if reports else {}
        return float(told.get("capture to answer ms p50", "nan"))

    listener.wait(lambda: age() < 60_000)


def test_a_soak_finds_no_fault():
    """Ten seconds, two minutes with MOLMO_ACT_SOAK_S=120, half an hour as `python -m ros_nodes.soak`."""
    words = [sys.executable, "-m", "ros_nodes.soak", "--minutes", str(SOAK_S / 60)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=SOAK_S + 100)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout)
    assert found["faults"] == []
    assert found["seconds"] >= SOAK_S
    assert found["answers"] > 5 * SOAK_S
    assert found["changes"] >= 2


def test_the_benchmark_times_both_nodes():
    code = "from ros_nodes.bench import measure; import json, sys\n"
    code += "print(json.dumps([measure(*run) for run in ("
    code += "('point', (64, 48), 30), ('naive', (64, 48), 30), ('echo', (64, 48), 0))]))"
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=200
    )
    assert done.returncode == 0, done.stderr
    ours, naive, nothing = json.loads(done.stdout)
    for run in (ours, naive):
        assert run["points"] + run["lost"] == 30
        assert run["points"] > 10
        assert 0 < run["p50"] <= run["p95"] < 1000
    assert 0 < ours["published p50"] <= ours["published p95"] < 1000
    assert nothing == {"p50": None, "p95": None, "points": 0, "lost": 0}, "no point, no figure"
