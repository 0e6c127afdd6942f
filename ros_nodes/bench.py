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


def measure(name: str, size: tuple[int, int], frames: int, delay: float = 0.0) -> dict[str, float | None]:
    """Milliseconds from stamp to point without the model's, and how many pictures had none.

    Args:
        name: "point" or "echo", with our transport profile, or "naive", with the default one.
        size: (width, height) of the pictures, which come at 30 Hz.
        frames: How many.
        delay: Seconds that the model takes.

    Returns:
        "p50" and "p95", None when no point came; "points"; "lost". Of the point node also "published p50" and
        "published p95": until it has sent all its answers, as it says itself on /diagnostics.
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
    times = [round(float(time), 2) for time in np.percentile(ages, (50, 95))] if len(ages) else [None, None]
    told = {
        f"published {which}": round(float(text) - 1000 * delay, 2)
        for which in ("p50", "p95")
        if (text := consumer.told.get(f"capture to answer ms {which}"))
    }
    return {"p50": times[0], "p95": times[1], "points": len(ages), "lost": frames - len(ages)} | told


def measure_memory(frames: int) -> dict[str, float]:
    """MiB that the node's own memory grew over so many pictures at 100 Hz, after a tenth of them."""
    with (
        session(PROFILE) as consumer,
        program("camera", "--rate", 100) as camera,
        program("point", "--ros-args", "-p", "query:=middle") as node,
    ):
        consumer.warm_up(camera)
        consumer.take(camera, frames // 10)
        before, consumer.answers = anonymous_mib(node.pid), 0
        consumer.take(camera, frames)
        growth = anonymous_mib(node.pid) - before
    told = {"before MiB": round(before, 1), "growth MiB": round(growth, 1)}
    return {"frames": frames, "answers": consumer.answers} | told


def start_to_first_point() -> float | None:
    """Seconds from starting the node with the bundled checkpoint to its first point, a camera being there.

    None when no point comes.
    """
    with session(PROFILE) as consumer, program("camera") as camera:
        began = time.monotonic()
        words = ["-m", "ros_nodes.point_node", "--ros-args", "-p", "query:=red circle"]
        with process(words):
            came = consumer.take_until(lambda: consumer.answers > 0, camera, 3)
            return round(time.monotonic() - began, 2) if came else None


if __name__ == "__main__":
    main()
