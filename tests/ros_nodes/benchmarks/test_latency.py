"""A short run of the latency benchmark."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from tests.support.paths import SOURCES

pytest.importorskip("rclpy", reason="needs the extra ros")
from molmo_act_ros.benchmarks.latency import Run, summarize


def test_turns_of_a_node_are_summed_up():
    turns = [
        Run(3, np.array([1.0, 2.0, 3.0]), {"p50": 1.0, "p95": 4.0}),
        Run(3, np.array([9.0]), {"p50": 2.0, "p95": 6.0}),
    ]
    found = summarize(turns)
    assert found.items() >= {"p50": 2.5, "points": 4, "lost": 2, "published p50": 1.5}.items()
    assert "published p50" not in summarize([Run(3, np.array([1.0]), {}), turns[0]]), "not all have it"


@pytest.mark.ros
@pytest.mark.slow
def test_the_benchmark_times_both_nodes():
    code = "from molmo_act_ros.benchmarks.latency import measure; import json, sys\n"
    code += "print(json.dumps([measure(*run) for run in ("
    code += "('point', (64, 48), 30), ('naive', (64, 48), 30), ('echo', (64, 48), 0))]))"
    environment = os.environ | {"PYTHONPATH": SOURCES}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=200
    )
    assert done.returncode == 0, done.stderr
    ours, naive, nothing = json.loads(done.stdout)
    for run in (ours, naive):
        assert run["points"] + run["lost"] == 30
        assert run["points"] > 10
        assert 0 < run["p50"] <= run["p95"] < 1000
    assert 0 < ours["published p50"] <= ours["published p95"] < 1000
    assert nothing == {"p50": None, "p95": None, "points": 0, "lost": 0}, "no point, no figure"
