"""A model that was loaded before a fork answers in the child, whatever ran in the parent."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch

from molmo_act.generation.forking import run_forks_on_one_thread
from tests.support.paths import SOURCES
from tests.support.tiny_checkpoint import TINY

PROGRAM = """
import os, signal, sys, threading, time
import numpy as np, torch
import molmo_act

torch.set_num_threads(2)
model, image = molmo_act.load(sys.argv[1], device="cpu"), np.full((64, 64, 3), 200, np.uint8)
expected = model.point(image, "the boats").text if sys.argv[2] != "loaded" else None
if sys.argv[2] == "busy":
    work = lambda: [model.point(image, "the boats") for _ in range(200)]
    threading.Thread(target=work, daemon=True).start()
    time.sleep(0.2)
child = os.fork()
if child == 0:
    signal.alarm(100)
    found = model.point(image, "the boats").text
    os._exit(0 if expected in (None, found) and torch.get_num_threads() == 1 else 1)
code = os.waitpid(child, 0)[1]
assert torch.get_num_threads() == 2
os._exit(0 if code == 0 else 1)
"""


@pytest.mark.slow  # starts processes
@pytest.mark.skipif(sys.platform == "win32", reason="no fork")
@pytest.mark.parametrize("state", ["loaded", "used", "busy"])
def test_a_fork_answers(state):
    command = [sys.executable, "-W", "ignore", "-c", PROGRAM, str(TINY), state]
    environment = {"PYTHONPATH": SOURCES, "OMP_NUM_THREADS": "2", "PATH": ""}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stderr


def test_this_process_keeps_its_threads():
    before = torch.get_num_threads()
    run_forks_on_one_thread()
    run_forks_on_one_thread()  # once is enough
    assert torch.get_num_threads() == before
