"""Items come in order from any number of processes, and errors as they were raised."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import signal
import subprocess
import sys

import pytest
from torch.utils.data import IterableDataset, get_worker_info

from model.train.data.prefetch import prefetch
from molmo_act.errors import InputError, MissingExtraError


class Numbers(IterableDataset):
    """0, 1, 2 …, with the process that drew each, up to one that cannot be read."""

    def __iter__(self):
        worker = get_worker_info()
        first, step = (worker.id, worker.num_workers) if worker else (0, 1)
        for number in itertools.count(first, step):
            if number == 5:
                raise InputError("The fifth is damaged.")
            yield number, os.getpid()


@pytest.fixture(params=multiprocessing.get_all_start_methods())
def start_method(request):
    """How loading processes begin: as forks, as on Linux up to Python 3.13, or afresh."""
    before = multiprocessing.get_start_method()
    multiprocessing.set_start_method(request.param, force=True)
    yield request.param
    multiprocessing.set_start_method(before, force=True)


class Missing(IterableDataset):
    """A stream that needs a package."""

    def __iter__(self):
        raise MissingExtraError("av", "video", "reading video files")
        yield


def test_processes_that_begin_in_any_way_draw_the_same(start_method):
    items = prefetch(Numbers(), 2)
    found = [next(items) for _ in range(5)]
    assert [number for number, _ in found] == list(range(5))
    assert os.getpid() not in {process for _, process in found}
    with pytest.raises(InputError, match=r"^The fifth is damaged\.$"):
        next(items)
    with pytest.raises(MissingExtraError, match="reading video files needs the package 'av'"):
        next(prefetch(Missing(), 1))


@pytest.mark.parametrize("workers", [0, 1, 2])
def test_errors_come_as_they_are_behind_what_came_before(workers):
    items = prefetch(Numbers(), workers)
    assert [next(items)[0] for _ in range(5)] == list(range(5))
    with pytest.raises(InputError, match=r"^The fifth is damaged\.$"):
        next(items)


def test_a_signal_to_all_processes_ends_no_worker():
    items = prefetch(Numbers(), 1)
    _, worker = next(items)
    for number in (signal.SIGTERM, signal.SIGINT):
        os.kill(worker, number)
    assert [next(items)[0] for _ in range(4)] == [1, 2, 3, 4]


@pytest.mark.slow
def test_a_program_ends_though_its_workers_still_draw():
    program = (
        "from tests.model.train.data.test_prefetch import Numbers, prefetch\n"
        "import builtins\n"
        "builtins.kept = prefetch(Numbers(), 2)\n"  # outlives the module, as a traceback may make it
        "print(next(builtins.kept)[0])\n"
    )
    done = subprocess.run([sys.executable, "-c", program], timeout=60, check=True, capture_output=True)
    assert done.stdout.split() == [b"0"]
