"""Checks of ROS 2, in processes of their own."""

from __future__ import annotations

import pytest

from molmo_act.doctor.isolation import run_isolated

pytest.importorskip("rclpy", reason="needs the extra ros")
pytestmark = pytest.mark.ros


@pytest.mark.parametrize("name", ["rclpy", "interfaces"])
def test_ros(name, monkeypatch) -> None:
    if name == "interfaces":
        pytest.importorskip("molmo_act_interfaces", reason="built by `make setup`")
    monkeypatch.setenv("ROS_DOMAIN_ID", "97")
    found = run_isolated(name)
    assert found.status == "ok", found.detail
