"""A short run of chaos.py; the program itself runs for ten minutes."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.support.paths import ROOT, SOURCES

pytest.importorskip("rclpy", reason="needs the extra ros")
pytest.importorskip("molmo_act_interfaces", reason="built by `make setup`, where there is a C++ compiler")

CHAOS_S = float(os.environ.get("MOLMO_ACT_CHAOS_S", "60"))


@pytest.mark.ros
@pytest.mark.slow
def test_chaos_finds_no_fault():
    """A minute; more with MOLMO_ACT_CHAOS_S."""
    words = [sys.executable, "-m", "tests.ros_nodes.chaos", "--seconds", str(CHAOS_S), "--seed", "3"]
    environment = os.environ | {"PYTHONPATH": SOURCES}
    done = subprocess.run(
        words, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=CHAOS_S + 240
    )
    assert done.stdout, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["faults"] == []
    assert found["checked"] > 2 * CHAOS_S
    assert sum(found["events"].values()) >= 3
