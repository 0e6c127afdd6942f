"""The demo runs both halves for real, and tells one that fails or cannot run from one that works."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time

import pytest
from PIL import Image

from tests.examples.conftest import EXAMPLES


@pytest.mark.ros
@pytest.mark.display
def test_both_halves(tmp_path):
    pytest.importorskip("rclpy")
    answer = subprocess.run(
        [sys.executable, EXAMPLES / "demo.py"], cwd=tmp_path, capture_output=True, text=True, timeout=300
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert len(re.findall(r"at \([\d.]+, [\d.]+\) score [\d.]+", answer.stdout)) >= 3
    assert "the window received a press of 'Save'" in answer.stdout
    for name, size in {"camera_points": (320, 240), "desktop_click": (480, 360)}.items():
        picture = tmp_path / "out" / f"{name}.png"
        assert f"out/{picture.name}" in answer.stdout
        with Image.open(picture) as drawn:
            assert drawn.size == size


# Each row: what the subscriber printed, and whether it tells of the red circle only.
LINES = [
    ("camera 1.000: #1 at (82.6, 75.1) score 0.97\n", True),
    ("camera 1.000: nothing found\n", False),
    # on the blue square
    ("camera 1.000: #1 at (235.0, 72.0) score 0.97\n", False),
    # one right, one on the table
    ("camera 1.000: #1 at (82.6, 75.1) score 0.97; #2 at (160.0, 120.0) score 0.31\n", False),
]


@pytest.mark.parametrize(("line", "right"), LINES)
def test_only_points_on_the_thing_count(line, right):
    import demo

    assert demo.points_only_at(demo.ASKED, line) is right


def test_without_rclpy_the_camera_half_cannot_run(monkeypatch, capsys):
    import demo

    monkeypatch.setitem(sys.modules, "rclpy", None)  # as if it were not installed
    assert demo.point_at_the_table() == demo.IMPOSSIBLE
    assert "rclpy is missing" in capsys.readouterr().out


def test_without_a_virtual_display_the_desktop_half_cannot_run(monkeypatch, tmp_path, capfd):
    import demo

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", "")
    assert demo.click_a_button() == demo.IMPOSSIBLE
    assert "apt install" in capfd.readouterr().err


@pytest.mark.ros
def test_a_node_that_cannot_start_fails_the_half_at_once(monkeypatch, tmp_path, capfd):
    pytest.importorskip("ros_wheels_bootstrapper")
    import demo

    monkeypatch.chdir(tmp_path)
    (tmp_path / "out").mkdir()
    monkeypatch.setenv("_ROS_WHEELS_BOOTSTRAP_COMPLETE", "1")  # and yet its libraries are not on the path
    monkeypatch.delenv("LD_LIBRARY_PATH", raising=False)
    begin = time.monotonic()
    assert demo.point_at_the_table() == demo.FAILED
    assert time.monotonic() - begin < demo.PATIENCE_S / 2
    assert "cannot be loaded" in capfd.readouterr().err


# Each row: the outcomes of the two halves, and the exit code of the whole.
OUTCOMES = [
    (("DONE", "DONE"), 0),
    (("FAILED", "DONE"), 1),
    (("IMPOSSIBLE", "FAILED"), 1),
    (("IMPOSSIBLE", "DONE"), 3),
    (("IMPOSSIBLE", "IMPOSSIBLE"), 3),
]


@pytest.mark.parametrize(("outcomes", "code"), OUTCOMES)
def test_the_exit_code_tells(monkeypatch, tmp_path, outcomes, code):
    import demo

    monkeypatch.chdir(tmp_path)
    camera, desktop = (getattr(demo, outcome) for outcome in outcomes)
    monkeypatch.setattr(demo, "point_at_the_table", lambda: camera)
    monkeypatch.setattr(demo, "click_a_button", lambda: desktop)
    assert demo.main() == code
    assert os.path.isdir("out")
