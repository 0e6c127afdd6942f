"""The program around a node: what it says and how it ends, in processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from molmo_act_ros.runner import require_ros

from molmo_act._install import install_command
from molmo_act.errors import MissingExtraError
from tests.support.paths import SOURCES


def run_main(
    *before: str, arguments: tuple[str, ...] = (), **environment: str
) -> subprocess.CompletedProcess:
    """Runs the console script's function after the given lines of Python."""
    lines = ["import sys", *before, "from molmo_act_ros.programs import point_node", "sys.exit(point_node())"]
    return run_python("\n".join(lines), *arguments, **environment)


def run_python(code: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env=os.environ | {"PYTHONPATH": SOURCES} | environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize("package", ["rclpy", "sensor_msgs"])
def test_missing_package_is_one_line_with_its_remedy(package):
    done = run_main(f"sys.modules[{package!r}] = None  # what an import of a missing package meets")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1, done.stderr
    assert f"needs the package '{package}', which is not installed" in done.stderr
    assert install_command("ros") in done.stderr


def test_missing_package_is_an_error_of_our_own(monkeypatch):
    monkeypatch.setitem(sys.modules, "rclpy", None)
    monkeypatch.setitem(sys.modules, "rclpy.executors", None)
    with pytest.raises(MissingExtraError) as caught:
        require_ros()
    assert caught.value.extra == "ros"


def test_libraries_that_cannot_be_loaded_are_one_line_with_a_remedy():
    pytest.importorskip("ros_wheels_bootstrapper", reason="only the wheels from PyPI set a library path")
    done = run_main(_ROS_WHEELS_BOOTSTRAP_COMPLETE="1", LD_LIBRARY_PATH="")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1, done.stderr
    assert "is installed but cannot be loaded" in done.stderr
    assert "unset _ROS_WHEELS_BOOTSTRAP_COMPLETE" in done.stderr


@pytest.mark.ros
def test_help_tells_topics_and_an_example():
    pytest.importorskip("rclpy", reason="needs the extra ros")
    done = run_main(arguments=("--help",))
    assert done.returncode == 0
    for word in ("'image'", "'image/compressed'", "'pointed_pixels'", "'overlay'", "--ros-args"):
        assert word in done.stdout


@pytest.mark.ros
def test_unknown_argument_is_refused():
    pytest.importorskip("rclpy", reason="needs the extra ros")
    done = run_main(arguments=("--query", "mug"))
    assert done.returncode == 2
    assert "unrecognized arguments: --query mug" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.ros
@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("-p", "query"), "Couldn't parse parameter override rule: '-p query'"),  # no value
        (("--params-file", "/nowhere/to.yaml"), "Error opening YAML file"),
        (("--remapp", "a:=b"), "--remapp"),  # misspelt
    ],
)
def test_malformed_ros_arguments_are_refused(arguments, told):
    pytest.importorskip("rclpy", reason="needs the extra ros")
    done = run_main(arguments=("--ros-args", *arguments))
    assert done.returncode == 2
    assert "molmo-act-point-node: ROS 2 refuses the arguments" in done.stderr
    assert told in done.stderr
    assert "Traceback" not in done.stderr


PAGE_FAULTS = """
import argparse, resource, sys
from molmo_act_ros.runner import require_ros, run
require_ros()

def of_images():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(50):
        copies = [bytearray(640 * 480 * 3) for _ in range(3)]  # as a message is copied on its way
        for copy in copies:
            copy[::4096] = bytes(len(copy[::4096]))
        del copies, copy
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

def make_node(options):
    print(outside, of_images())
    raise SystemExit(0)

outside = of_images()
sys.exit(run(argparse.ArgumentParser(), make_node, ["node"]))
"""


@pytest.mark.ros
def test_a_node_keeps_the_memory_of_images():
    done = run_python(PAGE_FAULTS)
    outside, inside = map(int, done.stdout.split())
    assert inside < outside / 5, done.stderr


INTERRUPTED_READING = """
import argparse, os, signal, sys, time
from molmo_act_ros.runner import require_ros, run
require_ros()
import rclpy

def make_node(options):
    node = rclpy.create_node("reader")
    node.create_timer(0.01, read)
    return node

def read():
    try:
        os.kill(os.getpid(), signal.{name})
        time.sleep(10)
    except KeyboardInterrupt:
        raise RuntimeError("Unable to convert call argument '0' to Python object")  # as rclpy's C++ does

sys.exit(run(argparse.ArgumentParser(), make_node, ["node"]))
"""


@pytest.mark.ros
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_while_a_message_is_read_is_an_end_like_any_other(name):
    done = run_python(INTERRUPTED_READING.format(name=name))
    assert (done.returncode, done.stderr) == (0, "")


INTERRUPTED_CONFIGURING = """
import argparse, os, signal, sys, time
from molmo_act_ros import runner
from molmo_act_ros.runner import require_ros, run
runner._INSIST_S = 60.0  # a busy machine may take long to log what failed
require_ros()
from molmo_act_ros.lifecycle_node import ManagedNode, undone_on_error

class Node(ManagedNode):
    @undone_on_error
    def on_configure(self, state):
        try:
            os.kill(os.getpid(), signal.{name})
            time.sleep(10)
        except KeyboardInterrupt:
            raise RuntimeError("unknown error")  # as C++ that loads a model does

sys.exit(run(argparse.ArgumentParser(), lambda options: Node("loading"), ["node"]))
"""


@pytest.mark.ros
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_transition_that_a_signal_made_fail_is_an_end_like_any_other(name):
    done = run_python(INTERRUPTED_CONFIGURING.format(name=name))
    assert done.returncode == 0, done.stderr
    assert "Cannot configure: RuntimeError: unknown error" in done.stderr


IMPATIENCE = """
import argparse, os, signal, sys, time
from molmo_act_ros.runner import require_ros, run
require_ros()
from rclpy.node import Node

class Slow(Node):
    def destroy_node(self):
        os.kill(os.getpid(), signal.{name})
        time.sleep(0.5)  # longer than the first signal waits before it is raised again
        super().destroy_node()
        print("destroyed")

def make_node(options):
    node = Slow("slow")
    node.create_timer(0.01, lambda: os.kill(os.getpid(), signal.{name}))
    return node

sys.exit(run(argparse.ArgumentParser(), make_node, ["node"]))
"""


@pytest.mark.ros
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_signals_do_not_break_off_an_orderly_end(name):
    done = run_python(IMPATIENCE.format(name=name))
    assert (done.returncode, done.stdout, done.stderr) == (0, "destroyed\n", "")


LOST_IN_A_DESTRUCTOR = """
class Dying:
    def __del__(self):
        os.kill(os.getpid(), signal.{name})

parser.add_argument("word", type=lambda word: Dying() and word)  # rclpy has not started yet
"""
LOST_IN_AN_IMPORT = """
class Interrupted:  # as an extension module that a signal meets
    @staticmethod
    def find_spec(name, *rest):
        if name == "diagnostic_msgs":
            try:
                os.kill(os.getpid(), signal.{name})
                time.sleep(10)
            except KeyboardInterrupt as error:
                raise ImportError("initialization failed") from error

parser.add_argument("word")
for name in [name for name in sys.modules if name.startswith("diagnostic_msgs")]:
    del sys.modules[name]
sys.meta_path.insert(0, Interrupted)
"""
LOST = """
import argparse, os, signal, sys, time
from molmo_act_ros.runner import require_ros, run
require_ros()
parser = argparse.ArgumentParser()
{lost}
sys.exit(run(parser, lambda options: time.sleep(50), ["node", "word"]))
"""


@pytest.mark.ros
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
@pytest.mark.parametrize("lost", [LOST_IN_A_DESTRUCTOR, LOST_IN_AN_IMPORT])
def test_a_signal_whose_exception_was_dropped_ends_the_program_all_the_same(lost, name):
    pytest.importorskip("rclpy", reason="needs the extra ros")
    done = run_python(LOST.format(lost=lost.format(name=name)))
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.ros
def test_a_callback_that_raises_ends_no_program(ros):
    """As services of rclpy do: whoever calls one must not be able to end a node."""
    import rclpy
    from molmo_act_ros.runner import Signals
    from rclpy.executors import SingleThreadedExecutor

    signals, node, calls = Signals(), rclpy.create_node("faulty"), []

    def fail_twice():
        calls.append(len(calls))
        if len(calls) < 3:
            raise ValueError("of a callback")
        signals.came = True

    executor = SingleThreadedExecutor()
    executor.add_node(node)
    node.create_timer(0.01, fail_twice)
    try:
        signals.spin(executor)
        assert calls == [0, 1, 2]
        signals.came = False
        monkey_node = executor.spin_once
        executor.spin_once = lambda: monkey_node("not a number")  # broken itself: not for ever
        with pytest.raises(TypeError):
            signals.spin(executor)
    finally:
        executor.shutdown(0)
        node.destroy_node()
