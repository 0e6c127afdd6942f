"""Domains that are taken once."""

from __future__ import annotations

import os
from contextlib import ExitStack

import pytest
from molmo_act_ros.benchmarks import domain


def test_every_run_has_a_domain_of_its_own(monkeypatch, tmp_path):
    """Two runs whose process ids differ by 100 heard each other's cameras."""
    monkeypatch.setattr(domain.tempfile, "gettempdir", lambda: str(tmp_path))
    monkeypatch.setattr(domain.os, "getpid", lambda: 12397)
    with ExitStack() as runs:
        taken = [runs.enter_context(domain.own_domain()) for _ in range(100)]
        assert taken[:4] == [98, 99, 100, 1]
        assert sorted(taken) == list(range(1, 101))
        with pytest.raises(SystemExit, match="taken"), domain.own_domain():
            pass
    with domain.own_domain() as free:
        assert free == 98, "given back"
    assert len(os.listdir(tmp_path)) == 100
