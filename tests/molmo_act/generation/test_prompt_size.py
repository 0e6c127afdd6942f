"""What prefill takes grows with all that a prompt has, and is computed without torch."""

from __future__ import annotations

import subprocess
import sys

from molmo_act.generation.prompt_size import PromptSize, prefill_bytes
from tests.support.tiny_checkpoint import tiny_model

CONFIG = tiny_model().config
PROMPT = PromptSize(crops=40, image_tokens=2000, tokens=2100, rows=1)


def test_more_of_anything_takes_more():
    at_first = prefill_bytes(CONFIG, PROMPT, 4)
    assert prefill_bytes(CONFIG, PROMPT, 2) < at_first
    assert prefill_bytes(CONFIG, PROMPT.scaled(0.5), 4) < at_first / 2  # masks grow with the square
    assert prefill_bytes(CONFIG, PromptSize(40, 2000, 2100, rows=2), 4) > at_first


def test_it_needs_no_torch():
    code = "import sys; from molmo_act.generation import prompt_size; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
