"""``gui-agent run``: scripts in YAML and Python, and what is no script."""

from __future__ import annotations

import pytest

RED, WHITE = "#e01020", "#ffffff"


@pytest.mark.display
def test_scripts_run(open_window, tmp_path, gui_agent_command, capsys) -> None:
    form = open_window("--button", f"Save={RED}", "--field", "Name")
    script = tmp_path / "script.yaml"
    script.write_text(
        f"- fill: {{target: {{query: '{WHITE}', index: 0}}, text: Ünal}}\n"
        "- press: backspace\n"
        f"- expect: '{RED}'\n"
        f"- click: '{RED}'\n"
        f"- expect_hidden: {{target: '#fefe01', timeout: 1}}\n"
    )
    assert gui_agent_command("run", script) == 0
    assert form.final_text("Üna") == "Üna"
    assert form.next_event() == {"event": "press", "name": "Save"}
    program = tmp_path / "script.py"
    program.write_text(f"print(desktop.locator({RED!r}).click().action)\n")
    assert gui_agent_command("run", program) == 0
    assert form.next_event() == {"event": "press", "name": "Save"}
    assert capsys.readouterr().out.endswith("click\n")
    assert gui_agent_command("run", program, "--dry-run") == 0
    script.write_text("- click: '#fefe01'\n- press: x\n")
    assert gui_agent_command("run", script, "--timeout", "0") == 1
    assert "gui-agent: step 1, click: Nothing on the screen matches" in capsys.readouterr().err
    script.write_text(f"- click: '{RED}'\n- press: hyper\n")  # an error of step 2 comes before step 1 is done
    assert gui_agent_command("run", script) == 2
    assert "gui-agent: error: step 2, press: There is no key 'hyper'" in capsys.readouterr().err
    assert form.received() == []


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing.yaml", "cannot be read"),
        ("missing.py", "There is no script"),
        ("script.txt", "of no known kind"),
    ],
)
def test_scripts_that_are_none(tmp_path, gui_agent_command, capsys, name, message) -> None:
    assert gui_agent_command("run", tmp_path / name) == 2
    assert message in capsys.readouterr().err


def test_without_a_display_the_command_says_so(tmp_path, gui_agent_command, monkeypatch, capsys) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "script.yaml").write_text("- click: it")
    assert gui_agent_command("run", tmp_path / "script.yaml") == 2
    assert "There is no display: DISPLAY is not set" in capsys.readouterr().err
