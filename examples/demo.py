"""Shows both halves of the project at work: points on a ROS 2 topic, and a click in a window.

    make demo

A rendered camera image goes through the point node to a subscriber, and a window on a virtual display gets
its named button clicked; a marked image of each goes to out/. Exit code 0: both halves did what they
should, 1: one did not, 3: one or both cannot run on this machine and nothing else went wrong.
"""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import table_scene
from molmo_act_ros.benchmarks.domain import own_domain

HERE = Path(__file__).parent
OUT = Path("out")

ASKED = table_scene.THINGS[0]
BUTTON = "Save"
ANSWERS = 3  # images with points to wait for
PATIENCE_S = 120

DONE, FAILED, IMPOSSIBLE = 0, 1, 2  # of one half; click_button.py exits with the same


def main() -> int:
    """Runs what this machine can run; returns the exit code."""
    OUT.mkdir(exist_ok=True)
    halves = {"camera to ROS 2 topic": point_at_the_table, "words to a click": click_a_button}
    outcomes = []
    for title, half in halves.items():
        print(f"\n== {title}", flush=True)
        begin = time.monotonic()
        outcomes.append(half())
        word = {DONE: "done", FAILED: "FAILED", IMPOSSIBLE: "not possible on this machine"}[outcomes[-1]]
        print(f"== {title}: {word} ({time.monotonic() - begin:.0f} s)", flush=True)
    if FAILED in outcomes:
        return 1
    return 3 if IMPOSSIBLE in outcomes else 0


def point_at_the_table() -> int:
    """A camera, the point node, and two subscribers that print points and save an image: four processes."""
    if importlib.util.find_spec("rclpy") is None:
        print("rclpy is missing. PyPI has it for Linux on x86_64; elsewhere it comes with ROS 2 itself.")
        return IMPOSSIBLE
    if importlib.util.find_spec("molmo_act_interfaces") is None:
        print("The messages are not built: install CMake and a C++ compiler, then run .ci/ros_interfaces.")
        return IMPOSSIBLE
    scene, marked = OUT / "camera_scene.png", OUT / "camera_points.png"
    marked.unlink(missing_ok=True)
    table_scene.render().save(scene)
    query = f"the {ASKED.name}"
    print(f"asked: {query!r}; answers in pixels of {scene}:", flush=True)
    node_words = ("-m", "molmo_act_ros", "point_node", "--ros-args", "-p", f"query:={query}")
    with (
        own_domain() as domain,
        running(domain, HERE / "ros_camera.py", scene, "--rate", "5"),
        running(domain, *node_words) as node,
        running(domain, HERE / "ros_save_overlay.py", marked, "--timeout", PATIENCE_S) as saver,
        running(domain, HERE / "ros_print_points.py", "--count", ANSWERS, "--timeout", PATIENCE_S) as printer,
    ):
        threading.Thread(target=end_with, args=(node, saver, printer)).start()
        lines = list(passed_on(printer))
        saver.wait()
    if len(lines) < ANSWERS or not marked.exists():
        return FAILED
    print(f"image with points: {marked}")
    return DONE if all(points_only_at(ASKED, line) for line in lines) else FAILED


def end_with(first: subprocess.Popen[str], *others: subprocess.Popen[str]) -> None:
    """Ends the others when the first ends: nobody waits for a node that could not start."""
    first.wait()
    for process in others:
        process.terminate()


def passed_on(process: subprocess.Popen[str]) -> Iterator[str]:
    """The lines that a process prints, printed here too."""
    for line in process.stdout or ():
        print(line, end="", flush=True)
        yield line


def points_only_at(thing: table_scene.Thing, line: str) -> bool:
    """Whether a line of ros_print_points.py tells of one point or more, all on the thing; says if not."""
    points = [(float(x), float(y)) for x, y in re.findall(r"at \(([\d.]+), ([\d.]+)\)", line)]
    right = bool(points) and all(thing.holds(x, y) for x, y in points)
    if not right:
        print(f"expected a point on the {thing.name} around {thing.centre}: {line.strip()}")
    return right


def click_a_button() -> int:
    """A window of its own process on a virtual display; its own word on whether it was pressed counts."""
    if importlib.util.find_spec("_tkinter") is None:
        print(
            "Python's tkinter, which the window is made of, is missing. Install with: apt install python3-tk"
        )
        return IMPOSSIBLE
    marked = OUT / "desktop_click.png"
    command = [sys.executable, HERE / "click_button.py", BUTTON, "--virtual", "--out", marked]
    return subprocess.run(command, check=False).returncode


@contextmanager
def running(domain: int, *words: object) -> Iterator[subprocess.Popen[str]]:
    """A Python program until the end of the block, its output to be read.

    ROS 2 in it talks to this machine only, on that domain.
    """
    ours = {"ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST", "ROS_DOMAIN_ID": str(domain)}
    command = [sys.executable, *map(str, words)]
    process = subprocess.Popen(command, env=os.environ | ours, stdout=subprocess.PIPE, text=True)
    with process:
        try:
            yield process
        finally:
            end(process)


def end(process: subprocess.Popen[str]) -> None:
    """Ends a process kindly, or after ten seconds for good."""
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()


if __name__ == "__main__":
    sys.exit(main())
