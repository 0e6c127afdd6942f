"""Workers: when a result comes, and what is dropped."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from molmo_act.tracking.frames import FlowFrame, FrameBuffer
from molmo_act.tracking.grounding import Grounding, Keyframe
from molmo_act.tracking.workers import Beside, InStep

PICTURE = np.zeros((8, 8, 3), np.uint8)


def keyframe(timestamp):
    return Keyframe(FlowFrame.of(0, timestamp, PICTURE), PICTURE, ("mug",), FrameBuffer())


def nothing_seen(given):
    return Grounding(given, (), given.frame)


def test_in_step_a_result_comes_after_its_latency_and_once():
    worker = InStep(nothing_seen, latency=0.5)
    worker.start(keyframe(1.0))
    assert not worker.idle
    assert worker.result(1.49) is None
    assert worker.result(1.5).keyframe.frame.timestamp == 1.0
    assert worker.idle
    assert worker.result(9.0) is None


def test_in_step_what_is_forgotten_gives_no_result():
    worker = InStep(nothing_seen, latency=0.5)
    worker.start(keyframe(1.0))
    worker.forget()
    assert worker.idle
    assert worker.result(9.0) is None


def test_beside_the_stream_does_not_wait():
    release = threading.Event()

    def work(given):
        assert release.wait(20)
        return nothing_seen(given)

    worker = Beside(work)
    worker.start(keyframe(1.0))
    assert worker.result(1.0) is None
    worker.forget()  # it is being worked on, and stays
    assert not worker.idle
    release.set()
    assert wait_for(worker).keyframe.frame.timestamp == 1.0
    assert worker.idle
    worker.close()


def test_beside_a_fault_comes_out_where_the_result_is_taken():
    def work(given):
        raise RuntimeError("broken")

    worker = Beside(work)
    worker.start(keyframe(1.0))
    with pytest.raises(RuntimeError, match="broken"):
        wait_for(worker)
    assert worker.idle
    worker.close()


def wait_for(worker):
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        found = worker.result(0.0)
        if found is not None:
            return found
        time.sleep(0.001)
    raise AssertionError("no result within 20 s")
