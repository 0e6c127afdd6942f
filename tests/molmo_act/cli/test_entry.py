"""The program as a process: interrupted at any time, with a closed or a full stdout."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

COMMAND = [sys.executable, "-m", "molmo_act"]


@pytest.mark.slow  # starts many processes
@pytest.mark.parametrize("delay", [0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2])
def test_an_interrupt_at_any_time_leaves_no_traceback(picture, delay):
    program = (
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from molmo_act.cli.entry import main\n"
        "print('begins', flush=True); sys.exit(main())"  # before that it is Python's own start
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, "point", picture, "red", "--device", "cpu"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as running:
        assert running.stdout
        assert running.stdout.readline() == b"begins\n"
        time.sleep(delay)
        running.send_signal(signal.SIGINT)
        _, err = running.communicate()
    assert b"Traceback" not in err
    assert running.returncode in (130, 0, 1)  # it may have been done


def test_what_is_imported_before_interrupts_are_handled_is_little():
    """Until `main` begins Python itself answers Ctrl-C, with a traceback; so that time has to be short."""
    listing = "import sys, molmo_act.cli.entry; print(len(set(sys.modules) - before))"
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; before = set(sys.modules); {listing}"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert int(done.stdout) < 25  # `importlib.metadata` and `urllib` alone bring more than a hundred


@pytest.mark.slow
@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_stdout_is_one_line(picture):
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [*COMMAND, "point", picture, "red", "--device", "cpu"],
            stdout=full, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 74
    [line] = done.stderr.splitlines()
    assert line.startswith("molmo-act: error: results cannot be written to stdout (No space left on device)")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
@pytest.mark.parametrize("words", [["--help"], ["--version"], ["point", "--help"]])
def test_help_that_cannot_be_written_is_no_success(words):
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [*COMMAND, *words], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )  # fmt: skip
    assert done.returncode == 74
    [line] = done.stderr.splitlines()
    assert line.startswith("molmo-act: error: results cannot be written to stdout (No space left on device)")


@pytest.mark.parametrize("words", [["--version"], ["point", "no.png", "red"]])
def test_a_closed_stdout_is_refused_before_any_work(words):
    done = subprocess.run(
        ["sh", "-c", '"$@" >&-', "sh", *COMMAND, *words], stderr=subprocess.PIPE, text=True, check=False
    )
    assert done.returncode == 74
    assert done.stderr.splitlines() == [
        "molmo-act: error: stdout is closed, so there is nowhere to write results; redirect it."
    ]
