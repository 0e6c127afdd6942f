"""The program as a process that is interrupted: no traceback, even while modules are imported."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

import gui_agent


@pytest.mark.slow  # starts many processes
@pytest.mark.parametrize("delay", [0.02, 0.1, 0.4, 1.6])
def test_an_interrupt_at_any_time_leaves_no_traceback(tmp_path, delay):
    program = (
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from gui_agent.cli.entry import main; print('begins', flush=True); sys.exit(main())"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, "run", str(tmp_path / "none.yaml")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as running:
        assert running.stdout
        assert running.stdout.readline() == b"begins\n"
        time.sleep(delay)
        running.send_signal(signal.SIGINT)
        _, err = running.communicate()
    assert b"Traceback" not in err
    assert running.returncode in (130, 2)  # it may have said already that there is no such script


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
@pytest.mark.parametrize("words", [["--help"], ["codegen", "--help"]])
def test_help_that_cannot_be_written_is_no_success(words):
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "gui_agent", *words], stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert done.returncode == 74
    [line] = done.stderr.splitlines()
    assert line.startswith("gui-agent: error: results cannot be written to stdout (No space left on device)")


def test_a_closed_stdout_is_refused_before_any_work():
    command = ["sh", "-c", '"$@" >&-', "sh", sys.executable, "-m", "gui_agent", "run", "none.yaml"]
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 74
    assert "gui-agent: error: stdout is closed" in done.stderr


def test_what_is_imported_before_interrupts_are_handled_is_little():
    listing = "import sys, gui_agent.cli.entry; print(len(set(sys.modules) - before), 'numpy' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; before = set(sys.modules); {listing}"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    count, numpy = done.stdout.split()
    assert int(count) < 30
    assert numpy == "False"


def test_the_package_has_all_that_it_names():
    for name in gui_agent.__all__:
        assert getattr(gui_agent, name).__module__.startswith("gui_agent")
    assert set(gui_agent._LAZY) == set(gui_agent.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'Mice'"):
        _ = gui_agent.Mice
