"""Executors: when a result comes, and what is dropped."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from molmo_act.tracking.executor import SynchronousExecutor, ThreadedExecutor
from molmo_act.tracking.frame_buffer import FlowFrame, FrameBuffer
from molmo_act.tracking.keyframe import Grounding, Keyframe

IMAGE = np.zeros((8, 8, 3), np.uint8)


def keyframe(timestamp):
    return Keyframe(FlowFrame.from_image(0, timestamp, IMAGE), IMAGE, ("mug",), FrameBuffer())


def nothing_seen(given):
    return Grounding(given, (), given.frame)


def test_synchronously_a_result_comes_after_its_latency_and_once():
    executor = SynchronousExecutor(nothing_seen, latency=0.5)
    executor.submit(keyframe(1.0))
    assert not executor.idle
    assert executor.poll(1.49) is None
    assert executor.poll(1.5).keyframe.frame.timestamp == 1.0
    assert executor.idle
    assert executor.poll(9.0) is None


def test_synchronously_a_cancelled_keyframe_gives_no_result():
    executor = SynchronousExecutor(nothing_seen, latency=0.5)
    executor.submit(keyframe(1.0))
    executor.cancel()
    assert executor.idle
    assert executor.poll(9.0) is None


def test_in_a_thread_the_stream_does_not_wait():
    release = threading.Event()

    def work(given):
        assert release.wait(60)
        return nothing_seen(given)

    executor = ThreadedExecutor(work)
    executor.submit(keyframe(1.0))
    assert executor.poll(1.0) is None
    executor.cancel()  # it is being worked on, and stays
    assert not executor.idle
    release.set()
    assert wait_for(executor).keyframe.frame.timestamp == 1.0
    assert executor.idle
    executor.close()


def test_in_a_thread_a_fault_comes_out_where_the_result_is_taken():
    def work(given):
        raise RuntimeError("broken")

    executor = ThreadedExecutor(work)
    executor.submit(keyframe(1.0))
    with pytest.raises(RuntimeError, match="broken"):
        wait_for(executor)
    assert executor.idle
    executor.close()


def wait_for(executor):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found = executor.poll(0.0)
        if found is not None:
            return found
        time.sleep(0.001)
    raise AssertionError("no result within 20 s")
