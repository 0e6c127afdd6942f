"""The example that clicks a button of a real window, run as a user runs it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

ROOT = Path(__file__).parents[2]


def run_example(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY")}
    command = [sys.executable, "-m", "examples.click_button", *words]
    return subprocess.run(
        command, cwd=ROOT, env=kept | environment, capture_output=True, text=True, timeout=300
    )


def test_without_a_display_and_its_programs_it_names_the_packages() -> None:
    answer = run_example("Save", PATH=os.devnull)
    assert answer.returncode == 2
    assert answer.stderr.startswith(
        "cannot run: A virtual display needs Xvfb, openbox, xprop. Install with: apt"
    )
    assert answer.stderr.count("\n") == 1


@pytest.mark.display
@pytest.mark.slow
@pytest.mark.usefixtures("display")  # for its check that the programs are there
@pytest.mark.parametrize("name", ["Open", "Save", "Print", "Cancel"])
def test_it_brings_its_own_display_and_the_window_receives_the_press(tmp_path, name) -> None:
    image = tmp_path / "clicked.png"
    answer = run_example(name, "--out", str(image))
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert answer.stdout.endswith(f"the window received a press of '{name}'\n")
    with Image.open(image) as drawn:
        assert drawn.size == (480, 360)
