"""Images that get through, by profile of Fast DDS."""

from __future__ import annotations

import pytest

pytest.importorskip("rclpy", reason="needs the extra ros")
from molmo_act_ros.benchmarks.losses import SIZES, count

from tests.support.paths import SOURCES


@pytest.mark.ros
@pytest.mark.slow
@pytest.mark.parametrize("case", ["default to UDP", "UDP to default"])
def test_processes_with_and_without_the_profile_exchange_images(case, monkeypatch):
    """Images of one datagram, which no buffer is too small for."""
    monkeypatch.setenv("PYTHONPATH", SOURCES)
    assert count(case, SIZES[0], 2, 10) == [10, 10]
