"""Programs that are told to end let go and clean up first, once, however deep their blocks are nested."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time

import pytest

from molmo_act.signals import ENDING, ending_in_order, until_told_to_end
from tests.support.paths import ROOT

PROGRAM = """
import signal, sys, time
from molmo_act.signals import ending_in_order
{before}
try:
    with ending_in_order():
        try:
            print("working", flush=True)
            time.sleep(30)
        finally:
            print("let go", flush=True)
except SystemExit as error:
    print("handled", error.code, flush=True)
"""
OWN = "signal.signal(signal.SIGTERM, lambda *_: sys.exit(3))"


@pytest.mark.parametrize(
    ("before", "number", "said", "code"),
    [
        ("", signal.SIGTERM, "let go\n", -signal.SIGTERM),
        ("", signal.SIGHUP, "let go\n", -signal.SIGHUP),
        ("", signal.SIGINT, "let go\n", -signal.SIGINT),
        (OWN, signal.SIGTERM, "let go\nhandled 3\n", 0),  # the program's own handler stays
    ],
)
def test_what_was_begun_is_ended_first(before, number, said, code) -> None:
    program = PROGRAM.format(before=before)
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "working\n"
        process.send_signal(number)
        assert process.stdout.read() == said
    assert process.returncode == code


NESTED = """
import sys, time
from pathlib import Path
from molmo_act.io.atomic import atomic_folder
from molmo_act.signals import ending_in_order, undisturbed
with ending_in_order(by_signal=False), atomic_folder(Path(sys.argv[1])) as folder:
    (folder / "half").touch()
    with ending_in_order():
        try:
            with undisturbed():
                print("ready", flush=True)
                sys.stdin.readline()
                print("answered", flush=True)
        finally:
            time.sleep(0.2)
            print("let go", flush=True)
"""


@pytest.mark.parametrize("number", [*ENDING, signal.SIGINT])
def test_nested_blocks_end_once_with_the_code_of_the_outer_one(tmp_path, number) -> None:
    """As the desktop under ``molmo-act``: a signal waits there, too, and a second one interrupts nothing."""
    command = [sys.executable, "-c", NESTED, tmp_path / "out"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(number)
        time.sleep(0.1)
        process.stdin.write("go on\n")
        process.stdin.flush()
        assert process.stdout.readline() == "answered\n"
        process.send_signal(signal.SIGTERM)
        assert process.stdout.read() == "let go\n"
    assert process.returncode == (-number if number == signal.SIGINT else 128 + number)
    assert list(tmp_path.iterdir()) == []


HANGING = """
import signal, time
from molmo_act.signals import ending_in_order
with ending_in_order(by_signal=False):
    try:
        signal.raise_signal(signal.SIGTERM)
    finally:
        print("hangs", flush=True)
        time.sleep(30)
"""


def test_a_program_that_hangs_while_it_lets_go_can_be_ended() -> None:
    command = [sys.executable, "-c", HANGING]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "hangs\n"
        process.send_signal(signal.SIGQUIT)
        assert process.wait(60) == -signal.SIGQUIT


DROPPING = """
import signal, sys, time
from molmo_act.signals import ending_in_order
class Dropping:
    def __del__(self):
        signal.raise_signal(signal.SIGINT)
with ending_in_order(by_signal=False):
    Dropping()
    try:
        print("goes on", flush=True)
        time.sleep(60)
    finally:
        print("let go", flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_comes_again_where_python_dropped_the_first_one(number) -> None:
    command = [sys.executable, "-c", DROPPING]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdout=pipe, stderr=pipe, text=True) as process:
        assert process.stdout.readline() == "goes on\n"
        process.send_signal(number)
        assert process.stdout.read() == "let go\n"


def test_what_waits_for_a_signal_finishes_undisturbed() -> None:
    with ending_in_order():
        with until_told_to_end():
            signal.raise_signal(signal.SIGTERM)
            pytest.fail("went on")
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt), ending_in_order():  # which begins anew
        signal.raise_signal(signal.SIGINT)


def test_a_block_that_stays_open_lets_ctrl_c_come_again() -> None:
    """As a button that is held between actions at a prompt."""
    with ending_in_order(unwinds=False):
        for _ in range(2):
            with pytest.raises(KeyboardInterrupt):
                signal.raise_signal(signal.SIGINT)
        with pytest.raises(SystemExit):
            signal.raise_signal(signal.SIGTERM)


def test_what_is_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with ending_in_order():
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_signal_that_was_caught_is_forgotten_after_the_block() -> None:
    for _ in range(2):
        with pytest.raises(SystemExit) as caught, ending_in_order(by_signal=False):
            signal.raise_signal(signal.SIGTERM)
        assert caught.value.code == 143


SHIELDED = """
import os, signal
from molmo_act.signals import ending_in_order, undisturbed
with ending_in_order():
    try:
        with undisturbed():
            with undisturbed():
                os.kill(os.getpid(), signal.{name})
                print("asked", flush=True)
            print("answered", flush=True)
        print("not reached", flush=True)
    finally:
        print("let go", flush=True)
"""


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_a_conversation_is_ended_before_a_signal_counts(name) -> None:
    command = [sys.executable, "-c", SHIELDED.format(name=name)]
    answer = subprocess.run(command, capture_output=True, text=True)
    assert answer.stdout == "asked\nanswered\nlet go\n"
    assert answer.returncode == -getattr(signal, name)


def test_signals_are_as_before_afterwards_and_other_threads_leave_them_alone() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with ending_in_order():
        pass
    assert signal.getsignal(signal.SIGTERM) == before
    inside = []

    def work() -> None:
        with ending_in_order():
            inside.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert inside == [before]
