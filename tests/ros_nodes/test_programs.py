"""The command lines of the node programs."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from molmo_act_ros import programs

from tests.support.paths import SOURCES


@pytest.mark.parametrize("arguments", [[], ["point"]])
def test_an_unknown_node_is_refused_with_the_names_of_all(arguments, capsys):
    assert programs.main(["molmo_act_ros", *arguments]) == 2
    error = capsys.readouterr().err
    assert "{point_node,track_node,deproject_node}" in error
    assert error.count("\n") == 1


@pytest.mark.parametrize("argument", ["-h", "--help"])
def test_help_names_all_nodes(argument, capsys):
    assert programs.main(["molmo_act_ros", argument]) == 0
    assert "{point_node,track_node,deproject_node}" in capsys.readouterr().out


@pytest.mark.parametrize("program", ["point_node", "track_node", "deproject_node", "bag"])
def test_a_workspace_without_the_library_gets_one_line(program):
    code = "import sys; sys.modules['molmo_act'] = None; from molmo_act_ros import programs\n"
    code += f"sys.exit(programs.{program}(['x']))"
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | {"PYTHONPATH": SOURCES}, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert "the library molmo_act is not installed" in done.stderr
    assert "pip install" in done.stderr
    assert done.stderr.count("\n") == 1, done.stderr


@pytest.mark.ros
@pytest.mark.parametrize(
    ("node", "words"),
    [
        (
            "point_node",
            ["molmo-act-point-node", "'image/compressed'", "'pointed_pixels'", "'the red mug'"],
        ),
        ("track_node", ["molmo-act-track-node", "'image/compressed'", "'tracked_pixels'"]),
        ("deproject_node", ["molmo-act-deproject-node", "'points_3d'", "depth:=/camera"]),
    ],
)
def test_help_of_each_node_names_its_topics_and_an_example(node, words):
    pytest.importorskip("rclpy", reason="needs the extra ros")
    done = subprocess.run(
        [sys.executable, "-m", "molmo_act_ros", node, "--help"],
        env=os.environ | {"PYTHONPATH": SOURCES, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    for word in [*words, "--ros-args"]:
        assert word in done.stdout
