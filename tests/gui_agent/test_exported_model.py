"""Programs that act as they run on a board: real processes, with an exported model and without torch."""

from __future__ import annotations

import asyncio
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


def test_it_watches(open_window, nano_onnx) -> None:
    open_window("--button", "Go=#e01020")
    done = run("molmo_act", "watch", QUERY, "--model", nano_onnx, *SURE, "--seconds", "0")
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"\(\d+, \d+\) 0\.\d+\n", done.stdout)


def test_it_serves_agents(open_window, nano_onnx) -> None:
    mcp = pytest.importorskip("mcp", reason="needs the extra agents")
    window = open_window("--button", "Go=#e01020")
    words = ["-m", "tests.support.without_torch", "gui_agent", "mcp", "--model", str(nano_onnx), *SURE]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    server = mcp.StdioServerParameters(command=sys.executable, args=words, env=environment, cwd=ROOT)

    async def work():
        async with mcp.Client(server) as client:
            found = await client.call_tool("find", {"target": QUERY})
            return found, await client.call_tool("click", {"target": QUERY})

    found, clicked = asyncio.run(asyncio.wait_for(work(), 120))
    assert not found.is_error, found.content
    assert not clicked.is_error, clicked.content
    assert len(found.structured_content["matches"]) == 1
    assert window.next_event() == {"event": "press", "name": "Go"}
