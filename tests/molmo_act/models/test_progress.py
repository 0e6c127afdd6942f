"""Progress bars of transformers are shown on terminals only."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios

import pytest
from transformers.utils.logging import set_tqdm_hook

from molmo_act.models.progress import progress_on_terminals

PROGRAM = """
from transformers.utils.logging import tqdm
from molmo_act.models.progress import progress_on_terminals
with progress_on_terminals():
    for _ in tqdm(range(3), desc="Loading weights"):
        pass
"""


@pytest.mark.slow  # two processes that import transformers
def test_bars_are_shown_on_terminals_only():
    piped = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert piped.stderr == ""
    terminal, its_end = pty.openpty()
    fcntl.ioctl(its_end, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    subprocess.run([sys.executable, "-c", PROGRAM], stderr=its_end, check=True)
    os.close(its_end)
    assert b"Loading weights" in os.read(terminal, 10_000)
    os.close(terminal)


def test_a_hook_of_the_program_is_asked_and_comes_back():
    seen = []

    def theirs(factory, args, options):
        seen.append(options)
        return factory(*args, **options)

    before = set_tqdm_hook(theirs)
    try:
        from transformers.utils.logging import tqdm

        with progress_on_terminals():
            assert list(tqdm([1, 2], desc="a")) == [1, 2]
            assert list(tqdm([1], disable=True)) == [1]
        assert set_tqdm_hook(theirs) is theirs
    finally:
        set_tqdm_hook(before)
    assert seen == [{"disable": None, "desc": "a"}, {"disable": True}]
