"""``gui-agent codegen`` writes a new file that only its owner can read, or prints."""

from __future__ import annotations

import pytest


@pytest.mark.display
def test_a_script_of_nothing(display, tmp_path, gui_agent_command, capsys) -> None:
    out = tmp_path / "script.py"
    assert gui_agent_command("codegen", "--out", out, "--seconds", "0.3") == 0
    assert out.read_text().startswith('"""Recorded by gui-agent codegen')
    assert out.stat().st_mode & 0o777 == 0o600
    assert gui_agent_command("run", out) == 0
    capsys.readouterr()
    assert gui_agent_command("codegen", "--out", out, "--seconds", "0.3") == 2
    assert "exists; give a new file" in capsys.readouterr().err
    assert gui_agent_command("codegen", "--out", tmp_path / "no" / "x.py", "--seconds", "99") == 2
    assert "is no folder that can be written to" in capsys.readouterr().err
    assert gui_agent_command("codegen", "--seconds", "0.1") == 0
    assert capsys.readouterr().out == out.read_text()


def test_without_a_display(gui_agent_command, monkeypatch, capsys) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    assert gui_agent_command("codegen") == 2
    assert "There is no display" in capsys.readouterr().err
