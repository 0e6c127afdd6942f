"""``gui-agent codegen`` writes a new file that only its owner can read, or prints."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from gui_agent import Desktop
from tests.support.blob_model import BlobFinder
from tests.support.paths import ROOT
from tests.support.windows import click_at, middle
from tests.support.x_server import x_server

# The model prints, as libraries do while they load and run.
PROGRAM = """
import sys
import molmo_act
from tests.support.blob_model import BlobFinder

def load(*words, **options):
    print("a library says something")
    return BlobFinder(lambda look: print("and again"))

molmo_act.load = load
from gui_agent.cli.entry import main
sys.exit(main())
"""


@contextmanager
def codegen(*words: object, **variables: str) -> Iterator[subprocess.Popen[str]]:
    """The program, once it records."""
    command = [sys.executable, "-c", PROGRAM, "codegen", *map(str, words)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, cwd=ROOT, env=os.environ | variables, text=True, **pipes) as process:
        try:
            for line in process.stderr:
                if "recording until" in line:
                    break
            yield process
        finally:
            process.kill()


def listen_for(process: subprocess.Popen[str], words: str) -> None:
    """Reads what the program says until it says these words."""
    for line in process.stderr:
        if words in line:
            return
    raise AssertionError(f"It never said {words!r}")


@pytest.mark.display
def test_a_script_of_nothing(display, tmp_path, gui_agent_command, capsys) -> None:
    out = tmp_path / "script.py"
    assert gui_agent_command("codegen", "--out", out, "--seconds", "0.3") == 0
    assert out.read_text().startswith('"""Recorded by gui-agent codegen')
    assert out.stat().st_mode & 0o777 == 0o600
    assert gui_agent_command("run", out) == 0
    capsys.readouterr()
    assert gui_agent_command("codegen", "--out", out, "--seconds", "0.3") == 2
    assert "exists; give a new file" in capsys.readouterr().err
    assert gui_agent_command("codegen", "--out", tmp_path / "no" / "x.py", "--seconds", "99") == 2
    assert "is no folder that can be written to" in capsys.readouterr().err
    assert gui_agent_command("codegen", "--seconds", "0.1") == 0
    assert capsys.readouterr().out == out.read_text()


@pytest.mark.display
@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [("SIGINT", 0), ("SIGTERM", 143), ("SIGHUP", 129)])
def test_a_signal_writes_the_script(open_pads, desktop_of_tests, tmp_path, number, code) -> None:
    pads = open_pads("dead:Save=#e01020", "--title", "Mine")
    for out in (tmp_path / "script.py", None):
        words = ["--word", "#e01020", *([] if out is None else ["--out", out])]
        with codegen(*words) as process:
            click_at(desktop_of_tests.backend, *middle(pads, "Save"))
            listen_for(process, ".click(")
            process.send_signal(getattr(signal, number))
            printed, _ = process.communicate(timeout=120)
        assert process.returncode == code
        script = printed if out is None else out.read_text()
        assert printed == "" or out is None
        assert "#e01020" in script
        compile(script, "script.py", "exec")  # nothing that libraries print is in it


@pytest.mark.display
@pytest.mark.usefixtures("display")  # for its check that the programs are there
def test_a_display_that_goes_is_an_error_and_the_script_is_written(tmp_path) -> None:
    out = tmp_path / "script.py"
    with (
        x_server(tmp_path) as (variables, server),
        codegen("--word", "#000000", "--out", out, **variables) as process,
    ):
        move_and_click = ["xdotool", "mousemove", "300", "300", "click", "1"]
        subprocess.run(move_and_click, env=os.environ | variables, check=True)
        listen_for(process, ".click(")
        server.kill()
        _, said = process.communicate(timeout=120)
    assert process.returncode == 2
    assert "gui-agent: error: " in said
    assert "Traceback" not in said
    assert ".click(" in out.read_text()


@pytest.fixture
def desktop_of_tests(display: str) -> Desktop:
    return Desktop(BlobFinder())


def test_without_a_display(gui_agent_command, monkeypatch, capsys) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    assert gui_agent_command("codegen") == 2
    assert "There is no display" in capsys.readouterr().err
