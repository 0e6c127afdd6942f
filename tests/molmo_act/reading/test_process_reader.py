"""A reader in a process of its own: what it reads, its crash, its hang, its end."""

from __future__ import annotations

import pickle
import sys
import textwrap
import time

import numpy as np
import pytest

from molmo_act.errors import PlatformError
from molmo_act.reading.guarded import GuardedReader
from molmo_act.reading.process_reader import MOST_FAILURES, ProcessReader
from tests.support.written_screen import draw_screen

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="processes are asked through POSIX pipes")

WORKER = """
    import os, resource, sys, time
    from molmo_act.reading.text import ReadText, TextLine, Word
    from molmo_act.reading.worker import serve

    class Reader:
        name = "scripted"

        def read(self, image, *, timeout=None):
            print("noise", flush=True)
            order = int(image[0, 0, 0])
            if order == 1:
                os.abort()
            if order == 2:
                time.sleep(600)
            if order == 3:
                raise RuntimeError("broken")
            box = 0.0, 0.0, 9.0, 9.0
            line = TextLine((Word(str(os.getpid()), box, 1.0),), box)
            return ReadText((line,), (image.shape[1], image.shape[0]))

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # no file of the crash
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    serve(Reader(), sys.stdin.buffer, answers)
"""
READ, CRASH, HANG, RAISE = range(4)


def image(order=READ, size=(400, 300)):
    return np.full((size[1], size[0], 3), order, np.uint8)


@pytest.fixture
def reader():
    found = ProcessReader("scripted", [sys.executable, "-c", textwrap.dedent(WORKER)])
    yield found
    found.close()


def test_one_process_reads_images_of_any_size(reader):
    first = reader.read(image())
    large = reader.read(image(size=(3840, 2160)), timeout=60)
    assert large.image_size == (3840, 2160)
    assert first.text == large.text  # the number of the process


def test_an_error_in_the_process_is_told_and_it_goes_on(reader):
    number = reader.read(image()).text
    for _ in range(MOST_FAILURES + 1):
        with pytest.raises(PlatformError, match="RuntimeError: broken"):
            reader.read(image(RAISE))
    assert reader.read(image()).text == number


def test_a_crash_costs_one_image(reader):
    number = reader.read(image()).text
    with pytest.raises(PlatformError, match="ended by itself, with status -6"):
        reader.read(image(CRASH))
    assert reader.read(image()).text != number


def test_a_hang_costs_its_time_and_the_process(reader):
    reader.read(image())
    guarded = GuardedReader(reader, timeout=0.5)
    began = time.monotonic()
    assert guarded.read(image(HANG)) is None
    assert time.monotonic() - began < 60
    assert "took too long" in guarded.failure
    guarded.timeout = 60
    assert guarded.read(image()) is not None  # another process, and no thread that still waits


def test_a_process_that_always_crashes_is_given_up(reader):
    for _ in range(MOST_FAILURES):
        with pytest.raises(PlatformError, match="ended by itself"):
            reader.read(image(CRASH))
    with pytest.raises(PlatformError, match="3 times in a row"):
        reader.read(image())


@pytest.mark.parametrize("command", [[sys.executable, "-c", "pass"], [sys.executable, "-c", "1/0"]])
def test_a_process_that_never_reads(command):
    with pytest.raises(PlatformError, match="ended by itself"):
        ProcessReader("scripted", command).read(image(size=(3840, 2160)), timeout=60)


def test_it_ends_with_its_object(reader):
    reader.read(image())
    process = reader._process
    reader.close()
    assert process.returncode == -9
    other = ProcessReader("scripted", reader._command)
    other.start()
    process = other._process
    del other
    assert process.poll() is not None


def test_a_copy_starts_its_own(reader):
    number = reader.read(image()).text
    copy = pickle.loads(pickle.dumps(reader))
    assert copy.read(image()).text != number
    copy.close()


def test_the_named_reader_reads_the_same_there():
    pytest.importorskip("rapidocr", reason="the extra ocr is not installed")
    from molmo_act.reading.opening import named_reader, open_reader

    screen = draw_screen((320, 120), {"Save": (20, 20), "Cancel": (150, 60)})
    apart = open_reader("rapidocr")
    assert isinstance(apart.reader, ProcessReader)
    assert apart.read(screen).to_dict() == named_reader("rapidocr").read(screen).to_dict()
    apart.reader.close()
