"""Measures the time that ROS takes per image on this machine; one line of JSON comes last.

    python -m molmo_act_ros.benchmarks.latency

A camera and a node are processes of their own, this one subscribes to the points. Measured is the time
between the stamp of an image and its point here, without the model's own. Two nodes run in turns with ours:
one that only answers, which is what rclpy and the transport take, and a naive one. Messages go through shared
memory, and in further turns by UDP; those of the naive node by the default transport. On a machine with other
work, many short turns (--rounds) give each node the same share of it.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from molmo_act.cli._writing import Parser
from molmo_act_ros.benchmarks.session import (
    PROFILE,
    UDP_PROFILE,
    anonymous_mib,
    process,
    program,
    session,
)
from molmo_act_ros.runner import require_ros

NODES = ("point", "echo", "naive")
SIZES = {"VGA": (640, 480), "1080p": (1920, 1080)}


def main() -> None:
    """Runs the benchmark with the arguments of the command line."""
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=1000, help="images of each run (default 1000)")
    parser.add_argument("--rounds", type=int, default=1, help="turns that each run is split into (default 1)")
    parser.add_argument(
        "--memory-frames", type=int, default=10_000, help="images of the memory run; 0 leaves it out"
    )
    parser.add_argument(
        "--slow", type=float, default=0.1, help="seconds that the slow model takes (default 0.1)"
    )
    args = parser.parse_args()
    require_ros()
    result: dict[str, Any] = {"cpu": platform.processor() or platform.machine(), "cores": os.cpu_count()}
    runs = [
        {f"{name} {node}": (node, size, 0.0, PROFILE) for node in NODES}
        | {f"{name} {node} by UDP": (node, size, 0.0, UDP_PROFILE) for node in ("point", "echo")}
        for name, size in SIZES.items()
    ]
    slow = ("point", "naive")
    runs += [
        {f"VGA {node}, model of {args.slow} s": (node, SIZES["VGA"], args.slow, PROFILE) for node in slow}
    ]
    for together in runs:
        parts: dict[str, list[Run]] = {name: [] for name in together}
        for _ in range(args.rounds):
            for name, (node, size, delay, profile) in together.items():
                parts[name].append(take_images(node, size, args.frames // args.rounds, delay, profile))
        for name, taken in parts.items():
            result[name] = summarize(taken)
            print(f"{name}: {result[name]}", file=sys.stderr)
    for name, way in product(SIZES, ("", " by UDP")):
        ours, bare = result[f"{name} point{way}"]["p50"], result[f"{name} echo{way}"]["p50"]
        result[f"{name} point / echo{way}"] = round(ours / bare, 3) if ours and bare else None
    if args.memory_frames:
        result["memory"] = measure_memory(args.memory_frames)
    result["start to first point, nano, s"] = start_to_first_point()
    print(json.dumps(result))


@dataclass(frozen=True)
class Run:
    """What a run of one node gave.

    Attributes:
        frames: Number of images.
        ages: Milliseconds from the stamp of an image to its point here, without the model's time.
        published: The same until the node has sent all its answers, "p50" and "p95", by its own /diagnostics.
    """

    frames: int
    ages: np.ndarray
    published: dict[str, float]


def measure(name: str, size: tuple[int, int], frames: int, delay: float = 0.0) -> dict[str, float | None]:
    """Measures the milliseconds from stamp to point without the model's time.

    Args:
        name: See `take_images`.
        size: See `take_images`.
        frames: See `take_images`.
        delay: See `take_images`.

    Returns:
        See `summarize`.
    """
    return summarize([take_images(name, size, frames, delay)])


def summarize(runs: Sequence[Run]) -> dict[str, float | None]:
    """Sums up runs of one node.

    Args:
        runs: The runs.

    Returns:
        "p50" and "p95", None when no point came; "points" and "lost", the number of images with a point and
        without; for the point node also the medians over the runs of "published p50" and "published p95".
    """
    ages = np.concatenate([run.ages for run in runs])
    times = [round(float(time), 2) for time in np.percentile(ages, (50, 95))] if len(ages) else [None, None]
    published = {
        f"published {which}": round(float(np.median([run.published[which] for run in runs])), 2)
        for which in ("p50", "p95")
        if all(which in run.published for run in runs)
    }
    lost = sum(run.frames for run in runs) - len(ages)
    return {"p50": times[0], "p95": times[1], "points": len(ages), "lost": lost} | published


def take_images(
    name: str, size: tuple[int, int], frames: int, delay: float = 0.0, profile: Path = PROFILE
) -> Run:
    """Runs a camera and one node.

    Args:
        name: "point" or "echo", or "naive", which takes the default transport.
        size: (width, height) of the images, which come at 30 Hz.
        frames: Number of images.
        delay: Seconds that the model takes.
        profile: Transport profile of Fast DDS.

    Returns:
        The run.
    """
    with (
        session(None if name == "naive" else profile) as consumer,
        program("camera", "--size", *size) as camera,
        program(name, "--size", *size, "--delay", delay, "--ros-args", "-p", "query:=middle"),
    ):
        consumer.warm_up(camera)
        consumer.ages.clear()
        consumer.take(camera, frames)
        ages = 1000 * (np.array(consumer.ages) - delay)
    published = {
        which: float(text) - 1000 * delay
        for which in ("p50", "p95")
        if (text := consumer.diagnostics.get(f"capture to answer ms {which}"))
    }
    return Run(frames, ages, published)


def measure_memory(frames: int) -> dict[str, float]:
    """Measures by how much the node's own memory grows at 100 Hz.

    Args:
        frames: Number of images, after a tenth of them to warm up.

    Returns:
        "frames", "answers", and MiB: "before MiB" and "growth MiB".
    """
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
    memory = {"before MiB": round(before, 1), "growth MiB": round(growth, 1)}
    return {"frames": frames, "answers": consumer.answers} | memory


def start_to_first_point() -> float | None:
    """Measures how long a node with the bundled checkpoint takes to start, while a camera publishes.

    Returns:
        Seconds from starting the process to its first point; None when no point comes.
    """
    with session(PROFILE) as consumer, program("camera") as camera:
        began = time.monotonic()
        with process(["-m", "molmo_act_ros", "point_node", "--ros-args", "-p", "query:=red circle"]):
            came = consumer.take_until(lambda: consumer.answers > 0, camera, 3)
            return round(time.monotonic() - began, 2) if came else None


if __name__ == "__main__":
    main()
