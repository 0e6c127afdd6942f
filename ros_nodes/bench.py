"""How much time the ROS side takes on this machine: `python -m ros_nodes.bench`; one line of JSON comes last.

A camera and a node are processes of their own, this one subscribes to the points. Measured is the time
between the stamp of a picture and its point here, without the model's own. Two nodes run in turns with ours:
one that only answers, which is what rclpy and the transport take, and a naive one.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from typing import Any

import numpy as np

from ros_nodes.bench_session import PROFILE, anonymous_mib, process, program, session
from ros_nodes.program import require_ros

NODES = ("point", "echo", "naive")
SIZES = {"VGA": (640, 480), "1080p": (1920, 1080)}


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--frames", type=int, default=1000, help="of each run (default 1000)")
    parser.add_argument(
        "--memory-frames", type=int, default=10_000, help="of the memory run; 0 leaves it out"
    )
    parser.add_argument("--slow", type=float, default=0.1, help="seconds of the slow model (default 0.1)")
    args = parser.parse_args()
    require_ros()
    result: dict[str, Any] = {"cpu": platform.processor() or platform.machine(), "cores": os.cpu_count()}
    runs = [(f"{name} {node}", node, size, 0.0) for name, size in SIZES.items() for node in NODES]
    slow = ("point", "naive")
    runs += [(f"VGA {node}, model of {args.slow} s", node, SIZES["VGA"], args.slow) for node in slow]
    for name, node, size, delay in runs:
        result[name] = measure(node, size, args.frames, delay)
        print(f"{name}: {result[name]}", file=sys.stderr)
    if args.memory_frames:
        result["memory"] = measure_memory(args.memory_frames)
    result["start to first point, nano, s"] = start_to_first_point()
    print(json.dumps(result))


def measure(name: str, size: tuple[int, int], frames: int, delay: float = 0.0) -> dict[str, float]:
    """Milliseconds from stamp to point without the model's, and how many pictures had none.

    Args:
        name: "point" or "echo", with our transport profile, or "naive", with the default one.
        size: (width, height) of the pictures, which come at 30 Hz.
        frames: How many.
        delay: Seconds that the model takes.
    """
    with (
        session(None if name == "naive" else PROFILE) as consumer,
        program("camera", "--size", *size) as camera,
        program(name, "--delay", delay, "--ros-args", "-p", "query:=middle"),
    ):
        consumer.warm_up(camera)
        consumer.ages.clear()
        consumer.take(camera, frames)
        ages = 1000 * (np.array(consumer.ages) - delay)
    counts: dict[str, float] = {"points": len(ages), "lost": frames - len(ages)}
    if not len(ages):
        return counts
    middle, high = np.percentile(ages, (50, 95))
    return {"p50": round(float(middle), 2), "p95": round(float(high), 2)} | counts


def measure_memory(frames: int) -> dict[str, float]:
    """MiB that the node's own memory grew over so many pictures at 100 Hz, after a tenth of them."""
    with (
        session(PROFILE) as consumer,
        program("camera", "--rate", 100) as camera,
        program("point", "--ros-args", "-p", "query:=middle") as node,
    ):
        consumer.warm_up(camera)
        consumer.take(camera, frames // 10)
        before = anonymous_mib(node.pid)
        consumer.take(camera, frames)
        after = anonymous_mib(node.pid)
    return {"frames": frames, "before MiB": round(before, 1), "growth MiB": round(after - before, 1)}


def start_to_first_point() -> float:
    """Seconds from starting the node with the bundled checkpoint to its first point, a camera being there."""
    with session(PROFILE) as consumer, program("camera") as camera:
        began = time.monotonic()
        words = ["-m", "ros_nodes.point_node", "--ros-args", "-p", "query:=red circle"]
        with process(words):
            consumer.take_until(lambda: consumer.answers > 0, camera, 3)
        return round(time.monotonic() - began, 2)


if __name__ == "__main__":
    main()
