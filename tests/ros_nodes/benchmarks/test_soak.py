"""What a soak calls a fault, and a short one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from tests.support.paths import SOURCES

pytest.importorskip("rclpy", reason="needs the extra ros")
from molmo_act_ros.benchmarks.soak import SoakReport, _judge

SOAK_S = float(os.environ.get("MOLMO_ACT_SOAK_S", "10"))


@pytest.mark.parametrize(
    ("ages", "disorder", "faults"),
    [
        ([0.1, 0.2], False, []),
        ([0.1, -0.01], False, ["an answer is older than its image"]),
        ([], True, ["answers came in another order than their images"]),
    ],
)
def test_answers_out_of_time_or_order_are_faults(ages, disorder, faults):
    consumer, report = SimpleNamespace(ages=ages, disorder=disorder), SoakReport()
    _judge(consumer, report)
    assert report.faults == faults
    assert consumer.ages == [], "or this process would grow"


@pytest.mark.ros
@pytest.mark.slow
def test_a_soak_finds_no_fault():
    """Ten seconds; two minutes with MOLMO_ACT_SOAK_S=120; the program itself runs for half an hour."""
    words = [sys.executable, "-m", "molmo_act_ros.benchmarks.soak", "--minutes", str(SOAK_S / 60)]
    environment = os.environ | {"PYTHONPATH": SOURCES}
    done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=SOAK_S + 100)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout)
    assert found["faults"] == []
    assert found["seconds"] >= SOAK_S
    assert found["answers"] > 5 * SOAK_S
    assert found["changes"] >= 2
