"""Programs that act as they run on a board: real processes, with an exported model and without torch."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from tests.support.paths import ROOT

pytestmark = [pytest.mark.display, pytest.mark.slow]
QUERY = "the red button"
SURE = ("--exactly", "1", "--min-score", "0.001")
"""nano is not sure of so small a place; it is asked for the best one."""


def run(*words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.support.without_torch", *map(str, words)]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize("providers", [[], ["--provider", "auto"]], ids=["best", "auto"])
def test_it_clicks(open_window, nano_onnx, providers) -> None:
    window = open_window("--button", "Go=#e01020")
    done = run("molmo_act", "click", QUERY, "--model", nano_onnx, *SURE, *providers)
    assert done.returncode == 0, done.stderr
    assert window.next_event() == {"event": "press", "name": "Go"}
    assert re.fullmatch(r"clicked \(\d+, \d+\) score 0\.\d+ screen (un)?changed\n", done.stdout)


def test_a_script_runs(open_window, nano_onnx, tmp_path) -> None:
    window = open_window("--button", "Go=#e01020")
    script = tmp_path / "script.yaml"
    script.write_text(f"- click: {QUERY}\n")
    done = run("gui_agent", "run", script, "--model", nano_onnx, *SURE)
    assert done.returncode == 0, done.stderr
    assert window.next_event() == {"event": "press", "name": "Go"}
