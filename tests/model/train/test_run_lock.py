"""One run trains in a folder at a time, and a killed one leaves nothing that stops the next."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest
import torch

from model.train.distributed import DistributedContext
from model.train.errors import TrainingError
from model.train.run_lock import FILE, run_lock

ALONE = DistributedContext(torch.device("cpu"))
HOLDER = """
import sys, time, torch, os
from pathlib import Path
from model.train.distributed import DistributedContext
from model.train.run_lock import run_lock
with run_lock(Path(sys.argv[1]), DistributedContext(torch.device("cpu"))):
    if not os.fork():  # as a loading process is
        time.sleep(5)
        os._exit(0)
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_second_run_is_refused_until_the_first_is_killed(tmp_path) -> None:
    folder = tmp_path / "new" / "run"
    command = [sys.executable, "-c", HOLDER, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        try:
            assert holder.stdout is not None
            assert holder.stdout.readline() == "held\n"
            with pytest.raises(TrainingError) as caught, run_lock(folder, ALONE):
                pytest.fail("two hold it")
            assert f"{folder} was given" in str(caught.value)
            assert f"pid {holder.pid}" in str(caught.value)
            assert "give another folder" in str(caught.value)
        finally:
            os.kill(holder.pid, signal.SIGKILL)
        holder.wait()
        began = time.monotonic()
        with run_lock(folder, ALONE):
            assert (folder / FILE).read_text() == f"{os.getpid()}\n"
        assert time.monotonic() - began < 2  # its forked child still lives
    with run_lock(folder, ALONE):  # and is free after the end of a block
        pass


def test_a_folder_that_cannot_be_made_is_named(tmp_path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(TrainingError, match="Not a directory"), run_lock(tmp_path / "file" / "run", ALONE):
        pass


@pytest.mark.slow
def test_the_command_refuses_a_folder_that_is_trained_in(tmp_path) -> None:
    command = [sys.executable, "-m", "model.train", "tune_nano", str(tmp_path), "--device", "cpu"]
    with run_lock(tmp_path, ALONE):
        answer = subprocess.run(command, capture_output=True, text=True, timeout=100)
    assert answer.returncode == 2
    assert answer.stderr.splitlines()[-1].startswith(f"error: {tmp_path} was given, and another process")
    assert [path.name for path in tmp_path.iterdir()] == [FILE]
