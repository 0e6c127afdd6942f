"""A program whose results cannot be written."""

from __future__ import annotations

import subprocess
import sys

import pytest

from molmo_act.cli._writing import UNREAD, Parser, run_writing

PRINTS = """
import sys
from molmo_act.cli._writing import run_writing
sys.exit(run_writing("program", lambda: print("x" * 100_000) or 3))
"""


def test_the_exit_code_is_that_of_the_command(capsys) -> None:
    assert run_writing("program", lambda: print("done") or 3) == 3
    assert capsys.readouterr().out == "done\n"


def test_nobody_who_reads_is_no_traceback() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PRINTS], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as running:
        running.stdout.close()
        assert running.stderr.read() == b""
        assert running.wait(60) == UNREAD


def test_an_error_of_a_file_is_left_to_the_program(tmp_path) -> None:
    with pytest.raises(FileNotFoundError):
        run_writing("program", lambda: len((tmp_path / "none").read_text()))
    with pytest.raises(OSError, match="No space left"):
        run_writing("program", lambda: _raise(OSError(28, "No space left on device", "model.bin")))


def _raise(error: Exception) -> int:
    raise error


def test_options_are_not_abbreviated(capsys) -> None:
    parser = Parser()
    parser.add_argument("--model")
    below = parser.add_subparsers().add_parser("track")
    below.add_argument("--model")
    for words in (["--mode=offline", "track"], ["track", "--mode=offline"]):
        with pytest.raises(SystemExit):
            parser.parse_args(words)
        assert "unrecognized arguments: --mode=offline" in capsys.readouterr().err
