"""Items come in order from any number of processes, and errors as they were raised."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys

import pytest
from torch.utils.data import IterableDataset, get_worker_info

from model.train.loading import draw_ahead
from molmo_act.errors import InputError


class Numbers(IterableDataset):
    """0, 1, 2 …, with the process that drew each, up to one that cannot be read."""

    def __iter__(self):
        worker = get_worker_info()
        first, step = (worker.id, worker.num_workers) if worker else (0, 1)
        for number in itertools.count(first, step):
            if number == 5:
                raise InputError("The fifth is damaged.")
            yield number, os.getpid()


@pytest.mark.parametrize("workers", [0, 1, 2])
def test_errors_come_as_they_are_behind_what_came_before(workers):
    items = draw_ahead(Numbers(), workers)
    assert [next(items)[0] for _ in range(5)] == list(range(5))
    with pytest.raises(InputError, match=r"^The fifth is damaged\.$"):
        next(items)


def test_a_signal_to_all_processes_ends_no_worker():
    items = draw_ahead(Numbers(), 1)
    _, worker = next(items)
    for number in (signal.SIGTERM, signal.SIGINT):
        os.kill(worker, number)
    assert [next(items)[0] for _ in range(4)] == [1, 2, 3, 4]


def test_a_program_ends_though_its_workers_still_draw():
    program = (
        "from tests.model.train.test_loading import Numbers, draw_ahead\n"
        "import builtins\n"
        "builtins.kept = draw_ahead(Numbers(), 2)\n"  # outlives the module, as a traceback may make it
        "print(next(builtins.kept)[0])\n"
    )
    done = subprocess.run([sys.executable, "-c", program], timeout=60, check=True, capture_output=True)
    assert done.stdout.split() == [b"0"]
