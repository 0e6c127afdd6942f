"""Memory: what reading takes, what fits, and the error that says so; on a process that has little left."""

from __future__ import annotations

import subprocess
import sys

import pytest

from molmo_act.generation.memory import crops_that_fit, free_bytes
from molmo_act.generation.prompt_size import PromptSize, prefill_bytes
from tests.support.tiny_checkpoint import tiny_model

CONFIG = tiny_model().config
PROMPT = PromptSize(crops=40, image_tokens=2000, tokens=2100, rows=1)

STARVED = """
import resource
import sys
from pathlib import Path

import numpy as np
import torch

import molmo_act
from molmo_act.pointing.images import prepare_image_inputs

torch.set_num_threads(1)
model = molmo_act.load(device="cpu")
image = np.zeros((2000, 2000, 3), np.uint8)
model.point(image[:200, :200], "it")
inputs = prepare_image_inputs(model.runtime, [(image, "it")], 24)
inputs.pop("metadata")
status = Path("/proc/self/status").read_text().split()
used = 1024 * int(status[status.index("VmSize:") + 1])
resource.setrlimit(resource.RLIMIT_AS, (used + 2**20, used + 2**20))
try:
    model.runtime.engine.generate(inputs)
except molmo_act.errors.PlatformError as exc:
    print(exc)
"""


def test_as_many_crops_fit_as_their_bytes_say():
    for crops in (1, 7, 40):
        needed = prefill_bytes(CONFIG, PROMPT.scaled(crops / 40), 4)
        assert crops_that_fit(CONFIG, PROMPT, 4, needed) == crops
        assert crops_that_fit(CONFIG, PROMPT, 4, needed - 1) == crops - 1


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits memory by Linux's means")
def test_a_process_without_memory_says_how_many_crops_would_fit():
    done = subprocess.run([sys.executable, "-c", STARVED], capture_output=True, text=True, check=True)
    assert "Out of memory on 'cpu': " in done.stdout, done.stdout + done.stderr
    assert "crops in 1 prompt(s) take about" in done.stdout
    assert "Give fewer max_crops" in done.stdout


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks Linux")
def test_free_memory_is_what_the_machine_has():
    assert 10**7 < free_bytes(tiny_model().device) < 10**14
