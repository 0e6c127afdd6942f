"""The newest-item worker, with threads and without ROS."""

from __future__ import annotations

import queue
import threading
import time

import pytest
from molmo_act_ros.latest_worker import LatestWorker


def unexpected(error: Exception) -> None:
    raise AssertionError("work failed") from error


class Gate:
    """Work that waits at a gate, so that a test decides how long an item takes."""

    def __init__(self) -> None:
        self.begun = threading.Semaphore(0)
        self.open = threading.Semaphore(0)
        self.items: list = []

    def __call__(self, item: object) -> None:
        self.items.append(item)
        self.begun.release()
        assert self.open.acquire(timeout=60)


@pytest.fixture
def gate():
    return Gate()


@pytest.fixture
def worker(gate):
    worker = LatestWorker(gate, unexpected)
    worker.start()
    yield worker
    gate.open.release(100)
    assert worker.stop(10)


def test_newest_of_many_is_next_and_the_others_are_dropped(gate, worker):
    worker.offer(0)
    assert gate.begun.acquire(timeout=60)
    assert not worker.offer(1)
    assert all(worker.offer(item) for item in range(2, 1000)), "each took the place of the one before"
    gate.open.release(2)
    assert gate.begun.acquire(timeout=60)
    assert gate.items == [0, 999]


def test_items_that_find_it_free_are_all_worked_on(gate, worker):
    gate.open.release(3)
    for item in ("a", None, "c"):  # None is an item like any other
        assert not worker.offer(item)
        assert gate.begun.acquire(timeout=60)
    assert gate.items == ["a", None, "c"]


def test_a_fast_source_does_not_keep_the_others_waiting(gate, worker):
    worker.offer("begin")
    assert gate.begun.acquire(timeout=60)
    for source in ("fast", "slow", "late"):
        worker.offer(f"{source} 1", source)
    for number in range(2, 5):
        gate.open.release()
        assert gate.begun.acquire(timeout=60)
        worker.offer(f"fast {number}", "fast")  # in the queue again, behind the others
        worker.offer(f"fast {number}.5", "fast")  # newer, in its place
    gate.open.release(3)
    assert gate.begun.acquire(timeout=60)
    assert gate.items == ["begin", "fast 1", "slow 1", "late 1", "fast 4.5"]


def test_inserted_items_come_first_whatever_the_period_and_are_never_replaced():
    taken: list[object] = []
    begun, all_taken = threading.Event(), threading.Event()

    def work(item: object) -> None:
        taken.append(item)
        begun.set()
        if item == "third":
            all_taken.set()

    worker = LatestWorker(work, unexpected, period=1000.0)
    worker.start()
    worker.offer("first")
    assert begun.wait(60)
    worker.offer("waits for its time")
    for item in ("second", "third"):
        worker.insert(item)
    assert all_taken.wait(60)
    assert taken == ["first", "second", "third"]
    assert worker.stop(10)


def test_inserted_and_offered_items_take_turns(gate, worker):
    """Clients that always have a question outstanding kept the cameras waiting for ever."""
    worker.offer("begin")
    assert gate.begun.acquire(timeout=60)
    for number in range(3):
        worker.insert(f"question {number}")
    worker.offer("front 1", "front")
    worker.offer("left 1", "left")
    for number in range(3, 6):  # who has an answer asks again, and the camera has a newer image
        gate.open.release()
        assert gate.begun.acquire(timeout=60)
        worker.insert(f"question {number}")
        worker.offer(f"front {number}", "front")
    gate.open.release(100)
    for _ in range(6):
        assert gate.begun.acquire(timeout=60)
    assert gate.items == [
        *("begin", "question 0", "front 3", "question 1", "left 1", "question 2", "front 5"),
        *("question 3", "question 4", "question 5"),
    ]


def test_fault_is_reported_and_the_next_item_is_worked_on():
    faults, done = [], threading.Event()

    def work(item: str) -> None:
        if item == "bad":
            raise ValueError("broken")
        done.set()

    told = threading.Event()
    worker = LatestWorker(work, lambda error: (faults.append(error), told.set()))
    worker.start()
    worker.offer("bad")
    assert told.wait(60)
    worker.offer("good")
    assert done.wait(60)
    assert [str(fault) for fault in faults] == ["broken"]
    assert worker.stop(10)


def test_period_holds_back_and_then_takes_the_newest():
    taken: list[tuple[float, int]] = []
    offered: list[float] = []
    worker = LatestWorker(lambda item: taken.append((time.monotonic(), item)), unexpected, period=0.2)
    worker.start()
    for item in range(60):
        worker.offer(item)
        offered.append(time.monotonic())
        time.sleep(0.01)
    worker.stop(10)
    times = [when for when, _ in taken]
    assert 2 <= len(taken) <= (offered[-1] - offered[0]) / 0.2 + 2, "one per 0.2 s"
    assert taken[0][1] == 0, "the first need not wait"
    newer = [offered[item] - before for before, (_, item) in zip(times, taken[1:], strict=False)]
    assert max(newer) > 0.1, "not the one that waited longest; on a busy machine some times are told late"


def test_a_new_period_counts_at_once():
    taken: queue.SimpleQueue[int] = queue.SimpleQueue()
    worker = LatestWorker(taken.put, unexpected, period=1e12)  # more than a lock can wait
    worker.start()
    worker.offer(1)
    assert taken.get(timeout=60) == 1
    worker.offer(2)
    with pytest.raises(queue.Empty):
        taken.get(timeout=0.05)
    worker.period = 0.0
    assert taken.get(timeout=60) == 2
    assert worker.stop(10)


def test_stop_forgets_the_waiting_item_and_waits_for_the_one_in_progress(gate):
    worker = LatestWorker(gate, unexpected)
    worker.start()
    worker.offer(1)
    assert gate.begun.acquire(timeout=60)
    worker.offer(2)
    assert not worker.stop(0.05), "item 1 is still in progress"
    gate.open.release(2)
    assert worker.stop(10)
    worker.offer(3)  # too late, and harmless
    assert gate.items == [1]
