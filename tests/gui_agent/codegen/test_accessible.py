"""What programs say of their widgets, and what is known where nobody says anything."""

from __future__ import annotations

import os
import shutil

import pytest

from gui_agent.codegen import accessible
from gui_agent.codegen.accessible import AccessibleWidgets, Widget
from tests.gui_agent.programs import LAUNCHER, gtk_session


@pytest.mark.display
@pytest.mark.slow
def test_a_widget_by_its_place(display, tmp_path, monkeypatch) -> None:
    if not (shutil.which("galculator") and LAUNCHER.exists() and shutil.which("dbus-daemon")):
        pytest.skip("needs galculator and accessibility: apt install galculator at-spi2-core dbus-x11")
    with gtk_session(tmp_path) as session, session.running("galculator"):
        for name, value in session._environment.items():
            monkeypatch.setitem(os.environ, name, value)
        left, top, width, height = session.select(role="toggle button", name="7")[0]["box"]
        widgets = AccessibleWidgets()
        try:
            assert widgets.at(left + width // 2, top + height // 2) == Widget("toggle button", "7")
            assert widgets.at(-50, -50) is None
        finally:
            widgets.close()


@pytest.mark.parametrize("python", ["/no/such/python", shutil.which("false") or "/bin/false"])
def test_without_bindings_nothing_is_known(monkeypatch, python) -> None:
    monkeypatch.setattr(accessible, "PYTHONS", (python,))
    widgets = AccessibleWidgets()
    assert widgets.at(1, 1) is None
    widgets.close()
