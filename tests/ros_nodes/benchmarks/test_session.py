"""Processes of the benchmarks: how they begin and end, and what their memory is."""

from __future__ import annotations

import sys

import pytest
from molmo_act_ros.benchmarks.session import PROFILE, anonymous_mib, process

ALLOCATE = "print(flush=True); input(); kept = bytearray(64 << 20); print(flush=True); input()"


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_memory_of_a_process_is_its_own():
    with process(["-c", ALLOCATE]) as started:
        started.stdout.readline()
        before = anonymous_mib(started.pid)
        started.stdin.write("\n")
        started.stdin.flush()
        started.stdout.readline()
        assert 60 < anonymous_mib(started.pid) - before < 70


def test_a_process_ends_with_its_block_whatever_happens_there():
    with pytest.raises(RuntimeError), process(["-c", "input()"]) as started:
        raise RuntimeError
    assert started.returncode is not None


def test_the_transport_profile_is_there():
    assert PROFILE.is_file()
