"""A reader that fails, hangs or returns nonsense costs its text only."""

from __future__ import annotations

import copy
import threading

import numpy as np
import pytest

from molmo_act.errors import InputError
from molmo_act.reading.guarded import GuardedReader
from tests.support.written_screen import read_line, read_text

IMAGE = np.zeros((480, 640, 3), np.uint8)
TEXT = read_text(read_line("Save", 0, 0))


class Reader:
    name = "scripted"

    def __init__(self, *answers):
        self.answers = list(answers)

    def read(self, image, *, timeout=None):
        answer = self.answers.pop(0)
        if isinstance(answer, BaseException):
            raise answer
        if isinstance(answer, threading.Event):
            answer.wait()
            return TEXT
        return answer


def test_text_comes_through():
    reader = GuardedReader(Reader(TEXT))
    assert reader.read(IMAGE) is TEXT
    assert reader.failure is None


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (RuntimeError("broken"), "RuntimeError: broken"),
        (SystemExit(3), "SystemExit: 3"),
        ("Save", "it returned str instead of ReadText"),
        (read_text(size=(64, 48)), "of an image of (64, 48) pixels"),
    ],
)
def test_faults_are_logged_once_and_the_next_image_is_read(answer, why, caplog):
    reader = GuardedReader(Reader(answer, answer, TEXT))
    assert reader.read(IMAGE) is None
    assert why in reader.failure
    assert reader.read(IMAGE) is None
    assert [why in record.getMessage() for record in caplog.records] == [True]
    assert reader.read(IMAGE) is TEXT
    assert reader.failure is None


def test_a_reader_that_hangs_is_left_alone_until_it_comes_back():
    hang = threading.Event()
    reader = GuardedReader(Reader(hang, TEXT), timeout=0.05)
    assert reader.read(IMAGE) is None
    assert "more than 0.05 s" in reader.failure
    assert reader.read(IMAGE) is None  # it is not asked a second time
    assert "still reads" in reader.failure
    hang.set()
    reader._hung.join(60)
    assert reader.read(IMAGE) is TEXT


@pytest.mark.parametrize("timeout", [0, -1, float("nan"), "5", None])
def test_odd_timeouts_are_refused(timeout):
    with pytest.raises(InputError, match="timeout"):
        GuardedReader(Reader(), timeout=timeout)


def test_a_copy_reads():
    assert copy.deepcopy(GuardedReader(Reader(TEXT), timeout=5)).timeout == 5
