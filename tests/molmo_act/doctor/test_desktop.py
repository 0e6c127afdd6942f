"""Checks of the desktop on a real display, and without one."""

from __future__ import annotations

import pytest

from molmo_act.doctor import desktop
from molmo_act.doctor.finding import AbsentError

CHECKS = [desktop.session, desktop.capture, desktop.pointer, desktop.clipboard]


@pytest.mark.parametrize("check", CHECKS)
def test_without_a_display_it_is_absent(check, monkeypatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    with pytest.raises(AbsentError, match="DISPLAY is not set"):
        check()


def test_wayland_is_refused(monkeypatch) -> None:
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    with pytest.raises(RuntimeError, match=r"Wayland session \(wayland-0\).*X11"):
        desktop.session()


@pytest.mark.display
def test_on_a_display() -> None:
    pytest.importorskip("mss", reason="needs the extra gui")
    from gui_agent import virtual_display
    from molmo_act.doctor.isolation import run_isolated

    with virtual_display():
        found = {name: run_isolated(name) for name in ("session", "capture", "input", "clipboard")}
    assert {name: each.status for name, each in found.items()} == dict.fromkeys(found, "ok"), found
    assert "1 monitor" in found["capture"].detail
